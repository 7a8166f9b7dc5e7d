"""The drills: each does harm, then says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from faults.drills import (
    bringing_late,
    coming_back,
    dying_at_random,
    failing_over,
    filling_disks,
    jumping_clocks,
    killing,
    living,
    losing_redis,
    parting,
    planting_bugs,
    restoring,
    storming,
    upgrading,
    working_on,
)
from faults.ground import Ground
from faults.sizes import Size
from faults.verdicts import Verdict

Drill = Callable[[Ground, Size], Iterator[Verdict]]

DRILLS: dict[str, Drill] = {
    "kills": killing.drill,
    "last-items": storming.drill,
    "redis": losing_redis.drill,
    "disks": filling_disks.drill,
    "clocks": jumping_clocks.drill,
    "machine-clocks": jumping_clocks.drill_of_the_machine,
    "late-batches": bringing_late.drill,
    "offline-days": coming_back.drill,
    "upgrade": upgrading.drill,
    "restore": restoring.drill,
    "failover": failing_over.drill,
    "partition": parting.drill,
    "jobs": working_on.drill,
    "models": dying_at_random.drill,
    "lives": living.drill,
    "controls": planting_bugs.drill,
}
