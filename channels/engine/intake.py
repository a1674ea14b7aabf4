"""The inbox's way into the queues: at once, while there is room, or from the store later."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial

from ..core.errors import StoreError
from ..core.events import Event, Thread
from ..instruments.clock import Clock
from ..store.protocol import InboxEntry, Store
from .hand import Hand
from .queues import ThreadQueues
from .retrying import Attempts

logger = logging.getLogger(__name__)

BATCH = 100  # entries that are claimed at once


class Intake:
    """Records events and queues them, each in its thread's queue, in the order of recording."""

    def __init__(
        self, *, store: Store, clock: Clock, queues: ThreadQueues, attempts: Attempts
    ) -> None:
        self._store = store
        self._clock = clock
        self._queues = queues
        self._attempts = attempts
        self._hand = Hand()
        self._left_some = False
        self._recordings: set[asyncio.Task[None]] = set()

    async def accept(self, events: Sequence[Event]) -> None:
        """Record events; once this returns they may be acknowledged. Raises StoreError.

        Who gives up waiting does not undo it: what has been recorded is handled.
        """
        recording = asyncio.create_task(self._record(events))
        self._recordings.add(recording)
        recording.add_done_callback(self._recorded)
        await asyncio.shield(recording)

    async def claim(self) -> None:
        """Take from the store what nobody has in hand, as long as there is room."""
        while True:
            threads, pages = self._hand.full_threads(), self._hand.full_pages()
            self._left_some = bool(threads or pages)
            entries = await self._store.claim_inbox(
                self._clock.now(), limit=BATCH, without_threads=threads, without_pages=pages
            )
            for entry in entries:
                self._hand.take(entry.event.thread)
                self._queue(entry)
            if not entries:
                return

    async def settled(self) -> None:
        """Return once everything that was accepted is recorded."""
        await asyncio.gather(*self._recordings, return_exceptions=True)

    async def _record(self, events: Sequence[Event]) -> None:
        threads = [event.thread for event in events]
        in_hand = self._hand.take_all(threads)
        entries: list[InboxEntry] = []
        try:
            entries = await self._store.record(events, self._clock.now(), in_hand=in_hand)
        finally:
            if in_hand and len(entries) < len(events):
                self._let_go_of_others(threads, entries)
        if len(entries) < len(events):
            self._left_some = True
        for entry in entries:
            self._queue(entry)

    def _let_go_of_others(self, threads: Sequence[Thread], entries: Sequence[InboxEntry]) -> None:
        others = Counter(threads)
        others.subtract(entry.event.thread for entry in entries)
        for thread in others.elements():
            self._hand.let_go(thread)

    def _recorded(self, recording: asyncio.Task[None]) -> None:
        self._recordings.discard(recording)
        if not recording.cancelled():
            recording.exception()  # whoever waited got it; nobody else need hear of it

    def _queue(self, entry: InboxEntry) -> None:
        self._queues.put(entry.event.thread, partial(self._handle, entry))

    async def _handle(self, entry: InboxEntry) -> None:
        try:
            await self._attempts.handle(entry)
        finally:
            self._hand.let_go(entry.event.thread)
        if self._left_some and self._hand.has_run_low(entry.event.thread):
            await self._claim_more()

    async def _claim_more(self) -> None:
        try:
            await self.claim()
        except StoreError as error:
            logger.error("What waits in the inbox waits on for the store: %s", error)
