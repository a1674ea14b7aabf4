"""The store on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.engine import Connection

from ..core.briefing.transcript import Line
from ..core.errors import StoreUnavailable
from ..core.events import Event, Thread
from ..core.notices import Addressed, NoticeEntry
from ..core.records.amendments import Amendment
from ..core.records.dead import Dead, DeadId
from ..core.records.outgoing import Outgoing, OutgoingEntry, Said, Standing
from ..core.sessions.search import Found, Search
from ..core.sessions.session import Session
from .claims import claims, workers
from .database import schema
from .database.database import Database
from .database.writer import Writer
from .inbox import amendments, dead, inbox
from .outgoing import outgoing
from .own_claims import OwnClaims
from .protocol import (
    CLAIM_LEASE,
    LEASE_MARGIN,
    WORKER_RETENTION,
    Backlog,
    Held,
    InboxEntry,
    PersonalData,
    Scope,
    Waits,
)
from .sessions import export, notices, search, sessions, transcript, waits

# Rows in one transaction, so that events never wait long for it.
_PRUNED_AT_ONCE = 500
_READ_AT_ONCE = 200


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
        self._own_claims = OwnClaims(worker)
        self._is_alone = False
        self._record = partial(inbox.record, worker=worker)
        self._say = partial(outgoing.say, worker=worker)
        self._before_send = partial(outgoing.before_send, worker=worker)
        self._reserve_turn = partial(workers.reserve_turns, worker=worker)
        self._free_turn = partial(workers.free_turns, worker=worker)

    async def open(self) -> None:
        database = Database(self._url)
        async with AsyncExitStack() as stack:
            stack.enter_context(database.reserve())
            writer = Writer(database.engine(), explain=database.explain, check=database.watch())
            stack.push_async_callback(writer.close)
            await writer.run(schema.prepare)
            if database.is_sqlite:
                await writer.run(_void_claims)
            self._resources = stack.pop_all()
        self._own_claims.clear()
        self._is_alone = database.is_sqlite
        self._say = partial(outgoing.say, worker=self._worker, is_alone=self._is_alone)
        self._opened_writer = writer

    async def close(self) -> None:
        await self._resources.aclose()

    async def time(self) -> datetime | None:
        return None if self._is_alone else await self._writer.run(workers.database_time)

    async def mend_dates(self, now: datetime) -> None:
        await self._writer.run(partial(sessions.mend_dates, now=now))

    async def record(
        self, events: Sequence[Event], now: datetime, *, claim: bool = True
    ) -> list[InboxEntry]:
        if not events:
            return []
        entries = await self._writer.run_together(self._record, (events, now, claim), urgent=True)
        # Not before the caller gets them: if it is cancelled, the claims must not be renewed.
        until = now + CLAIM_LEASE
        self._own_claims.positions.update((entry.position, until) for entry in entries)
        return entries

    async def claim_inbox(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[InboxEntry]:
        claim = partial(
            claims.claim,
            now=now,
            limit=limit,
            worker=self._worker,
            held=frozenset(self._own_claims.positions),
            without_threads=without_threads,
            without_pages=without_pages,
        )
        claimed = await self._writer.run(claim)
        # What is recorded meanwhile may have expired too, if the process stood still.
        entries = [entry for entry in claimed if entry.position not in self._own_claims.positions]
        until = now + CLAIM_LEASE
        self._own_claims.positions.update((entry.position, until) for entry in entries)
        return entries

    async def recorded(self, position: int) -> Event | None:
        return await self._writer.run_together(inbox.recorded, position)

    async def amend(self, amendment: Amendment, now: datetime) -> None:
        await self._writer.run(partial(amendments.amend, amendment=amendment, now=now))

    async def renew_claims(self, now: datetime) -> None:
        note_ours = await self._writer.run(self._own_claims.renewing(now))
        note_ours()

    def surely_holds(self, held: Held, now: datetime) -> bool:
        if self._is_alone:
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

    async def grip(self, session: Session, now: datetime) -> bool:
        ours = self._own_claims.until(session)
        grip = partial(sessions.grip, session=session, now=now, ours=ours)
        is_ours = await self._writer.run(grip)
        if is_ours:
            self._own_claims.note_claim(session, now + CLAIM_LEASE)
        return is_ours

    async def reserve_turn(self, thread: Thread, now: datetime) -> bool:
        if self._is_alone:
            return True
        is_ours = await self._writer.run_together(self._reserve_turn, (thread, now))
        if is_ours:
            self._own_claims.turns[thread] = now + CLAIM_LEASE
        return is_ours

    async def free_turn(self, thread: Thread) -> None:
        self._own_claims.turns.pop(thread, None)
        if not self._is_alone:
            await self._writer.run_together(self._free_turn, thread)

    async def release(self) -> None:
        await self._writer.run(self._own_claims.releasing())
        self._own_claims.clear()

    async def backlog(self) -> Backlog:
        return await self._writer.run(inbox.backlog)

    async def report(self, now: datetime) -> int:
        return await self._writer.run(partial(workers.report, now=now, worker=self._worker))

    async def done(self, position: int, now: datetime) -> None:
        await self._writer.run_together(claims.done, (position, now))
        self._own_claims.positions.pop(position, None)

    async def failed(
        self, position: int, now: datetime, *, error: str = "", for_good: bool = False
    ) -> bool:
        fail = partial(
            claims.failed,
            position=position,
            now=now,
            error=error,
            for_good=for_good,
            worker=self._worker,
        )
        is_dead = await self._writer.run(fail)
        if is_dead:
            self._own_claims.positions.pop(position, None)
        return is_dead

    async def add_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        add = partial(sessions.add, session=session, claim_until=claim_until, told=notices)
        return self._claimed(session, claim_until, is_stored=await self._writer.run(add))

    async def save_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        saved = await self._writer.run_together(sessions.save, (session, claim_until, notices))
        return self._claimed(session, claim_until, is_stored=saved)

    async def follow_session(
        self,
        ended: Session,
        following: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        follow = partial(
            sessions.follow,
            ended=ended,
            following=following,
            claim_until=claim_until,
            told=notices,
        )
        return self._claimed(following, claim_until, is_stored=await self._writer.run(follow))

    async def session(self, session_id: str) -> Session | None:
        return await self._writer.run(partial(sessions.by_id, session_id=session_id))

    async def open_session(self, thread: Thread) -> Session | None:
        return await self._writer.run_together(sessions.open_of_threads, thread)

    async def recent_sessions(self, thread: Thread, *, limit: int) -> list[Session]:
        return await self._writer.run(partial(sessions.recent, thread=thread, limit=limit))

    async def open_sessions(self, *, limit: int) -> list[Session]:
        return await self._writer.run(partial(sessions.open_ones, limit=limit))

    async def find_open(self, wanted: Search, *, skip: int, limit: int) -> Found:
        find = partial(search.find, search=wanted, skip=skip, limit=limit)
        return await self._writer.run(find)

    async def count_open(self) -> int:
        return await self._writer.run(sessions.count_open)

    async def claim_due(
        self, now: datetime, *, limit: int, without_pages: Collection[str] = ()
    ) -> list[Session]:
        claim = partial(
            sessions.claim_due,
            now=now,
            limit=limit,
            worker=self._worker,
            without_pages=without_pages,
        )
        due = await self._writer.run(claim)
        self._own_claims.forget_claims_before(now)
        for session in due:
            self._own_claims.note_claim(session, now + CLAIM_LEASE)
        return due

    async def waits(self, scope: Scope, now: datetime) -> Waits:
        return await self._writer.run(partial(waits.waits, scope=scope, now=now))

    async def ended_sessions(self, *, since: datetime, limit: int) -> list[Session]:
        found: list[Session] = []
        while room := min(_READ_AT_ONCE, limit - len(found)):
            read = partial(sessions.ended_ones, since=since, before=found[-1:], limit=room)
            some = await self._writer.run(read)
            found += some
            if len(some) < room:
                break
        return found

    async def last_ended(self, thread: Thread) -> Session | None:
        return await self._writer.run(partial(sessions.last_ended, thread=thread))

    async def export(self, thread: Thread) -> PersonalData:
        return await self._writer.run(partial(export.export, thread=thread))

    async def forget(self, thread: Thread) -> int | None:
        return await self._writer.run(partial(_forget, thread=thread))

    async def last_user_texts(self, thread: Thread, *, limit: int) -> list[str]:
        texts = partial(inbox.last_user_texts, thread=thread, limit=limit)
        return await self._writer.run(texts)

    async def last_user_at(self, thread: Thread) -> datetime | None:
        return await self._writer.run(partial(inbox.last_user_at, thread=thread))

    async def add_line(self, session: Session, line: Line) -> None:
        await self._writer.run_together(transcript.add, (session, line))

    async def transcript(self, session_id: str, *, limit: int) -> list[Line]:
        newest = partial(transcript.newest, session_id=session_id, limit=limit)
        return await self._writer.run(newest)

    async def say(
        self, said: Outgoing, *, in_hand: bool = True, held: bool = False, in_turn: bool = False
    ) -> OutgoingEntry | None:
        position = await self._writer.run_together(self._say, (said, in_hand, held, in_turn))
        if position is None:
            return None
        self._own_claims.outgoing[position] = said.said_at + CLAIM_LEASE
        return OutgoingEntry(position=position, outgoing=said)

    async def said(self, thread: Thread, turn: str) -> list[Said]:
        return await self._writer.run(partial(outgoing.of_turn, thread=thread, turn=turn))

    async def take_again(self, position: int) -> OutgoingEntry | None:
        take = partial(outgoing.take_again, position=position, worker=self._worker)
        entry = await self._writer.run(take)
        if entry is not None:
            self._own_claims.outgoing.setdefault(position, entry.outgoing.said_at)
        return entry

    async def withdraw(self, positions: Sequence[int]) -> None:
        await self._writer.run(partial(outgoing.withdraw, positions=positions))
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
        claim = partial(
            outgoing.claim,
            now=now,
            limit=limit,
            worker=self._worker,
            without_threads=without_threads,
            without_pages=without_pages,
        )
        return self._take(await self._writer.run(claim), now)

    async def free_held(self, thread: Thread, now: datetime) -> list[OutgoingEntry]:
        free = partial(outgoing.free_held, thread=thread, now=now, worker=self._worker)
        return self._take(await self._writer.run(free), now)

    async def before_send(self, entry: OutgoingEntry) -> tuple[Standing | None, Session | None]:
        standing, session = await self._writer.run_together(self._before_send, entry)
        if standing is None:
            self._own_claims.outgoing.pop(entry.position, None)
        return standing, session

    async def sent(self, position: int, mid: str, now: datetime) -> None:
        await self._writer.run_together(outgoing.sent, (position, mid, now))
        self._own_claims.outgoing.pop(position, None)

    async def hold(self, position: int) -> None:
        held = await self._writer.run(partial(outgoing.hold, position=position))
        for each in (position, *held):
            self._own_claims.outgoing.pop(each, None)

    async def drop(self, entry: OutgoingEntry, now: datetime, *, rest: bool = False) -> None:
        await self._writer.run(partial(outgoing.drop, entry=entry, now=now, rest=rest))
        self._own_claims.outgoing.pop(entry.position, None)

    async def give_up(self, position: int, now: datetime, *, error: str) -> None:
        await self._writer.run(partial(outgoing.give_up, position=position, now=now, error=error))
        self._own_claims.outgoing.pop(position, None)

    async def answer_lost(self, position: int) -> int:
        return await self._writer.run(partial(outgoing.failed, position=position))

    async def waits_outgoing(self, thread: Thread) -> bool:
        return await self._writer.run(partial(outgoing.waits, thread=thread))

    async def outgoing_backlog(self) -> Backlog:
        return await self._writer.run(outgoing.backlog)

    async def keep_echo(self, mark: str, now: datetime) -> None:
        await self._writer.run_together(outgoing.keep_echo, (mark, now))

    async def has_echo(self, mark: str) -> bool:
        return await self._writer.run(partial(outgoing.has_echo, mark=mark))

    async def unconfirmed(self, thread: Thread) -> list[OutgoingEntry]:
        return await self._writer.run(partial(outgoing.unconfirmed, thread=thread))

    async def has_mid(self, mid: str) -> bool:
        return await self._writer.run(partial(outgoing.has_mid, mid=mid))

    async def attempt(self, id_: DeadId, times: int = 1) -> int:
        return await self._writer.run(partial(dead.attempt, id_=id_, times=times))

    async def dead(self, *, limit: int) -> list[Dead]:
        return await self._writer.run(partial(dead.listed, limit=limit))

    async def retry_dead(self, ids: Collection[DeadId] | None = None) -> int:
        return await self._writer.run(partial(dead.retry, ids=ids))

    async def claim_notice(self, target: str, now: datetime) -> NoticeEntry | None:
        return await self._writer.run(partial(notices.claim, target=target, now=now))

    async def notice_told(self, position: int) -> None:
        await self._writer.run(partial(notices.told, position=position))

    async def notice_failed(
        self, position: int, now: datetime, *, again_at: datetime | None
    ) -> None:
        failed = partial(notices.failed, position=position, now=now, again_at=again_at)
        await self._writer.run(failed)

    async def notices_backlog(self) -> Backlog:
        return await self._writer.run(notices.backlog)

    async def prune(
        self,
        now: datetime,
        *,
        inbox_retention: timedelta,
        session_retention: timedelta,
        transcript_retention: timedelta,
    ) -> None:
        handled, ended = now - inbox_retention, now - session_retention
        await self._prune(partial(inbox.prune, state=schema.DONE, before=handled))
        await self._prune(partial(inbox.prune, state=schema.DEAD, before=ended))
        await self._prune(partial(sessions.prune, before=ended))
        said = now - transcript_retention
        await self._prune(partial(transcript.prune, before=said))
        for standing in (schema.SENT, schema.DROPPED):
            await self._prune(partial(outgoing.prune, state=standing, before=handled))
        await self._prune(partial(outgoing.prune, state=schema.DEAD, before=ended))
        await self._prune(partial(outgoing.prune_held, before=ended))
        await self._prune(partial(notices.prune, before=ended))
        await self._writer.run(partial(workers.prune, before=now - WORKER_RETENTION))

    def _take(self, claimed: Sequence[OutgoingEntry], now: datetime) -> list[OutgoingEntry]:
        """What was not in this worker's hand before."""
        new = [entry for entry in claimed if entry.position not in self._own_claims.outgoing]
        until = now + CLAIM_LEASE
        self._own_claims.outgoing.update((entry.position, until) for entry in claimed)
        return new

    async def _prune(self, delete_some: Callable[..., int]) -> None:
        delete = partial(delete_some, limit=_PRUNED_AT_ONCE)
        while await self._writer.run(delete) == _PRUNED_AT_ONCE:
            pass

    def _claimed(self, session: Session, claim_until: datetime | None, *, is_stored: bool) -> bool:
        """Note whether this worker has the session's claim, once the session is stored."""
        if is_stored:
            self._own_claims.note_claim(session, claim_until)
        return is_stored

    @property
    def _writer(self) -> Writer:
        if self._opened_writer is None:
            raise StoreUnavailable("The session store is not open; open() has to come first.")
        return self._opened_writer


def _forget(connection: Connection, thread: Thread) -> int | None:
    inbox.lock_threads(connection, [thread.key])  # or what is recorded meanwhile goes too
    if inbox.waits(connection, thread) or any(sessions.open_of_threads(connection, [thread])):
        return None
    kept = (inbox, sessions, transcript, outgoing, notices, workers)
    erased: int = sum(rows.forget(connection, thread) for rows in kept)
    return erased


def _void_claims(connection: Connection) -> None:
    claims.void_claims(connection)
    outgoing.void_claims(connection)
    sessions.void_claims(connection)
    notices.void_claims(connection)
