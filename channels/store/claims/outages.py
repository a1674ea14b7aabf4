"""How long the database was away, or by how much its clock was set.

For that long nobody could renew a claim, or by that much it seems later than when it was done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ...core.errors import StoreUnavailable

# Until all who are alive know the time, and have renewed what they had.
RETURN_GRACE = timedelta(seconds=45)
SET_CLOCK = timedelta(seconds=5)  # at least by this much, or its answer was merely slow


class Outages:
    """The last one that a worker has noticed. `seconds` tells a time that nobody sets.

    Where it stops while the machine sleeps, the database's clock seems to have been set, which
    comes to the same.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._began: float | None = None
        self._ended: float | None = None
        self._length = timedelta()
        self._told: tuple[datetime, float] | None = None

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Notice inside whether the database answers: it is asked there all the time."""
        asked = self._seconds()
        try:
            yield
        except StoreUnavailable:
            self._began = asked if self._began is None else self._began
            raise
        if self._began is not None:
            self._length, self._ended = self.allowance(), self._seconds()
            self._began = None

    def told(self, time: datetime) -> None:
        """The database has told its time; what else has passed shows whether it was set."""
        seconds = self._seconds()
        before, self._told = self._told, (time, seconds)
        if before is None:
            return
        set_by = abs(time - before[0] - timedelta(seconds=seconds - before[1]))
        if set_by > SET_CLOCK:
            self._length, self._ended = max(set_by, self.allowance()), seconds

    def allowance(self) -> timedelta:
        """How much longer than it says a claim counts now."""
        if self._began is not None:
            return timedelta(seconds=self._seconds() - self._began)
        if self._ended is None or self._seconds() - self._ended > RETURN_GRACE.total_seconds():
            return timedelta()
        return self._length
