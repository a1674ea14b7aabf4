"""The inbox: events are recorded, then queued, up to as many as a worker can hold.

Each page and each thread has a bound, so that neither a page whose turns are slow or throttled nor
a person who writes without end can take all the room. The rest of a flood waits in the store.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from ..core.errors import StoreError
from ..core.events import Array, Event, Thread
from ..core.records.inbox import InboxEntry
from ..instruments.clock import Clock
from ..store.protocol import Store
from .queues import ThreadQueues
from .retrying import Retrying

logger = logging.getLogger(__name__)

BATCH = 100  # entries that are claimed at once
_AT_ONCE = 1000  # events in one step of the store


class Inbox:
    """Records events and queues them, each in its thread's queue, in the order of recording."""

    def __init__(
        self, *, store: Store, clock: Clock, queues: ThreadQueues, retrying: Retrying
    ) -> None:
        self._store = store
        self._clock = clock
        self._queues = queues
        self._retrying = retrying
        self._workload = Workload()
        self._left_some = False

    async def accept(self, events: Sequence[Event]) -> None:
        """Record events, and queue them; raises StoreError.

        If it is cancelled, recorded events may stay in the store until a worker claims them.
        """
        for start in range(0, len(events), _AT_ONCE):
            await self._record(events[start : start + _AT_ONCE])

    async def claim(self) -> None:
        """Take from the store what nobody holds, as long as there is room. Raises StoreError."""
        while True:
            threads, pages = self._workload.full_threads(), self._workload.full_pages()
            self._left_some = bool(threads or pages)
            now = self._clock.now()
            entries = await self._store.claim_inbox(
                now, limit=BATCH, without_threads=threads, without_pages=pages
            )
            for entry in entries:
                self._workload.take(entry.event.thread)
                self._queue(entry, now)
            if not entries:
                return

    async def _record(self, events: Sequence[Event]) -> None:
        threads = [event.thread for event in events]
        is_heard = all(event.array is Array.STANDBY for event in events)
        has_room = self._workload.take_all(threads, is_heard=is_heard)
        busy = threads if has_room else [t for t in threads if not self._workload.has_run_low(t)]
        entries: list[InboxEntry] = []
        now = self._clock.now()
        try:
            entries = await self._store.record(events, now, claim=has_room)
        finally:
            if has_room and len(entries) < len(events):
                self._let_go_of_others(threads, entries)
        for entry in entries:
            self._queue(entry, now)
        if len(entries) < len(events):
            self._left_some = True
            if any(map(self._workload.has_run_low, busy)):
                await self._claim_more()  # in the meantime, what was in hand has been handled

    def _let_go_of_others(self, threads: Sequence[Thread], entries: Sequence[InboxEntry]) -> None:
        others = Counter(threads)
        others.subtract(entry.event.thread for entry in entries)
        for thread in others.elements():
            self._workload.let_go(thread)

    def _queue(self, entry: InboxEntry, now: datetime) -> None:
        thread = entry.event.thread
        read_at = now if self._queues.is_idle(thread) else None
        self._queues.put(thread, partial(self._handle, entry, read_at))

    async def _handle(self, entry: InboxEntry, read_at: datetime | None) -> None:
        try:
            await self._retrying.handle(entry, read_at=read_at)
        finally:
            self._workload.let_go(entry.event.thread)
        if self._left_some and self._workload.has_run_low(entry.event.thread):
            await self._claim_more()

    async def _claim_more(self) -> None:
        try:
            await self.claim()
        except StoreError as error:
            logger.error("The events in the inbox have to wait for the store: %s", error)


MOST_OF_A_PAGE = 1000  # threads: a user who writes a lot takes no more room than others
MOST_OF_A_THREAD = 20  # events


class Workload:
    """Counts what a worker holds: the threads of each page, and the items of each thread.

    `most_of_a_page` threads of a page fit, or MOST_OF_A_PAGE.
    """

    def __init__(self, *, most_of_a_page: int | None = None) -> None:
        self._most_of_a_page = most_of_a_page
        self._of_pages: dict[str, int] = {}
        self._of_threads: dict[Thread, int] = {}

    @property
    def _room(self) -> int:
        """How many threads of a page fit."""
        return self._most_of_a_page or MOST_OF_A_PAGE

    def take_all(self, threads: Sequence[Thread], *, is_heard: bool = False) -> bool:
        """Take an event of each of these threads, or none if not all fit; returns whether they do.

        A thread may be listed twice. Events that are only heard (`is_heard`), because others have
        the thread, may take twice the room, so that events that wait for Rasa's turns never keep a
        handover from ending.
        """
        for thread in threads:
            self.take(thread)
        room = self._room * (2 if is_heard else 1)
        for thread in threads:
            if self._of_pages[thread.page] > room or self._of_threads[thread] > MOST_OF_A_THREAD:
                for taken in threads:
                    self.let_go(taken)
                return False
        return True

    def take(self, thread: Thread) -> None:
        of_thread = self._of_threads.get(thread, 0)
        self._of_threads[thread] = of_thread + 1
        if not of_thread:
            self._of_pages[thread.page] = self._of_pages.get(thread.page, 0) + 1

    def let_go(self, thread: Thread) -> None:
        self._of_threads[thread] -= 1
        if not self._of_threads[thread]:
            self._of_pages[thread.page] -= 1
            del self._of_threads[thread]

    def has_run_low(self, thread: Thread) -> bool:
        """Whether it is time for more: the thread has none left, and half of its page's room is
        free.
        """
        of_page = self._of_pages.get(thread.page, 0)
        return thread not in self._of_threads and of_page <= self._room // 2

    def full_pages(self) -> list[str]:
        """The pages from which no more is to be taken."""
        return [page for page in self._of_pages if self.is_full(page)]

    def is_full(self, page: str) -> bool:
        """Whether no more is to be taken from the page."""
        return self._of_pages.get(page, 0) >= self._room

    def full_threads(self) -> list[Thread]:
        """The threads from which no more is to be taken."""
        return [thread for thread, count in self._of_threads.items() if count >= MOST_OF_A_THREAD]
