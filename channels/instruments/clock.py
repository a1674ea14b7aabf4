"""The clock seam: the one place that knows what time it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Protocol

# Seconds that go on while the machine sleeps or the process is stopped, and never jump.
# Outside Linux, the monotonic clock comes closest to that.
_counted: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic
)
LEAST_SKEW = timedelta(seconds=2)  # to be noticed: Meta's time has no fractions of a second
STANDSTILL = timedelta(seconds=5)  # if a sleep lasts this much longer, the process stood still


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC; setting the machine's clock does not change it."""

    def metas(self) -> datetime:
        """The present moment by Meta's clock, as far as it is known."""
        return self.now() + self.metas_ahead()

    def metas_ahead(self) -> timedelta:
        """How far Meta's clock is ahead of this one, as far as it is known."""
        return timedelta()

    def wall(self) -> datetime:
        """What the machine's own clock says, which may be set while we run."""

    async def sleep(self, duration: timedelta) -> None:
        """Return once `duration` has passed on this clock."""


async def lived_for(clock: Clock, duration: timedelta) -> None:
    """Return after this long; if the process stood still in the meantime, begin again."""
    slept_for_longer = True
    while slept_for_longer:
        due_at = clock.now() + duration
        await clock.sleep(duration)
        slept_for_longer = clock.now() - due_at > STANDSTILL


class SystemClock(Clock):
    """The machine's clock as it was at the start, plus the time that has passed since.

    Setting the machine's clock later changes no deadline, and time for which the process was
    stopped counts.
    """

    def __init__(self) -> None:
        self._zero = self.wall().timestamp() - _counted()

    def now(self) -> datetime:
        # Cheaper than adding a duration to a date, and each event asks about ten times.
        return datetime.fromtimestamp(self._zero + _counted(), timezone.utc)

    def wall(self) -> datetime:
        return datetime.now(timezone.utc)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())


class SharedClock(Clock):
    """The time on which all workers on one database agree: our own clock's, set by the database's.

    `skew` is Meta's time minus our own clock's, if it is known.
    """

    def __init__(
        self, clock: Clock, *, skew: Callable[[], timedelta | None] = lambda: None
    ) -> None:
        self._clock = clock
        self._skew = skew
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def metas_ahead(self) -> timedelta:
        skew = self._skew()
        if skew is None or abs(skew - self._ahead) <= LEAST_SKEW:
            return timedelta()
        return skew - self._ahead

    def wall(self) -> datetime:
        return self._clock.wall()

    async def sleep(self, duration: timedelta) -> None:
        await self._clock.sleep(duration)

    def set_by(self, told: datetime, *, after: datetime, before: datetime) -> None:
        """The database's clock said `told` at some moment between these two of our own clock's.

        If this clock agrees with that already, it is left alone, so that it does not jitter.
        """
        least, most = told - before, told - after
        if not least <= self._ahead <= most:
            self._ahead = least + (most - least) / 2
