"""The clock that tests move."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from channels.instruments.clock import Clock


class ManualClock(Clock):
    """It stands still until `advance` moves it."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.wall_is_ahead = timedelta()
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def wall(self) -> datetime:
        return self._now + self.wall_is_ahead

    async def sleep(self, duration: timedelta) -> None:
        if duration <= timedelta():
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + duration, woken))
        await woken

    def advance(self, duration: timedelta) -> None:
        """Move the time forward, and wake every sleeper whose time has come."""
        self._now += duration
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._now]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._now]
        for _, woken in due:
            if not woken.done():
                woken.set_result(None)
