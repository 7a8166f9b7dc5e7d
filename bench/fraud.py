"""What cheats get away with, who is doubted, what it costs the honest: `python -m bench.fraud`, on its own databases.

The manners of the three levels were known when the guards were written. So each level is tried again with manners that
are drawn anew (`--fraud-manners`), on seeds that no test uses: these rows are the honest measure. Prints two tables,
and the same as JSON in its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools import layout, progress
from tools.tables import lines

LEVELS = (1, 2, 3)
FIRST_SEED = 9_001  # no test uses these
HEADS = (
    "level",
    "manners",
    "cheats tried",
    "stopped",
    "caught",
    "points to fraud",
    "redeemed",
    "at most",
    "cheats doubted",
    "honest doubted",
    "days",
    "honest stopped",
    "of honest",
)


@dataclass(slots=True)
class Row:
    """One level, with the manners that were known or with new ones, over some seeds."""

    level: int
    manners: str
    tried: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    to_fraud: int = 0
    redeemed: int = 0
    at_most: int = 0
    schemes_paid: Counter[str] = field(default_factory=Counter)
    issued: int = 0
    honest: int = 0
    honest_stopped: int = 0
    doubted: Counter[str] = field(default_factory=Counter)
    days: list[float] = field(default_factory=list)
    violations: int = 0

    def add(self, told: dict[str, Any]) -> None:
        """One city more."""
        self.tried.update(told["fraud_tried"])
        self.passed.update(told["fraud_passed"])
        self.to_fraud += told["points_to_fraud"]
        self.redeemed += told["points_redeemed_by_fraud"]
        self.at_most += told["points_redeemed_by_fraud_at_most"]
        self.schemes_paid.update(told["points_to_schemes"])
        self.issued += told["points_issued"]
        self.honest += told["honest_shown"]
        self.honest_stopped += told["honest_stopped"]
        seen = dict(told["doubted"])
        days = seen.pop("days")
        self.days += [] if days is None else [days]
        self.doubted.update(seen)
        self.violations += told["violations"]

    @property
    def caught(self) -> float:
        """The share of all attempts that came to nothing."""
        return 1 - self.passed.total() / self.tried.total() if self.tried else 0.0

    @property
    def paid(self) -> float:
        """The share of the points that went to fraud."""
        return self.to_fraud / self.issued if self.issued else 0.0

    @property
    def spent(self) -> float:
        """The share of the points that fraud redeemed: what was given first was spent first."""
        return self.redeemed / self.issued if self.issued else 0.0

    @property
    def spent_at_most(self) -> float:
        """The same, had cheats spent made-up points before honest ones."""
        return self.at_most / self.issued if self.issued else 0.0

    @property
    def false_alarms(self) -> float:
        """The share of honest people's codes and posters that were refused as if they cheated."""
        return self.honest_stopped / self.honest if self.honest else 0.0

    @property
    def recall(self) -> float:
        """The share of the cheats that got something by it who were doubted."""
        return self.doubted["cheats_doubted"] / max(1, self.doubted["cheats_paid"])

    @property
    def precision(self) -> float:
        """The share of cheats among those who were doubted."""
        seen = self.doubted["cheats_doubted"] + self.doubted["honest_doubted"]
        return self.doubted["cheats_doubted"] / max(1, seen)

    def facts(self) -> dict[str, Any]:
        """For machines."""
        schemes = {
            name: {
                "tried": count,
                "caught": round(1 - self.passed[name] / count, 3),
                "points": self.schemes_paid[name],
            }
            for name, count in sorted(self.tried.items())
        }
        return {
            "level": self.level, "manners": self.manners, "tried": self.tried.total(), "caught": round(self.caught, 3),
            "points_to_fraud": self.to_fraud, "points_issued": self.issued, "share_to_fraud": round(self.paid, 4),
            "redeemed": self.redeemed, "share_redeemed": round(self.spent, 4),
            "redeemed_at_most": self.at_most, "share_redeemed_at_most": round(self.spent_at_most, 4),
            "honest_shown": self.honest, "false_positive_rate": round(self.false_alarms, 4), "schemes": schemes,
            "doubted": dict(self.doubted), "recall": round(self.recall, 3), "precision": round(self.precision, 3),
            "days_to_doubt": max(self.days, default=None), "violations": self.violations,
        }  # fmt: skip

    def cells(self) -> tuple[str, ...]:
        """For people."""
        stopped = self.tried.total() - self.passed.total()
        return (
            str(self.level), self.manners, str(self.tried.total()), str(stopped), f"{self.caught:.0%}",
            f"{self.to_fraud} of {self.issued} ({self.paid:.1%})",
            f"{self.redeemed} ({self.spent:.1%})",
            f"{self.at_most} ({self.spent_at_most:.1%})",
            f"{self.doubted['cheats_doubted']} of {self.doubted['cheats_paid']}",
            f"{self.doubted['honest_doubted']} of {self.doubted['honest']}",
            " ".join(f"{each:.1f}" for each in self.days) or "-", str(self.honest_stopped),
            f"{self.honest} ({self.false_alarms:.1%})",
        )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Live through all of it."""
    asked = _parser().parse_args(arguments)
    rows = [Row(level, manners) for level in LEVELS for manners in ("known", "held out")]
    for row in rows:
        for seed in range(asked.seed, asked.seed + asked.seeds):
            with progress.Progress(f"level {row.level}, manners {row.manners}, seed {seed}"):
                row.add(_lived(row, seed, asked))
    progress.say("\n".join(lines([HEADS, *(row.cells() for row in rows)])))
    progress.say(
        "\n".join(lines([("scheme", *(f"{row.level} {row.manners}" for row in rows)), *_schemes(rows)]))
    )
    facts = {"seeds": asked.seeds, "first_seed": asked.seed, "days": asked.days, "riders": asked.riders}
    progress.say(json.dumps(facts | {"rows": [row.facts() for row in rows]}, ensure_ascii=False))
    return 1 if any(row.violations for row in rows) else 0


def _schemes(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    names = sorted({name for row in rows for name in row.tried})
    return [(name, *(_of(row, name) for row in rows)) for name in names]


def _of(row: Row, scheme: str) -> str:
    tried = row.tried[scheme]
    return f"{1 - row.passed[scheme] / tried:.0%} of {tried}, {row.schemes_paid[scheme]} p." if tried else "-"


def _lived(row: Row, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """A city of its own, in a file that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fengxing-trial-") as folder:
        env = {name: value for name, value in os.environ.items() if not name.startswith("FENGXING_")} | {
            "FENGXING_ENV": "test", "FENGXING_SECRET_KEY": secrets.token_hex(32), "FENGXING_DATA_DIR": folder,
            "FENGXING_CODE_KEYS": "1:" + secrets.token_hex(32), "FENGXING_LOG_LEVEL": "ERROR",
            "FENGXING_DATABASE_URL": f"sqlite:///{Path(folder) / 'trial.db'}",
        }  # fmt: skip
        options = ["--seed", seed, "--days", asked.days, "--riders", asked.riders, "--fraud", row.level]
        if row.manners != "known":
            options += ["--fraud-manners", seed]
        _flask(env, "db", "upgrade")
        told = _flask(env, "simulate", *map(str, options))
        return dict(json.loads(told.splitlines()[-1]))


def _flask(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    done = subprocess.run(command, cwd=layout.ROOT, env=env, capture_output=True, text=True, check=False)
    if not done.stdout.strip().endswith("}") and done.returncode:
        raise progress.Refused(f"flask {arguments[0]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.fraud", description="Fraud, measured.")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--riders", type=int, default=60)
    return parser


if __name__ == "__main__":
    progress.start(main)
