"""Which echoes are of the bot's messages: Meta sends those of everybody who writes for a page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ..core.events import Echo
from ..core.records.outgoing import is_echoed
from ..graph.protocol import Graph
from ..instruments.clock import Clock
from ..store.protocol import Store

MOST_REMEMBERED = 10_000  # marks of messages that this worker has sent
LOOK_INTERVAL = timedelta(seconds=1)  # between checks for an answer that may still come


class OwnEchoes:
    """Recognises an echo by its message's mark, or else by its id or its words."""

    def __init__(self, *, store: Store, graph: Graph, clock: Clock, shared_clock: Clock) -> None:
        self._store = store
        self._graph = graph
        self._clock = clock
        self._shared_clock = shared_clock
        self._sent_marks: dict[str, None] = {}
        self._storing: dict[str, asyncio.Event] = {}  # Meta's answers, by the same marks

    @contextmanager
    def storing(self, mark: str) -> Iterator[None]:
        """Inside, Meta's answer to the message with this mark is being stored."""
        stored = self._storing[mark] = asyncio.Event()
        try:
            yield
            self._remember(mark)
        finally:
            stored.set()
            del self._storing[mark]

    async def has_sent(self, mark: str) -> bool:
        """Whether this worker has stored Meta's answer to the message with this mark; if it is
        storing it now, waits for that.
        """
        if (storing := self._storing.get(mark)) is not None:
            await storing.wait()
        return mark in self._sent_marks

    async def has_said(self, echo: Echo, *, until: datetime | None = None) -> bool:
        """Whether an echo that names no sender is of a message of ours. Raises StoreError.

        Its id is known once Meta's answer is stored: while the thread has messages to send, this
        waits for that, but not past `until`. If the echo has the words of a message of which Meta's
        answer is not known, then Meta has that message, and this is stored.
        """
        while True:
            may_wait = until is not None and self._shared_clock.now() < until
            waits = may_wait and await self._store.waits_outgoing(echo.thread)
            unconfirmed = await self._store.unconfirmed(echo.thread)
            if echo.mid is not None and await self._store.has_mid(echo.mid):
                return True
            for entry in unconfirmed:
                if is_echoed(entry.outgoing.message, echo):
                    self._graph.echo_heard(entry.outgoing.mark)
                    now = self._shared_clock.now()
                    await self._store.sent(entry.position, echo.mid or "", now)
                    return True
            if not waits:
                return False
            await self._clock.sleep(LOOK_INTERVAL)

    def _remember(self, mark: str) -> None:
        # Only now: until then its echo has to be stored, or another worker would send it again.
        self._sent_marks[mark] = None
        if len(self._sent_marks) > MOST_REMEMBERED:
            del self._sent_marks[next(iter(self._sent_marks))]
