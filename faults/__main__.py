"""`python -m faults`: run the drills, print promise → figure → verdict, exit with 1 if a promise was broken.

--seed N        the same seed makes the same choices (default: SEED or 1)
--only a,b      these drills (default: ONLY)
--without a,b   all but these; they count as left out, by name (also FAULTS_WITHOUT)
--named         the large numbers however long they take: NAMED=1 ONLY=kills make faults
--soak          larger numbers, each drill within its share of HOURS=1 (or SOAK_MINUTES=…), then kills again and again
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from faults import databases
from faults.drills import DRILLS
from faults.ground import Ground
from faults.shares import AT_LEAST_S, CITY, Soak
from faults.sizes import SIZES, Size
from faults.verdicts import LEFT_OUT, NOT_POSSIBLE, Verdict, broken, judge, kept, missing, table, write
from tools import layout, progress

REPORT = layout.FAULTS_REPORT
LARGE_FROM_S = 1800


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for."""
    asked = _parser().parse_args(arguments)
    names, left_out = chosen(asked.only, asked.without)
    size = SIZES["soak" if asked.named else size_of(asked.soak, os.environ)]
    soak = Soak(soak_s(os.environ) if asked.soak else math.inf)
    found: list[Verdict] = []
    with _ground(asked.seed, size, soak) as ground:
        progress.say(f"SEED={asked.seed}")
        for name in names:
            found += _run(ground, size, name, soak)
        if asked.soak and "kills" in names:
            found += _again_and_again(ground, size, soak)
            found.append(all_in_all(ground.all_in_all, soak))
    found += [Verdict(name, "not run", "", LEFT_OUT) for name in left_out]
    progress.say("\n" + "\n".join(table(found)))
    took_s = time.monotonic() - soak.began
    write(REPORT, found, seed=asked.seed, size=size.name, seconds=round(took_s))
    bad, without = broken(found), missing(found)
    words = f"; not run for want of something: {', '.join(without)}" if without else ""
    progress.say(f"\n{kept(found)} promises kept, {bad} not{words}; SEED={asked.seed}, {took_s / 60:.0f} min")
    progress.say(f"the report is in {REPORT}")
    return 1 if bad or not found else 0


def all_in_all(told: Mapping[str, int], soak: Soak) -> Verdict:
    """What the drills with traffic came to together: the size of the promise, and whether it held."""
    names = ("redemptions", "answers", "kills of workers", "kills of PostgreSQL")
    mass = ", ".join(f"{told.get(name, 0)} {name}" for name in names)
    bad = {name: told.get(name, 0) for name in ("lost", "doubled", "oversold")}
    figure = f"{mass} in {(time.monotonic() - soak.began) / 60:.0f} min; "
    figure += ", ".join(f"{count} {name}" for name, count in bad.items())
    figure += f", books left open {told.get('books_open', 0)} times"
    sound = not any(bad.values()) and not told.get("books_open") and told.get("redemptions", 0) > 0
    return judge(
        "soak", "all in all nothing is lost, doubled or oversold, and the books close", figure, sound
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faults", description="Faults on purpose.")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 1))
    parser.add_argument("--only", default=os.environ.get("ONLY", ""))
    parser.add_argument("--without", default=os.environ.get("FAULTS_WITHOUT", ""))
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("--named", action="store_true", default=os.environ.get("NAMED") == "1")
    return parser


def chosen(only: str, without: str) -> tuple[list[str], list[str]]:
    """The drills to run and those left out by name. Raises Refused for a name we do not know."""
    wanted, unwanted = ([*filter(None, text.replace(",", " ").split())] for text in (only, without))
    unknown = sorted({*wanted, *unwanted} - set(DRILLS))
    if unknown:
        raise progress.Refused(f"the drills are {', '.join(DRILLS)}; not {', '.join(unknown)}")
    names = [name for name in DRILLS if (not wanted or name in wanted) and name not in unwanted]
    return names, [name for name in DRILLS if name in unwanted]


def size_of(soak: bool, env: os._Environ[str] | dict[str, str]) -> str:
    """Large numbers for a soak, unless it is only a try of a few minutes."""
    return "soak" if soak and soak_s(env) >= LARGE_FROM_S else "ci"


def soak_s(env: os._Environ[str] | dict[str, str]) -> float:
    """How long to soak: SOAK_MINUTES, else HOURS, else one hour."""
    minutes = env.get("SOAK_MINUTES")
    return float(minutes) * 60 if minutes else float(env.get("HOURS") or 1) * 3600


@contextmanager
def _ground(seed: int, size: Size, soak: Soak) -> Iterator[Ground]:
    """The servers and the city, for as long as the block lasts."""
    with ExitStack() as open_things:
        with progress.Progress("starting PostgreSQL and building the city of the drills"):
            folder = open_things.enter_context(tempfile.TemporaryDirectory(prefix="fengxing-faults-"))
            ground = Ground(open_things.enter_context(databases.postgres()), Path(folder), seed)
            ground.build(size.riders, size.last_items, within_s=CITY * soak.lasts_s)
        if len(ground.city.riders) < size.riders:
            progress.say(
                f"there was time for a city of {len(ground.city.riders)} riders instead of {size.riders}"
            )
        yield ground


def _run(ground: Ground, size: Size, name: str, soak: Soak) -> Iterator[Verdict]:
    began = time.monotonic()
    ground.share, ground.crowd = soak.share_of(name), None

    def far() -> str:
        gone = f", {ground.crowd.gone:.0%} of its errands" if ground.crowd else ""
        return f"{gone}{soak.left}"

    with progress.Progress(f"drill {name}", far):
        if ground.share.lasts_s < soak.at_least_s:
            found = [judge(name, "there is time for the drill", "none was left when its turn came", False)]
        else:
            try:
                found = list(DRILLS[name](ground, size))
            except progress.Refused as refused:
                found = [Verdict(name, "the drill can be run", str(refused), NOT_POSSIBLE)]
    for each in found:
        progress.say(f"  {each.drill}: {each.promise} → {each.figure} → {each.verdict}")
    progress.say(f"  {name}: {time.monotonic() - began:.0f} s{soak.left}")
    yield from found


def _again_and_again(ground: Ground, size: Size, soak: Soak) -> Iterator[Verdict]:
    """Kills with one seed after the other, until there is no time for another round."""
    seed = ground.seed
    while soak.left_s > 2 * AT_LEAST_S:
        ground.seed += 1
        progress.say(f"SEED={ground.seed}")
        yield from _run(ground, size, "kills", soak)
    ground.seed = seed


if __name__ == "__main__":
    progress.start(main)
