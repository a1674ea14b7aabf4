"""A row of the table: our figure beside the baseline's, and the goal."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass

_DIGITS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How large a run is: `full` for the figures, `quick` to check that everything works."""

    is_quick: bool

    def of(self, *, full: int, quick: int) -> int:
        return quick if self.is_quick else full


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure with its unit ("s", "/s", "µs", "MB", or "" for a count)."""

    value: float
    unit: str

    def __str__(self) -> str:
        shown = figure(self.value)
        return shown + self.unit if self.unit.startswith("/") else f"{shown} {self.unit}".strip()


class Bound(enum.Enum):
    """Which side of a limit is the good one."""

    AT_MOST = "≤"
    AT_LEAST = "≥"


class Measured(enum.Enum):
    """What a goal is about."""

    OURS = "ours"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit for our own figure, or for its ratio to the baseline's."""

    bound: Bound
    limit: float
    of: Measured = Measured.OURS

    def shown(self, unit: str) -> str:
        if self.of is Measured.RATIO:
            return f"{self.bound.value} {figure(self.limit)} ×"
        return f"{self.bound.value} {Quantity(self.limit, unit)}"

    def excess(self, value: float) -> float:
        """By what fraction of the limit it is missed; 0 or less if it is reached."""
        over = value - self.limit if self.bound is Bound.AT_MOST else self.limit - value
        return over / self.limit if self.limit else over


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the table. `where` is a profile, for a goal that is missed."""

    what: str
    ours: Quantity
    baseline: Quantity | None = None
    baseline_is: str = ""
    goal: Goal | None = None
    where: tuple[str, ...] = ()

    @property
    def ratio(self) -> float | None:
        """Our figure, as a multiple of the baseline's."""
        if self.baseline is None or self.baseline.value == 0:
            return None
        return self.ours.value / self.baseline.value

    @property
    def is_missed(self) -> bool:
        return self._excess() > 0

    @property
    def verdict(self) -> str:
        """ "reached", or by how much the goal is missed."""
        if self.goal is None:
            return "–"
        excess = self._excess()
        if excess <= 0:
            return "reached"
        return f"**missed by {excess:.0%}**" if self.goal.limit else f"**missed: {self.ours}**"

    def _excess(self) -> float:
        if self.goal is None:
            return 0.0
        value = self.ours.value if self.goal.of is Measured.OURS else self.ratio
        return math.inf if value is None else self.goal.excess(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The results of one module; `notes` say what the lines leave out."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def any_missed(lines: Iterable[Line]) -> bool:
    return any(line.is_missed for line in lines)


def figure(value: float) -> str:
    """A number as people read it: three digits that count, and commas in thousands."""
    if value == 0:
        return "0"
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    shown = f"{value:,.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
