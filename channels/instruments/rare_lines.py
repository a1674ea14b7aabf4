"""Log lines that anybody could cause by the thousand. Pure: `now` is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta


class RareLine:
    """Says when such a line is due: the first time at once, then at most once per interval."""

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval
        self._written_at: datetime | None = None
        self._times = 0

    def times(self, now: datetime) -> int:
        """Count the cause; returns how often it has come since the last line, 0 if none is due."""
        self._times += 1
        if self._written_at is not None:
            since = now - self._written_at
            if timedelta() <= since < self._interval:  # a clock that was set back delays none
                return 0
        self._written_at, times = now, self._times
        self._times = 0
        return times
