"""`make offline-orders`: one day without a signal, told to the server in a hundred orders of a bad network.

    make offline-orders                                 10,000 items of 50 devices, 100 orders, on SQLite
    make offline-orders ORDERS=5 SEED=7 DATABASE=postgresql
    make offline-orders FIRST=40 ORDERS=60              the rest of a run that was broken off

Each order starts from the same saved database; a line says how it ended, and one that ends otherwise stops the run.
The day and the network are those of `tests/sync/network.py`: a third of all messages is lost, answers too, others come
up to four times, in pieces, out of order, up to 70 hours late.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

from faults import databases
from tools import layout, progress

TEST = "tests/sync/test_network.py::test_a_city_ends_the_same_in_every_order"
STATIONS, PHONES = 20, 30


def main() -> int:
    """Run the orders that were asked for; 0 if all ended the same."""
    asked = os.environ
    with ExitStack() as open_things:
        url = None
        if asked.get("DATABASE", "sqlite") != "sqlite":
            url = open_things.enter_context(databases.postgres()).url("postgres")
        orders, seed = int(asked.get("ORDERS") or 100), int(asked.get("SEED") or 1)
        progress.say(f"SEED={seed} on {'PostgreSQL' if url else 'SQLite'}")
        command = command_of()
        env = environment(
            url=url, items=int(asked.get("ITEMS") or 10_000), stations=STATIONS, phones=PHONES, orders=orders,
            seed=seed, first=int(asked.get("FIRST") or 0),
        )  # fmt: skip
        return subprocess.run([*command, "-s"], cwd=layout.ROOT, env=env, check=False).returncode


def command_of() -> list[str]:
    """What runs the orders."""
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]


def environment(
    *, url: str | None, items: int, stations: int, phones: int, orders: int, seed: int, first: int = 0
) -> dict[str, str]:
    """How large the day is and in how many orders it is told."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FENGXING_")}
    sizes = {
        "ITEMS": items,
        "STATIONS": stations,
        "PHONES": phones,
        "ORDERS": orders,
        "SEED": seed,
        "FIRST": first,
    }
    env |= {f"FENGXING_SYNC_{name}": str(value) for name, value in sizes.items()}
    return env | ({"FENGXING_TEST_DATABASE_URL": url} if url else {})


if __name__ == "__main__":
    progress.start(main)
