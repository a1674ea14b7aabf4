"""The clock of the emulator and the bot, which a test moves instead of waiting."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from async_timeout import timeout

from demo.platform import WAIT_LIMIT, EmulatedPlatform
from tests.stack.acceptance.rasa_api import LOOK_INTERVAL, Handovers


class MovedClock:
    """It moves forward only; the stack has to `follow_the_clock`."""

    def __init__(self, platform: EmulatedPlatform, handovers: Handovers) -> None:
        self._platform = platform
        self._handovers = handovers

    async def now(self) -> datetime:
        """What time it is to the bot."""
        return await self._handovers.now()

    async def to(self, moment: datetime) -> None:
        """Let it be that moment, and return once the bot knows."""
        ahead = moment - await self.now()
        assert ahead > timedelta(), f"It is later than {moment}."
        move = {"advance_seconds": ahead.total_seconds()}
        await self._platform.call("POST", "clock", move)
        async with timeout(WAIT_LIMIT.total_seconds()):
            while True:
                if await self.now() >= moment:
                    return
                await asyncio.sleep(LOOK_INTERVAL.total_seconds())
