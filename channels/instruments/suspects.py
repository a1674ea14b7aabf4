"""Work that was in progress when its worker died: it may have caused the crash, and would again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from .clock import Clock, lived_for

MOST_DEATHS = 3
ALONE_FOR = timedelta(seconds=5)


class Suspects:
    """Counts the attempts that began and never reported back.

    After a worker's first death nobody knows what caused it. Attempts at what it had in hand are
    counted from then on, and what a second worker had begun when it died is begun one at a time, so
    that nothing is set aside through another's fault. Each is alone for ALONE_FOR and no longer,
    because one may wait for another: an event for the handover, and the handover for a message.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def begun(
        self, attempts: int, count: Callable[[int], Awaitable[int]]
    ) -> AsyncIterator[bool]:
        """Inside, it counts as begun; gives whether it may be done once more.

        `attempts` is how many there were, and `count` adds to them and returns how many there are
        now.
        """
        async with AsyncExitStack() as stack:
            if attempts:
                await stack.enter_async_context(self.alone_at_first())
            begun = await count(1)
            try:
                yield begun < MOST_DEATHS  # the first death was not counted
            except Exception:
                await count(-1)
                raise
            else:
                await count(-1)
            # Not if it is cancelled: a worker that stops gives it back, which resets its attempts.

    @asynccontextmanager
    async def alone_at_first(self) -> AsyncIterator[None]:
        """Begin only when no other suspect has just begun: that may be what ends the process."""
        await self._alone.acquire()
        letting_go = asyncio.create_task(lived_for(self._clock, ALONE_FOR))
        letting_go.add_done_callback(lambda _: self._alone.release())
        try:
            yield
        finally:
            letting_go.cancel()
