"""How a turn of Rasa waits for a store: taken again, it would have its effects again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from ..core.errors import StoreError
from ..instruments.clock import Clock, SystemClock

logger = logging.getLogger(__name__)

PAUSE = timedelta(seconds=1)  # between two tries

T = TypeVar("T")


class StoreWait:
    """What one turn waits for that is not its own doing.

    A store that is away, or Rasa's lock of the conversation, which another process may hold that
    stands still.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._waits = 0
        self._ended_at: datetime | None = None

    @property
    def is_waiting(self) -> bool:
        return self._waits > 0

    def rest_of(self, limit: timedelta) -> timedelta:
        """How much of a turn's time is left, once this much has passed: it counts from the end of
        the last wait.
        """
        if self.is_waiting:
            return limit
        if self._ended_at is None:
            return timedelta()
        return max(limit - (self._clock.now() - self._ended_at), timedelta())

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The turn waits inside."""
        self._waits += 1
        try:
            yield
        finally:
            self._waits -= 1
            self._ended_at = self._clock.now()

    async def until_stored(self, step: Callable[[], Awaitable[T]]) -> T:
        """What the step returns; while the store is away, it is tried again. Raises ClaimLost."""
        try:
            return await step()
        except StoreError as error:
            _log(error)
        with self.waiting():
            while True:
                await self._clock.sleep(PAUSE)
                try:
                    return await step()
                except StoreError as error:
                    _log(error)


def _log(error: StoreError) -> None:
    logger.error("A turn of Rasa waits for the store: %s", error)
