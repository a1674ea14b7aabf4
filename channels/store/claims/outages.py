"""How long the database was away: so long nobody could renew a claim."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from ...core.errors import StoreUnavailable

# After an outage, until all who are alive have renewed what they had.
RETURN_GRACE = timedelta(seconds=30)


class Outages:
    """The last outage that one worker has noticed. `seconds` tells a time that nobody sets."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._began: float | None = None
        self._ended: float | None = None
        self._length = timedelta()

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Whether the database answers shows inside, where it is asked all the time."""
        asked = self._seconds()
        try:
            yield
        except StoreUnavailable:
            self._began = asked if self._began is None else self._began
            raise
        if self._began is not None:
            self._length, self._ended = self.allowance(), self._seconds()
            self._began = None

    def allowance(self) -> timedelta:
        """For how much longer than it says a claim counts now: the outage's length."""
        if self._began is not None:
            return timedelta(seconds=self._seconds() - self._began)
        if self._ended is None or self._seconds() - self._ended > RETURN_GRACE.total_seconds():
            return timedelta()
        return self._length
