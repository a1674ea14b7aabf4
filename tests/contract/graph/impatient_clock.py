"""A clock for tests of what would take too long to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from channels.instruments.clock import Clock


class ImpatientClock(Clock):
    """A clock on which every sleep is over at once. It remembers the sleeps, and tells of each."""

    def __init__(self) -> None:
        self.pauses: list[timedelta] = []
        self.on_sleep: Callable[[], None] = lambda: None
        self._now = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)

    def now(self) -> datetime:
        return self._now

    def wall(self) -> datetime:
        return self._now

    async def sleep(self, duration: timedelta) -> None:
        if duration:
            self.pauses.append(duration)
            self.on_sleep()
        self.advance(duration)
        await asyncio.sleep(0)

    def advance(self, duration: timedelta) -> None:
        self._now += duration
