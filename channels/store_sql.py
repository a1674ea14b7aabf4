"""The store on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.engine import Connection

from . import store_inbox, store_pages, store_schema, store_sessions, store_transcript
from .errors import StoreUnavailable
from .events import Event, PageRoles, Thread
from .sessions import Session
from .store import InboxEntry
from .store_database import Database
from .store_writer import Writer
from .transcript import Line

_PRUNED_AT_ONCE = 500  # rows in one transaction, so that events never wait long for it


class SqlStore:
    """The Store of one worker; `Store` says what its methods do.

    `url` is sqlite:///handover.db, a file for one worker process, or postgresql://…, for any
    number of them. `worker` is a name that no other worker has, not even this one's
    predecessor.
    """

    def __init__(self, url: str, *, worker: str) -> None:
        self._url = url
        self._worker = worker
        self._resources = AsyncExitStack()
        self._opened_writer: Writer | None = None
        self._in_hand: set[int] = set()
        self._record = partial(store_inbox.record, worker=worker)

    async def open(self) -> None:
        database = Database(self._url)
        async with AsyncExitStack() as stack:
            stack.enter_context(database.reserve())
            writer = Writer(database.engine(), explain=database.explain)
            stack.push_async_callback(writer.close)
            await writer.run(store_schema.prepare)
            if database.is_sqlite:
                await writer.run(_void_claims)
            self._resources = stack.pop_all()
        self._in_hand.clear()
        self._opened_writer = writer

    async def close(self) -> None:
        await self._resources.aclose()

    async def record(self, events: Sequence[Event], now: datetime) -> list[InboxEntry]:
        if not events:
            return []
        entries = await self._writer.run_together(self._record, (events, now))
        # Not before the caller gets them: if it is cancelled, the claims must not be renewed.
        self._in_hand.update(entry.position for entry in entries)
        return entries

    async def claim_inbox(self, now: datetime, *, limit: int) -> list[InboxEntry]:
        claim = partial(store_inbox.claim, now=now, limit=limit, worker=self._worker)
        claimed = await self._writer.run(claim)
        entries = [entry for entry in claimed if entry.position not in self._in_hand]
        self._in_hand.update(entry.position for entry in entries)
        return entries

    async def renew_claims(self, now: datetime) -> None:
        positions = sorted(self._in_hand)
        await self._writer.run(
            partial(store_inbox.renew, positions=positions, now=now, worker=self._worker)
        )

    async def done(self, position: int, now: datetime) -> None:
        await self._writer.run_together(store_inbox.done, (position, now))
        self._in_hand.discard(position)

    async def failed(self, position: int, now: datetime) -> bool:
        dead = await self._writer.run(partial(store_inbox.failed, position=position, now=now))
        if dead:
            self._in_hand.discard(position)
        return dead

    async def add_session(self, session: Session, *, claim_until: datetime | None = None) -> bool:
        add = partial(store_sessions.add, session=session, claim_until=claim_until)
        return await self._writer.run(add)

    async def save_session(self, session: Session, *, claim_until: datetime | None = None) -> bool:
        save = partial(store_sessions.save, session=session, claim_until=claim_until)
        return await self._writer.run(save)

    async def session(self, session_id: str) -> Session | None:
        return await self._writer.run(partial(store_sessions.by_id, session_id=session_id))

    async def open_session(self, thread: Thread) -> Session | None:
        return await self._writer.run_together(store_sessions.open_of_threads, thread)

    async def open_sessions(self, *, limit: int) -> list[Session]:
        return await self._writer.run(partial(store_sessions.open_ones, limit=limit))

    async def count_open(self) -> int:
        return await self._writer.run(store_sessions.count_open)

    async def claim_due(self, now: datetime, *, limit: int) -> list[Session]:
        return await self._writer.run(partial(store_sessions.claim_due, now=now, limit=limit))

    async def next_due(self) -> datetime | None:
        return await self._writer.run(store_sessions.next_due)

    async def last_user_texts(self, thread: Thread, *, limit: int) -> list[str]:
        texts = partial(store_inbox.last_user_texts, thread=thread, limit=limit)
        return await self._writer.run(texts)

    async def last_user_at(self, thread: Thread) -> datetime | None:
        return await self._writer.run(partial(store_inbox.last_user_at, thread=thread))

    async def add_line(self, session: Session, line: Line) -> None:
        await self._writer.run_together(store_transcript.add, (session, line))

    async def transcript(self, session_id: str, *, limit: int) -> list[Line]:
        newest = partial(store_transcript.newest, session_id=session_id, limit=limit)
        return await self._writer.run(newest)

    async def keep_roles(self, roles: PageRoles) -> None:
        await self._writer.run(partial(store_pages.keep_roles, told=roles))

    async def roles(self, page: str) -> dict[str, tuple[str, ...]]:
        return await self._writer.run(partial(store_pages.roles, page=page))

    async def prune(
        self,
        now: datetime,
        *,
        inbox_retention: timedelta,
        session_retention: timedelta,
        transcript_retention: timedelta,
    ) -> None:
        handled, ended = now - inbox_retention, now - session_retention
        await self._prune(partial(store_inbox.prune, state=store_schema.DONE, before=handled))
        await self._prune(partial(store_inbox.prune, state=store_schema.DEAD, before=ended))
        await self._prune(partial(store_sessions.prune, before=ended))
        said = now - transcript_retention
        await self._prune(partial(store_transcript.prune, before=said))

    async def _prune(self, delete_some: Callable[..., int]) -> None:
        delete = partial(delete_some, limit=_PRUNED_AT_ONCE)
        while await self._writer.run(delete) == _PRUNED_AT_ONCE:
            pass

    @property
    def _writer(self) -> Writer:
        if self._opened_writer is None:
            raise StoreUnavailable("The session store is not open; open() has to come first.")
        return self._opened_writer


def _void_claims(connection: Connection) -> None:
    store_inbox.void_claims(connection)
    store_sessions.void_claims(connection)
