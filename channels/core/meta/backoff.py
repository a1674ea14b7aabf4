"""How long to pause between tries: longer each time, up to a limit. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_MOST_DOUBLINGS = 32  # more would be longer than a timedelta can be


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Pauses that double from `first` to `longest`."""

    first: timedelta
    longest: timedelta

    def pause(self, *, before: int) -> timedelta:
        """The pause after a failure; `before` is how many pauses there have been already."""
        return min(self.first * (1 << min(before, _MOST_DOUBLINGS)), self.longest)
