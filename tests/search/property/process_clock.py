"""The clock of a process on a machine whose own clock somebody sets while it runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.fakes.clock import ManualClock


class ProcessClock:
    """What the machine showed when the process began, and what has passed since."""

    def __init__(self, clock: ManualClock, ahead: timedelta) -> None:
        self._clock = clock
        self._ahead = ahead

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def metas(self) -> datetime:
        return self.now()

    def wall(self) -> datetime:
        return self._clock.wall()

    async def sleep(self, duration: timedelta) -> None:
        await self._clock.sleep(duration)
