"""How a turn of Rasa waits for a store: taken again, it would have its effects again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from ..core.errors import StoreError

logger = logging.getLogger(__name__)

PAUSE = timedelta(seconds=1)  # between two tries

T = TypeVar("T")


class StoreWait:
    """What one turn waits for; `is_waiting` while a store is away."""

    def __init__(self, sleep: Callable[[timedelta], Awaitable[None]] | None = None) -> None:
        self._sleep = sleep or _sleep
        self.is_waiting = False

    async def until_stored(self, step: Callable[[], Awaitable[T]]) -> T:
        """What the step returns; while the store is away, it is tried again. Raises ClaimLost."""
        try:
            while True:
                try:
                    return await step()
                except StoreError as error:
                    logger.error("A turn of Rasa waits for the store: %s", error)
                self.is_waiting = True
                await self._sleep(PAUSE)
        finally:
            self.is_waiting = False


async def _sleep(duration: timedelta) -> None:
    await asyncio.sleep(duration.total_seconds())
