"""What a kind of reward says about itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of reward.

    `counted`: it lies on a shelf, so whoever closes the day counts it. `icon` stands where there is no photo. Its words
    are `rewards.kind-<name>` and, for whoever hands it over, `rewards.give-<name>`.
    """

    name: str
    counted: bool
    icon: str = "gift"
