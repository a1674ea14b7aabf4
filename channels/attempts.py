"""Handling a recorded event for as long as it takes: until it is done, or set aside as dead."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from .clock import Clock
from .errors import GraphThrottled, StoreError
from .events import Event
from .log_fields import thread_hash
from .store import InboxEntry, Store

logger = logging.getLogger(__name__)

RETRY_PAUSE = timedelta(seconds=1)  # before an event that failed is tried again

T = TypeVar("T")


class Handle(Protocol):
    """Handles an event whole, or raises."""

    async def __call__(self, event: Event, *, repeated: bool) -> None: ...


class Attempts:
    """Tries to handle entries, one after the other in each thread's queue."""

    def __init__(self, *, store: Store, clock: Clock, handle: Handle) -> None:
        self._store = store
        self._clock = clock
        self._handle = handle

    async def handle(self, entry: InboxEntry) -> None:
        """Handle an entry until it is done or dead."""
        repeated = entry.is_repeated
        while True:
            pause = RETRY_PAUSE
            try:
                await self._handle(entry.event, repeated=repeated)
            except StoreError as error:
                logger.error("An event waits for the store: %s", error)
            except Exception as error:
                logger.exception("Handling an event failed.", extra=_fields(entry))
                if await self._once_stored(self._store.failed, entry):
                    logger.error("An event is set aside for good.", extra=_fields(entry))
                    return
                if isinstance(error, GraphThrottled):
                    pause = max(pause, error.retry_after)
            else:
                await self._once_stored(self._store.done, entry)
                return
            repeated = True
            await self._clock.sleep(pause)

    async def _once_stored(
        self, note: Callable[[int, datetime], Awaitable[T]], entry: InboxEntry
    ) -> T:
        """What came of an entry; while the store is away, wait for it."""
        while True:
            try:
                return await note(entry.position, self._clock.now())
            except StoreError as error:
                logger.error("What came of an event waits for the store: %s", error)
            await self._clock.sleep(RETRY_PAUSE)


def _fields(entry: InboxEntry) -> dict[str, Any]:
    return {"position": entry.position, "thread_hash": thread_hash(entry.event.thread)}
