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

    A store that is away, or Rasa's lock of the conversation, which a process that stands still may
    hold.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._waits = 0
        self._since = self._clock.now()
        self._waited = timedelta()

    @property
    def is_waiting(self) -> bool:
        return self._waits > 0

    def rest_of(self, limit: timedelta, *, began: datetime) -> timedelta:
        """How much of the time of a turn that `began` then is left: waiting does not count."""
        if self.is_waiting:
            return limit
        return max(limit - (self._clock.now() - began - self._waited), timedelta())

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The turn waits inside."""
        if not self.is_waiting:
            self._since = self._clock.now()
        self._waits += 1
        try:
            yield
        finally:
            self._waits -= 1
            if not self.is_waiting:
                self._waited += self._clock.now() - self._since

    async def until_stored(self, step: Callable[[], Awaitable[T]]) -> T:
        """What the step returns; while the store is away, it is tried again. Raises ClaimLost."""
        is_told = False
        with self.waiting():  # from the first try on: it may hang rather than fail
            while True:
                try:
                    return await step()
                except StoreError as error:
                    if not is_told:
                        logger.error("A turn of Rasa waits for the store: %s", error)
                    is_told = True
                await self._clock.sleep(PAUSE)
