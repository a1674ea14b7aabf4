"""What two workers may ask of the store, of the one in memory and of PostgreSQL's alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from channels.core.events import Event, Thread
from channels.core.records.inbox import InboxEntry
from channels.core.sessions.search import Search
from channels.core.sessions.session import EndReason, Session, State
from channels.core.sessions.transitions import ended, ending, postponed
from channels.store.protocol import CLAIM_LEASE, Store
from channels.store.sql import SqlStore
from tests.contract.store.store_samples import NOW, line, message, new_session, next_version
from tests.fakes.store import MemoryStore

T = TypeVar("T")

workers = st.integers(0, 1)
numbers = st.integers(0, 9)
limits = st.integers(1, 3)
users = st.sampled_from(["anna", "ben"])
pauses = st.sampled_from([timedelta(seconds=1), CLAIM_LEASE / 2, CLAIM_LEASE])


def thread_of(user: str) -> Thread:
    return Thread(page="1", user=user)


def event_of(number: int) -> Event:
    return message(str(number), thread_of("anna" if number % 2 else "ben"))


class Comparison(RuleBasedStateMachine):
    """Asks both stores the same. Positions may differ, so entries are named by their number."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._now = NOW
        self._session_count = 0
        first = MemoryStore(worker="one")
        self._memory: list[Store] = [first, MemoryStore(worker="two", shared=first)]
        self._sql: list[Store] = [SqlStore(url, worker=worker) for worker in ("one", "two")]
        self._positions: dict[tuple[bool, int], int] = {}
        for store in self._sql:
            self._run(store.open())

    def teardown(self) -> None:
        for store in self._sql:
            self._run(store.close())
        self._loop.close()

    @rule(pause=pauses)
    def time_passes(self, pause: timedelta) -> None:
        self._now += pause

    @rule(worker=workers, recorded=st.lists(numbers, max_size=4), claim=st.booleans())
    def record(self, worker: int, recorded: list[int], claim: bool) -> None:
        events = [event_of(number) for number in recorded]
        self._same_entries(worker, lambda store: store.record(events, self._now, claim=claim))

    @rule(worker=workers, limit=limits, left_out=st.lists(users, max_size=1))
    def claim_inbox(self, worker: int, limit: int, left_out: list[str]) -> None:
        without = [thread_of(user) for user in left_out]
        self._same_entries(
            worker,
            lambda store: store.claim_inbox(self._now, limit=limit, without_threads=without),
        )

    @rule(worker=workers)
    def release(self, worker: int) -> None:
        self._same(worker, lambda store: store.release())

    @rule(worker=workers)
    def report(self, worker: int) -> None:
        self._same(worker, lambda store: store.report(self._now))

    @rule()
    def backlog(self) -> None:
        self._same(0, lambda store: store.backlog())

    @rule(user=users)
    def forget(self, user: str) -> None:
        self._same(0, lambda store: store.forget(thread_of(user)))

    @rule(number=numbers)
    def keep_echo(self, number: int) -> None:
        self._same(0, lambda store: store.keep_echo(str(number), self._now))

    @rule(number=numbers)
    def has_echo(self, number: int) -> None:
        self._same(1, lambda store: store.has_echo(str(number)))

    @rule(worker=workers, user=users)
    def reserve_turn(self, worker: int, user: str) -> None:
        self._same(worker, lambda store: store.reserve_turn(thread_of(user), self._now))

    @rule(worker=workers, user=users)
    def free_turn(self, worker: int, user: str) -> None:
        self._same(worker, lambda store: store.free_turn(thread_of(user)))

    @rule(worker=workers)
    def renew_claims(self, worker: int) -> None:
        self._same(worker, lambda store: store.renew_claims(self._now))

    @rule(worker=workers, number=numbers)
    def done(self, worker: int, number: int) -> None:
        self._same(worker, lambda store: store.done(self._position(store, number), self._now))

    @rule(worker=workers, number=numbers)
    def failed(self, worker: int, number: int) -> None:
        self._same(worker, lambda store: store.failed(self._position(store, number), self._now))

    @rule(user=users, limit=limits)
    def last_user_texts(self, user: str, limit: int) -> None:
        self._same(0, lambda store: store.last_user_texts(thread_of(user), limit=limit))

    @rule(user=users)
    def last_user_at(self, user: str) -> None:
        self._same(0, lambda store: store.last_user_at(thread_of(user)))

    @rule(worker=workers, user=users, claim=st.none() | pauses)
    def add_session(self, worker: int, user: str, claim: timedelta | None) -> None:
        self._session_count += 1
        session = new_session(str(self._session_count), thread_of(user), now=self._now)
        claim_until = self._now + claim if claim else None
        self._same(worker, lambda store: store.add_session(session, claim_until=claim_until))

    @rule(
        worker=workers,
        user=users,
        claim=st.none() | pauses,
        change=st.sampled_from(["hear", "postpone", "end", "come too late"]),
    )
    def save_session(self, worker: int, user: str, claim: timedelta | None, change: str) -> None:
        session = self._same(worker, lambda store: store.open_session(thread_of(user)))
        if session is not None:
            changed = self._changed(session, change)
            claim_until = self._now + claim if claim else None
            self._same(worker, lambda store: store.save_session(changed, claim_until=claim_until))

    @rule(worker=workers, user=users, claim=st.none() | pauses, is_outrun=st.booleans())
    def follow_session(
        self, worker: int, user: str, claim: timedelta | None, is_outrun: bool
    ) -> None:
        session = self._same(worker, lambda store: store.open_session(thread_of(user)))
        if session is not None:
            self._session_count += 1
            following = new_session(str(self._session_count), thread_of(user), now=self._now)
            over = ended(self._changed(session, "hear") if is_outrun else session)
            claim_until = self._now + claim if claim else None
            self._same(
                worker,
                lambda store: store.follow_session(over, following, claim_until=claim_until),
            )

    @rule(worker=workers)
    def claim_due(self, worker: int) -> None:
        async def claim(store: Store) -> list[Session]:
            due = await store.claim_due(self._now, limit=99)
            return sorted(due, key=lambda session: session.id)  # some are due at the same time

        self._same(worker, claim)

    @rule(limit=limits)
    def look_at_sessions(self, limit: int) -> None:
        self._same(0, lambda store: store.open_sessions(limit=limit))

    @rule(
        words=st.sampled_from(["", "an", "default", "%"]),
        or_anna=st.booleans(),
        by_need=st.booleans(),
        is_unanswered=st.booleans(),
        skip=st.integers(0, 2),
        limit=limits,
    )
    def find_open(
        self, words: str, or_anna: bool, by_need: bool, is_unanswered: bool, skip: int, limit: int
    ) -> None:
        search = Search(
            words=words,
            threads=(thread_of("anna"),) if or_anna else (),
            by_need=by_need,
            is_unanswered=is_unanswered,
        )
        self._same(0, lambda store: store.find_open(search, skip=skip, limit=limit))

    @rule(age=pauses, limit=limits)
    def ended_sessions(self, age: timedelta, limit: int) -> None:
        self._same(0, lambda store: store.ended_sessions(since=self._now - age, limit=limit))

    @rule(worker=workers, user=users, number=numbers, age=pauses)
    def add_line(self, worker: int, user: str, number: int, age: timedelta) -> None:
        session = self._same(worker, lambda store: store.open_session(thread_of(user)))
        if session is not None:
            said = line(str(number), at=self._now - age)
            self._same(worker, lambda store: store.add_line(session, said))

    @rule(session=st.integers(1, 9), limit=limits)
    def transcript(self, session: int, limit: int) -> None:
        self._same(0, lambda store: store.transcript(str(session), limit=limit))

    @rule(inbox_retention=pauses, session_retention=pauses, transcript_retention=pauses)
    def prune(self, **retentions: timedelta) -> None:
        self._same(0, lambda store: store.prune(self._now, **retentions))

    def _changed(self, session: Session, change: str) -> Session:
        if change == "hear":
            return next_version(session, user_messages=session.user_messages + 1)
        if change == "postpone":
            return postponed(session, self._now)
        if change == "end":
            over = session.state is State.ENDING
            return ended(session) if over else ending(session, EndReason.IDLE, self._now)
        return msgspec.structs.replace(session, attempts=session.attempts + 1)

    def _same(self, worker: int, ask: Callable[[Store], Awaitable[T]]) -> T:
        expected = self._run(ask(self._memory[worker]))
        assert self._run(ask(self._sql[worker])) == expected
        return expected

    def _same_entries(
        self, worker: int, ask: Callable[[Store], Awaitable[list[InboxEntry]]]
    ) -> None:
        async def without_positions(store: Store) -> list[tuple[Event, int, bool]]:
            entries = await ask(store)
            for entry in entries:
                number = int(entry.event.key)
                self._positions[isinstance(store, SqlStore), number] = entry.position
            return [(entry.event, entry.failures, entry.is_repeated) for entry in entries]

        self._same(worker, without_positions)

    def _position(self, store: Store, number: int) -> int:
        return self._positions.get((isinstance(store, SqlStore), number), 0)

    def _run(self, answer: Awaitable[T]) -> T:
        return self._loop.run_until_complete(answer)
