"""What operators see and do: open and ended sessions, what is dead, returning, forgetting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from ...core.briefing.transcript import MOST_LINES, Line
from ...core.events import Event, Thread
from ...core.records.dead import Dead, DeadId
from ...core.records.kept import PersonalData
from ...core.sessions.search import Found, Search
from ...core.sessions.session import EndReason, Session
from ...core.sessions.statistics import Statistics, statistics_of
from ...graph.threads import Threads
from ...handover.ending import Endings
from ...handover.waiting import WaitingRoom
from ...instruments.clock import Clock
from ...instruments.log_fields import thread_hash
from ...store.protocol import Store
from .names import Names

logger = logging.getLogger(__name__)

LOOK_SHARED_FOR = timedelta(seconds=1)
LEARN_INTERVAL = timedelta(seconds=10)
LEARNT_AT_ONCE = 200  # sessions whose users' names are asked for at one look


class Operations:
    """What the operator API asks of the engine.

    `due` is set when a session has something due at once. Each coroutine may raise StoreError, and
    those that take a sender id GraphError as well.
    """

    def __init__(
        self,
        *,
        names: Names,
        keeps_transcripts: bool,
        store: Store,
        clock: Clock,
        endings: Endings,
        waiting_room: WaitingRoom,
        threads: Threads,
        due: asyncio.Event,
    ) -> None:
        self.names = names
        self.keeps_transcripts = keeps_transcripts
        self._store = store
        self._clock = clock
        self._endings = endings
        self._waiting_room = waiting_room
        self._threads = threads
        self._due = due
        self._look_shared: tuple[tuple[Search, int, int], datetime, Found] | None = None
        self._given_back = 0  # threads, by this worker
        self._learnt = 0
        self._learn_again_at: datetime | None = None

    def now(self) -> datetime:
        """The time by the engine's clock."""
        return self._clock.now()

    def sender_id_of(self, thread: Thread) -> str:
        """Rasa's sender id for the thread's user."""
        return self._threads.sender_id(thread)

    async def open_sessions(self, *, limit: int) -> list[Session]:
        """The open sessions, the oldest first."""
        return await self._store.open_sessions(limit=limit)

    async def find_open(self, wanted: Search, *, skip: int, limit: int) -> Found:
        """The open sessions that the search finds, by its words also in names that are known."""
        if wanted.words:
            wanted = msgspec.structs.replace(
                wanted,
                threads=self.names.users_named(wanted.words),
                apps=self.names.apps_named(wanted.words),
            )
        found = await self._look(wanted, skip, limit)
        self.names.want(one.thread for one in found.sessions)
        if found.total > len(found.sessions) and self.names.may_learn:
            await self._learn_more(found.total)
        return found

    async def _look(self, wanted: Search, skip: int, limit: int) -> Found:
        """What the store finds; pages that show sessions by need ask every few seconds, and share
        it.
        """
        asked, now = (wanted, skip, limit), self._clock.now()
        if wanted.by_need and self._look_shared is not None:
            same, at, found = self._look_shared
            if same == asked and timedelta() <= now - at < LOOK_SHARED_FOR:
                return found
        given_back = self._given_back
        found = await self._store.find_open(wanted, skip=skip, limit=limit)
        if given_back == self._given_back:  # otherwise it may be out of date already
            self._look_shared = (asked, now, found)
        return found

    async def _learn_more(self, total: int) -> None:
        """Have other users' names asked for, some at each look, so that a search finds them."""
        now = self._clock.now()
        if self._learn_again_at is not None and now < self._learn_again_at:
            return
        more = await self._store.find_open(Search(), skip=self._learnt, limit=LEARNT_AT_ONCE)
        self.names.want(one.thread for one in more.sessions)
        self._learnt = self._learnt + LEARNT_AT_ONCE if self._learnt < total else 0
        self._learn_again_at = now + LEARN_INTERVAL

    async def session(self, session_id: str) -> Session | None:
        """The session with that id, open or ended."""
        return await self._store.session(session_id)

    async def transcript(self, session: Session) -> list[Line]:
        """What was said in a session, as far as it is kept."""
        return await self._store.transcript(session.id, limit=MOST_LINES)

    async def events(self, thread: Thread) -> list[Event]:
        """The events of a thread that are kept, as they are after what was taken back or edited."""
        return (await self._store.export(thread)).events

    async def open_session(self, sender_id: str) -> Session | None:
        """The open session of a user."""
        return await self._store.open_session(await self._threads.of(sender_id))

    async def return_thread(self, session: Session) -> bool:
        """End a session because an operator asks for it; False if it is not active or waiting."""
        reason = EndReason.OPERATOR_REQUEST
        if session.is_waiting:
            now = await self._waiting_room.end(session, reason)
            is_ended = now.reason is reason
        else:
            is_ended = await self._endings.end(session, reason, claimed=False) is not None
        self._look_shared = None
        self._given_back += 1
        self._due.set()
        return is_ended

    async def statistics(self, period: timedelta, *, limit: int) -> Statistics:
        """What came of the sessions that ended in the period up to now, of the last `limit` at
        most.
        """
        until = self._clock.now()
        since = until - period
        ended = await self._store.ended_sessions(since=since, limit=limit)
        if len(ended) == limit:
            since = ended[-1].ended_at or since
        return statistics_of(ended, since=since, until=until)

    async def dead(self, *, limit: int) -> list[Dead]:
        """What was set aside for good, the latest first."""
        return await self._store.dead(limit=limit)

    async def retry_dead(self, ids: Collection[DeadId] | None = None) -> int:
        """Take these up again, or all that is dead; returns how many."""
        retried = await self._store.retry_dead(ids)
        if retried:
            logger.info("%d events and messages that were set aside are taken up again.", retried)
        self._due.set()
        return retried

    async def ended_sessions(self, *, since: datetime, limit: int) -> list[Session]:
        """The sessions that have ended since then, the most recently ended first."""
        return await self._store.ended_sessions(since=since, limit=limit)

    async def export(self, sender_id: str) -> PersonalData:
        """The events, sessions, lines and messages that are kept of a user."""
        return await self._store.export(await self._threads.of(sender_id))

    async def forget(self, sender_id: str) -> int | None:
        """Erase everything that is kept about a user; returns how many rows.

        None, and nothing is erased, while a session of theirs is open or an event of theirs waits.
        """
        thread = await self._threads.of(sender_id)
        erased = await self._store.forget(thread)
        self.names.forget(thread)
        if erased:
            fields = {"thread_hash": thread_hash(thread)}
            logger.info("What was kept of a person is erased.", extra=fields)
        return erased
