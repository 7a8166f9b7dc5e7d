"""`make codes-attack`: random and mutated codes against the online verifier. 0 accepted, 0 crashes.

The verifier is the product's own: `reading.read`, then the check of both MACs under the key of the handle. Handles are
looked up in memory instead of the database. Digits come with a fitting check digit, so that none is spared the MAC.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from app.codes import damm, keys, reading, steps
from app.codes.kinds import certificate, invite, personal, screen, shift, station, voucher
from app.codes.kinds.personal import PersonalCode
from app.kernel import clock, settings
from app.kernel.errors import Problem
from app.kernel.settings import Settings

ATTEMPTS = int(os.environ.get("N", "10000000"))
HANDLES = 1_000
GENUINE = (
    "invite",
    "certificate",
)  # an invitation's and a certificate's token are looked up, not verified by themselves


def main() -> int:
    """Two processes, each with its own seed; the sums, and 1 if anything was accepted or broke."""
    cores, began = os.cpu_count() or 2, time.perf_counter()
    with ProcessPoolExecutor(cores) as pool:
        parts = list(pool.map(attack, range(cores), [ATTEMPTS // cores] * cores))
    said: Counter[str] = sum(parts, Counter())
    for name, count in said.most_common():
        print(f"{count:>12,}  {name}")
    bad = sum(count for name, count in said.items() if name.startswith(("ACCEPTED", "CRASH")))
    print(f"{said.total():,} codes in {time.perf_counter() - began:.0f} s: {bad} accepted or crashed")
    return 1 if bad else 0


def attack(seed: int, attempts: int) -> Counter[str]:
    """What the verifier said to so many attempts."""
    settings.use(_settings())
    chance, at = random.Random(seed), clock.now()  # noqa: S311 -- repeatable on purpose
    step, epoch = steps.step_at(at), keys.signing_epoch()
    made = {str(number).zfill(10): keys.key(epoch, f"personal|{number}|bench") for number in range(HANDLES)}
    known = {handle: key for handle, key in made.items() if key is not None}
    good = [personal.make(key=key, handle=handle, step=step) for handle, key in known.items()]
    links = [
        station.make("A1B2C3"), screen.make("A1B2C3", at), shift.make("A1B2C3D4", at), voucher.make("1234567890123"),
        invite.make("A1B2C3D4E5F6G7H8"),
        certificate.make_signed(certificate_id=1, issued_on=clock.city_day(at), name="x", kind=0),
    ]  # fmt: skip
    genuine = {*good, *(reading.canonical_of(each) for each in links)}
    ways = _ways(chance, good, links)
    said: Counter[str] = Counter()
    for number in range(attempts):
        text = ways[number % len(ways)]()
        said[_verdict(text, known, genuine, step, at)] += 1
    return said


def _ways(chance: random.Random, good: list[str], links: list[str]) -> list[Callable[[], str]]:
    def digits(n: int) -> str:
        return str(chance.randrange(10**n)).zfill(n)

    def sealed(body: str) -> str:
        return body + damm.check_digit(body)

    def mutated(text: str, alphabet: str, places: range) -> str:
        changed = list(text)
        for place in chance.sample(places, chance.randint(1, 4)):
            changed[place] = chance.choice(alphabet)
        return "".join(changed)

    def link() -> str:
        text = chance.choice(links)
        return mutated(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ/", range(len(text) - 12, len(text)))

    return [
        lambda: sealed("81" + digits(10) + digits(20)),
        lambda: sealed("81" + chance.choice(good)[2:14] + digits(18)),
        lambda: sealed(mutated(chance.choice(good)[:-1], "0123456789", range(1, 32))),
        lambda: sealed("9" + digits(24)),
        link,
    ]


def _verdict(text: str, known: dict[str, bytes], genuine: set[str], step: int, at: datetime) -> str:
    try:
        read = reading.read(text, at=at)
    except Problem as problem:
        return problem.slug
    except Exception as error:  # noqa: BLE001 -- a crash is what we are looking for
        return f"CRASH {type(error).__name__}: {text!r}"
    if isinstance(read, PersonalCode):
        key = known.get(read.handle)
        if key is None:
            return "code-unknown"
        fits = read.is_made_by(key, "1", steps.nearest(read.step_shown, at))
        if not fits:
            return "code-forged"
    if reading.canonical_of(text) in genuine:
        return "the genuine code itself"
    return f"looked up: {read.kind}" if read.kind in GENUINE else f"ACCEPTED {read.kind}: {text!r}"


def _settings() -> Settings:
    return replace(
        Settings.from_env({"FENGXING_SECRET_KEY": "x" * 32, "FENGXING_CODE_KEYS": "1:" + "5a" * 32}),
        key_file=Path("/nonexistent/keys.json"),
    )


if __name__ == "__main__":
    sys.exit(main())
