"""A row of the table of docs/benchmarks.md: what is measured, what is aimed at, what was found."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Several measurements of one thing. The median counts, or another share of them (0.95: 95 of 100)."""

    what: str
    unit: str
    aim: float | None
    found: Sequence[float]
    more_is_better: bool = False
    share: float = 0.5

    @property
    def value(self) -> float:
        if self.share == 0.5:
            return statistics.median(self.found)
        return sorted(self.found)[min(len(self.found) - 1, math.ceil(self.share * len(self.found)) - 1)]

    @property
    def reached(self) -> bool:
        if self.aim is None:
            return True
        return self.value >= self.aim if self.more_is_better else self.value <= self.aim

    def row(self) -> str:
        sense = "at least" if self.more_is_better else "at most"
        bound = "" if self.aim is None else f"{sense} {_short(self.aim)}"
        middle = f"{_short(min(self.found))} to {_short(max(self.found))}"
        mark = "" if self.aim is None else "reached" if self.reached else "**not reached**"
        cells = (self.what, f"{bound} {self.unit}".strip(), _short(self.value), middle)
        return f"| {' | '.join(cells)} | {len(self.found)} | {mark} |"


HEAD = "| what | aim | measured | lowest to highest | n | |\n|---|---|---|---|---|---|"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
