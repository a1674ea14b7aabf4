"""What operators see and do: open sessions, what became of others, returning, forgetting."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from ..core.events import Thread, sender_id_of
from ..core.sessions import EndReason, Session, is_held
from ..core.settings import Settings
from ..core.statistics import Statistics, statistics_of
from ..handover.handovers import Handovers
from ..instruments.clock import Clock
from ..instruments.log_fields import thread_hash
from ..store.protocol import Store
from .queues import ThreadQueues

logger = logging.getLogger(__name__)


class Operations:
    """What the operator API asks of the engine.

    `thread_of` finds a thread by Rasa's sender id; `advance` does what is due in a session.
    Everything here may raise StoreError; what takes a sender id, GraphError as well.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        clock: Clock,
        queues: ThreadQueues,
        handovers: Handovers,
        thread_of: Callable[[str], Awaitable[Thread]],
        advance: Callable[[str], Awaitable[None]],
    ) -> None:
        self._several_pages = bool(settings.pages)
        self._store = store
        self._clock = clock
        self._queues = queues
        self._handovers = handovers
        self._thread_of = thread_of
        self._advance = advance

    def now(self) -> datetime:
        """The moment by the engine's clock."""
        return self._clock.now()

    def sender_id_of(self, thread: Thread) -> str:
        """Rasa's sender id for the thread's user."""
        return sender_id_of(thread, several_pages=self._several_pages)

    async def open_sessions(self, *, limit: int) -> list[Session]:
        """The open sessions, the oldest first."""
        return await self._store.open_sessions(limit=limit)

    async def count_open(self) -> int:
        """How many sessions are open."""
        return await self._store.count_open()

    async def open_session(self, sender_id: str) -> Session | None:
        """The open session of a user."""
        return await self._store.open_session(await self._thread_of(sender_id))

    async def return_thread(self, session: Session) -> bool:
        """End a session because an operator asks for it; False if it is opening, or ending."""
        ending = await self._handovers.end(session, EndReason.OPERATOR_REQUEST)
        if ending is not None:
            self._queues.put(session.thread, partial(self._advance, session.id))
        return ending is not None

    async def statistics(self, period: timedelta, *, limit: int) -> Statistics:
        """What came of the last `limit` sessions that ended in the period up to now."""
        until = self._clock.now()
        since = until - period
        ended = await self._store.ended_sessions(since=since, limit=limit)
        if len(ended) == limit:
            since = ended[-1].ended_at or since
        return statistics_of(ended, since=since, until=until)

    async def forget(self, sender_id: str) -> int | None:
        """Erase all that is kept of a user; how many rows, or None while something is under way.

        A handover whose end waits for the user's next message ends now, in silence.
        """
        thread = await self._thread_of(sender_id)
        session = await self._store.open_session(thread)
        if session is not None and is_held(session):
            await self._queues.run(thread, partial(self._end_in_silence, session.id))
        erased = await self._store.forget(thread)
        if erased:
            fields = {"thread_hash": thread_hash(thread)}
            logger.info("What was kept of a person is erased.", extra=fields)
        return erased

    async def _end_in_silence(self, session_id: str) -> None:
        session = await self._store.session(session_id)
        if session is not None and is_held(session):
            await self._handovers.end_in_silence(session)
