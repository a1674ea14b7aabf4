"""What `open` does, and what the store says about a database that it can't use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from channels.core.errors import StoreUnavailable
from channels.store.database.database import Database
from channels.store.protocol import Store
from channels.store.sql import SqlStore
from tests.contract.store.database.database_samples import alter_table, open_and_close
from tests.contract.store.store_samples import (
    NOW,
    line,
    message,
    new_session,
)

REPOSITORY = Path(__file__).parents[4]
WRITTEN = "what nobody else may read"
Ask = Callable[[Store], Awaitable[object]]


async def test_sqlite_writes_through_to_the_disk_before_it_answers(sqlite_url: str) -> None:
    settings: set[tuple[str, int]] = set()

    def look(connection: Connection) -> None:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        settings.add((journal, synchronous))

    event.listen(Engine, "begin", look)
    await open_and_close(sqlite_url)
    event.remove(Engine, "begin", look)

    assert settings == {("wal", 2)}  # 2 is FULL


async def test_a_second_process_is_kept_away_until_the_first_is_killed(sqlite_url: str) -> None:
    script = f"""
import asyncio
from channels.store.sql import SqlStore

async def hold():
    store = SqlStore({sqlite_url!r}, worker="first")
    await store.open()
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(hold())
"""
    first = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    try:
        assert await first.stdout.readline() == b"open\n"
        with pytest.raises(StoreUnavailable, match=r"one worker.*PostgreSQL"):
            await open_and_close(sqlite_url)
    finally:
        first.kill()
        await first.wait()

    await open_and_close(sqlite_url)


async def test_a_start_that_failed_leaves_the_file_to_the_next(sqlite_url: str) -> None:
    with (
        broken_file(sqlite_url),
        pytest.raises(StoreUnavailable, match=r"file is not a database.*Check that the file"),
    ):
        await open_and_close(sqlite_url)

    await open_and_close(sqlite_url)


@contextmanager
def broken_file(url: str) -> Iterator[None]:
    file = Path(url.removeprefix("sqlite:///"))
    file.write_text("This is a text, and no database, however long it goes on. " * 99)
    yield
    file.unlink()


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=rf"no directory '{tmp_path}/missing'"):
        await open_and_close(f"sqlite:///{tmp_path}/missing/handover.db")


def test_a_file_that_cannot_be_locked_is_explained(sqlite_url: str) -> None:
    Path(f"{sqlite_url.removeprefix('sqlite:///')}.lock").mkdir()

    with pytest.raises(StoreUnavailable, match=r"Is a directory.*Check that the file"):
        asyncio.run(open_and_close(sqlite_url))


async def test_a_file_that_has_another_name_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    """Each of its names would have a lock of its own, and SQLite a log of what it writes."""
    await open_and_close(sqlite_url)
    (tmp_path / "other.db").hardlink_to(sqlite_url.removeprefix("sqlite:///"))
    for url in (sqlite_url, f"sqlite:///{tmp_path}/other.db"):
        with pytest.raises(StoreUnavailable, match=r"another name, too .* copy the file"):
            await open_and_close(url)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("handover.db", "not a database URL"),
        ("postgresql://bot:secret@host:port/db", "not a database URL"),
        ("mysql://bot:secret@host/db", "can't be 'mysql'"),
        ("sqlite:///handover.db?timeout=soon", "an option after '.' that can't be used"),
        ("sqlite://", "names no SQLite file"),
        ("sqlite:///:memory:", "names no SQLite file"),
        ("sqlite:///file:handover.db?uri=true", "names no SQLite file"),
        ("sqlite:///file:handover?mode=memory&cache=shared&uri=true", "names no SQLite file"),
    ],
)
async def test_a_url_of_no_use_is_answered_with_the_forms_allowed(url: str, complaint: str) -> None:
    with pytest.raises(StoreUnavailable, match=complaint) as raised:
        await open_and_close(url)

    assert "write sqlite:///handover.db" in str(raised.value)
    assert "secret" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:secret@127.0.0.1:1/handover",
        "postgresql://127.0.0.1:1/handover?user=bot&password=secret&sslpassword=secret",
    ],
)
async def test_no_password_shows_when_the_database_does_not_answer(url: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/handover.* failed: ") as raised:
        await open_and_close(url)

    assert "secret" not in "".join(traceback.format_exception(raised.value))


WRITING = [
    pytest.param(
        "handover_inbox RENAME COLUMN event",
        lambda store: store.record([message("a", text=WRITTEN)], NOW),
        id="inbox",
    ),
    pytest.param(
        "handover_transcript RENAME COLUMN text",
        lambda store: store.add_line(new_session("session"), line(WRITTEN)),
        id="transcript",
    ),
]


@pytest.mark.parametrize(("column", "write"), WRITING)
async def test_what_users_wrote_does_not_show_in_an_error(
    postgresql_url: str, sqlite_url: str, column: str, write: Ask
) -> None:
    for url in (postgresql_url, sqlite_url):
        store = SqlStore(url, worker="worker")
        await store.open()
        alter_table(url, f"{column} TO other")
        with pytest.raises(StoreUnavailable) as raised:
            await write(store)
        await store.close()

        assert WRITTEN not in "".join(traceback.format_exception(raised.value))


def test_nor_does_the_row_that_postgresql_quotes_below_its_error() -> None:
    said = f"ERROR: a value is missing\nDETAIL: Failing row contains ({WRITTEN})."
    explained = Database("postgresql://host/bot").explain(DBAPIError("", {}, Exception(said)))
    assert "a value is missing" in str(explained)
    assert WRITTEN not in str(explained)
