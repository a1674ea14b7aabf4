"""The store on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.engine import Connection

from ..core.events import Thread
from ..core.records.kept import Lookup
from ..core.records.outgoing import Outgoing, OutgoingEntry, Standing
from ..core.sessions.session import Session
from .claims import claims, workers
from .database import schema
from .database.database import Database
from .database.writer import Writer, asking
from .inbox import inbox
from .inbox_operations import InboxOperations
from .outgoing import claiming, keeping, saying, sending
from .protocol import (
    CLAIM_LEASE,
    LEASE_MARGIN,
    WORKER_RETENTION,
    Held,
)
from .session_operations import SessionOperations
from .sessions import claiming as session_claiming
from .sessions import export, notices, sessions, transcript

_PRUNED_AT_ONCE = 500  # rows in one transaction: events never wait long for it


class SqlStore(SessionOperations, InboxOperations):
    """The Store of one worker; see `Store` for what the methods do.

    `url` is sqlite:///handover.db, a file for one worker process, or postgresql://…, for any
    number of them. `worker` is a name that no other worker has, not even this one's predecessor.
    """

    def __init__(self, url: str, *, worker: str) -> None:
        super().__init__(worker)
        self._url = url
        self._resources = AsyncExitStack()
        self.is_alone = False
        self._say = partial(saying.say, worker=worker)
        self._before_send = partial(sending.before_send, worker=worker)
        self._reserve_turn = partial(workers.reserve_turns, worker=worker)
        self._free_turn = partial(workers.free_turns, worker=worker)

    async def open(self) -> None:
        database = Database(self._url)
        async with AsyncExitStack() as stack:
            stack.enter_context(database.reserve())
            writer = inbox_writer = _writer(database, stack)
            await writer.run(schema.prepare)
            if database.is_sqlite:  # it has one writer at a time
                await writer.run(_void_claims)
            else:
                inbox_writer = _writer(database, stack)
            self._resources = stack.pop_all()
        self._own_claims.clear()
        self.is_alone = database.is_sqlite
        self._say = partial(saying.say, worker=self.worker, is_alone=self.is_alone)
        self._writer, self._inbox_writer = writer, inbox_writer

    async def close(self) -> None:
        await self._resources.aclose()

    async def time(self) -> datetime | None:
        if self.is_alone:
            return None
        told = await self._writer.run(workers.database_time)
        self._outages.told(told)
        return told

    async def renew_claims(self, now: datetime) -> None:
        note_ours = await self._writer.run(self._own_claims.renewing(now))
        note_ours()

    def surely_holds(self, held: Held, now: datetime) -> bool:
        if self.is_alone:
            return True
        until = self._own_claims.until(held)
        return until is not None and until - now > LEASE_MARGIN

    async def holds(self, held: Held, now: datetime) -> bool:
        if self.surely_holds(held, now):
            return True
        if isinstance(held, Session):
            return await self.grip(held, now)
        await self.renew_claims(now)
        return self.surely_holds(held, now)

    async def reserve_turn(self, thread: Thread, now: datetime) -> bool:
        is_ours = await self._writer.run_together(
            self._reserve_turn, (thread, now, self._outages.allowance())
        )
        if is_ours:
            self._own_claims.turns[thread] = now + CLAIM_LEASE
        return is_ours

    async def free_turn(self, thread: Thread) -> None:
        self._own_claims.turns.pop(thread, None)
        await self._writer.run_together(self._free_turn, thread)

    async def release(self) -> None:
        await self._writer.run(self._own_claims.releasing())
        self._own_claims.clear()

    async def report(self, now: datetime) -> int:
        return await self._writer.run(partial(workers.report, now=now, worker=self.worker))

    export = asking(export.export)

    async def forget(self, thread: Thread) -> int | None:
        return await self._writer.run(partial(_forget, thread=thread))

    async def say(
        self, said: Outgoing, *, in_hand: bool = True, held: bool = False, in_turn: bool = False
    ) -> OutgoingEntry | None:
        position = await self._writer.run_together(self._say, (said, in_hand, held, in_turn))
        if position is None:
            return None
        self._own_claims.outgoing[position] = said.said_at + CLAIM_LEASE
        return OutgoingEntry(position=position, outgoing=said)

    said = asking(saying.of_turn)

    async def take_again(self, position: int, now: datetime) -> OutgoingEntry | None:
        take = partial(saying.take_again, position=position, now=now, worker=self.worker)
        entry = await self._writer.run(take)
        if entry is not None:
            self._own_claims.outgoing[position] = now + CLAIM_LEASE
        return entry

    async def withdraw(self, positions: Sequence[int]) -> None:
        withdraw = partial(saying.withdraw, positions=positions, worker=self.worker)
        await self._writer.run(withdraw)
        for position in positions:
            self._own_claims.outgoing.pop(position, None)

    async def claim_outgoing(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[OutgoingEntry]:
        with self._outages.noticed() as allowance:
            claim = partial(
                claiming.claim,
                now=now,
                limit=limit,
                worker=self.worker,
                held=frozenset(self._own_claims.outgoing),
                without_threads=without_threads,
                without_pages=without_pages,
                allowance=allowance,
            )
            return self._take(await self._writer.run(claim), now)

    async def look_up(self, thread: Thread, *, since: datetime) -> Lookup:
        return await self._writer.run_together(claiming.look_up, (thread, since))

    async def free_held(self, thread: Thread, now: datetime) -> list[OutgoingEntry]:
        free = partial(claiming.free_held, thread=thread, now=now, worker=self.worker)
        return self._take(await self._writer.run(free), now)

    async def before_send(self, entry: OutgoingEntry) -> tuple[Standing | None, Session | None]:
        standing, session = await self._writer.run_together(self._before_send, entry)
        if standing is not Standing.WAITING:
            self._own_claims.outgoing.pop(entry.position, None)
        return standing, session

    async def sent(self, position: int, mid: str, now: datetime) -> None:
        await self._writer.run_together(sending.sent, (position, mid, now))
        self._own_claims.outgoing.pop(position, None)

    async def hold(self, position: int) -> None:
        held = await self._writer.run(partial(sending.hold, position=position))
        for each in (position, *held):
            self._own_claims.outgoing.pop(each, None)

    async def drop(self, entry: OutgoingEntry, now: datetime, *, rest: bool = False) -> None:
        await self._writer.run(partial(sending.drop, entry=entry, now=now, rest=rest))
        self._own_claims.outgoing.pop(entry.position, None)

    async def give_up(self, position: int, now: datetime, *, error: str) -> None:
        await self._writer.run(partial(sending.give_up, position=position, now=now, error=error))
        self._own_claims.outgoing.pop(position, None)

    answer_lost = asking(sending.failed)

    waits_outgoing = asking(sending.waits)

    outgoing_backlog = asking(keeping.backlog)

    async def keep_echo(self, mark: str, now: datetime) -> None:
        await self._writer.run_together(sending.keep_echo, (mark, now))

    has_echo = asking(sending.has_echo)

    unconfirmed = asking(sending.unconfirmed)

    has_mid = asking(sending.has_mid)

    claim_notice = asking(notices.claim)

    notice_told = asking(notices.told)

    notice_failed = asking(notices.failed)

    notices_backlog = asking(notices.backlog)

    async def prune(
        self,
        now: datetime,
        *,
        inbox_retention: timedelta,
        session_retention: timedelta,
        transcript_retention: timedelta,
    ) -> None:
        handled, ended = now - inbox_retention, now - session_retention
        done, dead = (partial(inbox.prune, state=each) for each in (schema.DONE, schema.DEAD))
        await self._prune(partial(done, before=handled, but_signs_of_life=True))
        await self._prune(partial(done, before=min(handled, ended)))
        await self._prune(partial(dead, before=ended))
        await self._prune(partial(sessions.prune, before=ended))
        said = now - transcript_retention
        await self._prune(partial(transcript.prune, before=said))
        for standing in (schema.SENT, schema.DROPPED):
            await self._prune(partial(keeping.prune, state=standing, before=handled))
        await self._prune(partial(keeping.prune, state=schema.DEAD, before=ended))
        await self._prune(partial(keeping.prune_held, before=ended))
        await self._prune(partial(notices.prune, before=ended))
        await self._writer.run(partial(workers.prune, before=now - WORKER_RETENTION))

    def _take(self, claimed: Sequence[OutgoingEntry], now: datetime) -> list[OutgoingEntry]:
        """Note the claims; returns the messages that were not in this worker's hand before."""
        new = [entry for entry in claimed if entry.position not in self._own_claims.outgoing]
        until = now + CLAIM_LEASE
        self._own_claims.outgoing.update((entry.position, until) for entry in claimed)
        return new

    async def _prune(self, delete_some: Callable[..., int]) -> None:
        delete = partial(delete_some, limit=_PRUNED_AT_ONCE)
        while await self._writer.run(delete) == _PRUNED_AT_ONCE:
            pass


def _writer(database: Database, stack: AsyncExitStack) -> Writer:
    """A writer that is closed with `stack`."""
    writer = Writer(database.engine(), explain=database.explain, begin=database.transactions())
    stack.push_async_callback(writer.close)
    return writer


def _forget(connection: Connection, thread: Thread) -> int | None:
    inbox.lock_threads(connection, [thread.key])  # or events recorded meanwhile would go, too
    if inbox.waits(connection, thread) or any(sessions.open_of_threads(connection, [thread])):
        return None
    kept = (inbox, sessions, transcript, keeping, notices, workers)
    erased: int = sum(rows.forget(connection, thread) for rows in kept)
    return erased


def _void_claims(connection: Connection) -> None:
    claims.void_claims(connection)
    claiming.void_claims(connection)
    session_claiming.void_claims(connection)
    notices.void_claims(connection)
