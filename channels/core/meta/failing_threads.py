"""Questions to Meta about a thread that keep failing."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..events import Thread


class FailingThreads:
    """For how long the same question about a thread has kept failing.

    A thread is forgotten if nobody asks about it for as long as `forgotten_after`.
    """

    def __init__(self, *, forgotten_after: timedelta) -> None:
        self._forgotten_after = forgotten_after
        self._failing: dict[Thread, tuple[datetime, datetime]] = {}  # first and last, in its order

    def for_long(self, thread: Thread, now: datetime) -> timedelta:
        """It has failed again; returns how long ago the first failure was."""
        self._forget(now - self._forgotten_after)
        first, _ = self._failing.pop(thread, (now, now))
        self._failing[thread] = first, now
        return now - first

    def no_more(self, thread: Thread) -> None:
        """It has been answered."""
        self._failing.pop(thread, None)

    def _forget(self, oldest: datetime) -> None:
        while self._failing:
            thread, (_, last) = next(iter(self._failing.items()))
            if last >= oldest:
                return
            del self._failing[thread]
