"""How long the database was away, or by how much its clock was set.

While it was away nobody could renew a claim; if its clock was set forward, claims seem older than
they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ...core.errors import StoreUnavailable

# By then all workers that are alive know the time, and have renewed their claims.
RETURN_GRACE = timedelta(seconds=45)
SET_CLOCK = timedelta(seconds=5)  # by more than this, or its answer was merely slow


class Outages:
    """The last outage that a worker has noticed. `seconds` is a clock that nobody sets.

    If that clock stops while the machine sleeps, the database's clock seems to have been set, which
    comes to the same thing.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._began: float | None = None
        self._ended: float | None = None
        self._length = timedelta()
        self._told: tuple[datetime, float] | None = None

    @contextmanager
    def noticed(self) -> Iterator[timedelta]:
        """Inside, notice whether the database answers; wraps what is asked again and again.

        Yields the `allowance` for what is asked.
        """
        asked = self._seconds()
        try:
            yield self.allowance()
        except StoreUnavailable:
            self._began = asked if self._began is None else self._began
            raise
        if self._began is not None:
            self._length, self._ended = self.allowance(), self._seconds()
            self._began = None

    def told(self, time: datetime) -> None:
        """The database's clock says `time`: notice whether it was set since the last call."""
        seconds = self._seconds()
        before, self._told = self._told, (time, seconds)
        if before is None:
            return
        set_by = abs(time - before[0] - timedelta(seconds=seconds - before[1]))
        if set_by > SET_CLOCK:
            self._length, self._ended = max(set_by, self.allowance()), seconds

    def allowance(self) -> timedelta:
        """How much longer a claim counts now than it says."""
        if self._began is not None:
            return timedelta(seconds=self._seconds() - self._began)
        if self._ended is None or self._seconds() - self._ended > RETURN_GRACE.total_seconds():
            return timedelta()
        return self._length
