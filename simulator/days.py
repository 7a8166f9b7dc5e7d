"""The days of the city: working days and holidays by the official calendar, and the weather, which riders live by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.honours.announcing import is_working_day
from simulator.chance import Chance

CLEAR, RAIN, STORM, HEAT, FROST = "clear", "rain", "storm", "heat", "frost"

# What usually follows: the chance of rain by month, as it is in Nanjing (plum rain in June and July).
RAINY = (0.22, 0.25, 0.30, 0.28, 0.30, 0.42, 0.40, 0.33, 0.25, 0.22, 0.20, 0.18)


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its date, whether offices work, and the weather."""

    on: date
    working: bool
    weather: str

    @property
    def is_rough(self) -> bool:
        return self.weather in (RAIN, STORM)

    @property
    def visits(self) -> float:
        """How many more (or fewer) riders drop in at a station than on an ordinary day."""
        return {CLEAR: 1.0, RAIN: 1.3, STORM: 0.6, HEAT: 1.5, FROST: 1.3}[self.weather]

    @property
    def hazards(self) -> float:
        """How many more hazards there are to be seen."""
        return {CLEAR: 1.0, RAIN: 1.6, STORM: 3.0, HEAT: 0.8, FROST: 1.2}[self.weather]


def days_of(begins: date, count: int, seed: int) -> Iterator[Day]:
    """So many days from the first one on; wet weather tends to last."""
    chance = Chance(seed, "weather")
    wet = False
    for number in range(count):
        on = begins + timedelta(days=number)
        wet = chance.happens(0.6 if wet else RAINY[on.month - 1])
        yield Day(on, is_working_day(on), _weather(on, wet, chance))


def _weather(on: date, wet: bool, chance: Chance) -> str:
    if wet:
        return STORM if on.month in (6, 7, 8, 9) and chance.happens(0.2) else RAIN
    if on.month in (7, 8) and chance.happens(0.5):
        return HEAT
    return FROST if on.month in (12, 1, 2) and chance.happens(0.4) else CLEAR
