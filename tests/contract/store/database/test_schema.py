"""The tables, and what `open` says about a database that it can't use."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, inspect
from sqlalchemy.engine import Connection, Engine

from channels.core.errors import StoreUnavailable, StoreVersionError
from channels.core.records.outgoing import OutgoingEntry
from channels.core.sessions.search import Search
from channels.core.sessions.transitions import ended
from channels.store.protocol import Scope, Store
from channels.store.sql import SqlStore
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    HOUR,
    NOW,
    end_session,
    line,
    message,
    new_session,
    words,
)

REPOSITORY = Path(__file__).parents[4]
FIXTURES = REPOSITORY / "tests" / "fixtures" / "store"
SCANS_ALLOWED = {
    "SCAN handover_schema",  # a single row
    # The pages for which something waits.
    *("SCAN pages", "SCAN CONSTANT ROW", "SCAN (subquery-2)", "SCAN (subquery-4)"),
    "SCAN handover_workers",  # a row for each worker
    "SCAN handover_notices USING INDEX handover_notices_told",  # what waits alone
    "SCAN handover_sessions USING INDEX handover_sessions_open",  # in order, up to a limit
    "SCAN oldest",  # what the one before has found
}
WRITTEN = "what nobody else may read"
SCOPE = Scope(plan="default", apps=("777",), without_pages=("another",))
Statement = tuple[str, Any]
Ask = Callable[[Store], Awaitable[object]]


@pytest.fixture
def statements() -> Iterator[list[Statement]]:
    """Every statement that SQLAlchemy executes, with its parameters."""
    executed: list[Statement] = []

    def listen(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        executed.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", listen)
    yield executed
    event.remove(Engine, "before_cursor_execute", listen)


async def open_and_close(url: str) -> None:
    store = SqlStore(url, worker="worker")
    await store.open()
    await store.close()


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda store: store.record([message("b")], NOW), id="record"),
        pytest.param(lambda store: store.claim_inbox(NOW + HOUR, limit=9), id="claim_inbox"),
        pytest.param(lambda store: store.renew_claims(NOW), id="renew_claims"),
        pytest.param(lambda store: store.done(1, NOW), id="done"),
        pytest.param(lambda store: store.failed(1, NOW), id="failed"),
        pytest.param(lambda store: store.last_user_texts(ANNA, limit=9), id="last_user_texts"),
        pytest.param(lambda store: store.last_user_at(ANNA), id="last_user_at"),
        pytest.param(lambda store: store.open_session(ANNA), id="open_session"),
        pytest.param(lambda store: store.waits(SCOPE, NOW), id="waits"),
        pytest.param(lambda store: store.open_sessions(limit=9), id="open_sessions"),
        pytest.param(lambda store: store.find_open(Search(), skip=0, limit=9), id="find_open"),
        pytest.param(lambda store: store.recent_sessions(ANNA, limit=9), id="recent_sessions"),
        pytest.param(lambda store: store.session("session"), id="session"),
        pytest.param(lambda store: store.save_session(new_session("session")), id="save_session"),
        pytest.param(
            lambda store: store.follow_session(
                ended(new_session("session")), new_session("next"), claim_until=NOW
            ),
            id="follow_session",
        ),
        pytest.param(
            lambda store: store.ended_sessions(since=NOW - HOUR, limit=9), id="ended_sessions"
        ),
        pytest.param(lambda store: store.last_ended(BEN), id="last_ended"),
        pytest.param(lambda store: store.claim_due(NOW + HOUR, limit=9), id="claim_due"),
        pytest.param(lambda store: store.transcript("session", limit=9), id="transcript"),
        pytest.param(lambda store: store.release(), id="release"),
        pytest.param(lambda store: store.report(NOW), id="report"),
        pytest.param(lambda store: store.forget(ANNA), id="forget of one who is open"),
        pytest.param(lambda store: store.forget(BEN), id="forget"),
        pytest.param(lambda store: store.has_echo("metadata"), id="has_echo"),
        pytest.param(lambda store: store.keep_echo("mark", NOW), id="keep_echo"),
        pytest.param(lambda store: store.say(words("b")), id="say"),
        pytest.param(lambda store: store.said(ANNA, "m_1"), id="said"),
        pytest.param(lambda store: store.take_again(1), id="take_again"),
        pytest.param(lambda store: store.withdraw([1]), id="withdraw"),
        pytest.param(lambda store: store.claim_outgoing(NOW + HOUR, limit=9), id="claim_outgoing"),
        pytest.param(lambda store: store.free_held(ANNA, NOW), id="free_held"),
        pytest.param(lambda store: before_send(store), id="before_send"),
        pytest.param(lambda store: store.sent(1, "m_9", NOW), id="sent"),
        pytest.param(lambda store: store.hold(1), id="hold"),
        pytest.param(lambda store: drop(store), id="drop"),
        pytest.param(lambda store: store.give_up(1, NOW, error="Error"), id="give_up"),
        pytest.param(lambda store: store.dead(limit=9), id="dead"),
        pytest.param(lambda store: store.retry_dead(), id="retry_dead"),
        pytest.param(lambda store: store.answer_lost(1), id="answer_lost"),
        pytest.param(lambda store: store.waits_outgoing(ANNA), id="waits_outgoing"),
        pytest.param(lambda store: store.has_mid("m_9"), id="has_mid"),
        pytest.param(lambda store: store.unconfirmed(ANNA), id="unconfirmed"),
        pytest.param(lambda store: store.claim_notice("desk", NOW), id="claim_notice"),
        pytest.param(lambda store: store.notice_told(1), id="notice_told"),
        pytest.param(
            lambda store: store.notice_failed(1, NOW, again_at=NOW + HOUR), id="notice_failed"
        ),
        pytest.param(
            lambda store: store.notice_failed(1, NOW, again_at=None), id="notice given up"
        ),
        pytest.param(lambda store: store.notices_backlog(), id="notices_backlog"),
        pytest.param(lambda store: prune(store), id="prune"),
        pytest.param(lambda store: reopen(store), id="open"),
    ],
)
async def test_no_operation_reads_through_a_table(
    sqlite_url: str, statements: list[Statement], ask: Ask
) -> None:
    store = SqlStore(sqlite_url, worker="worker")
    await store.open()
    await store.record([message("a")], NOW)
    await store.add_session(new_session("session"))
    await store.add_session(new_session("ended", BEN))
    await end_session(store, new_session("ended", BEN))
    await store.add_line(new_session("session"), line("a"))
    await store.say(words("a"))
    await store.say(words("held", BEN), held=True)
    statements.clear()
    await ask(store)
    await store.close()

    steps = {step for statement in statements for step in query_plan(sqlite_url, statement)}
    assert steps
    assert {step for step in steps if step.startswith("SCAN")} <= SCANS_ALLOWED


async def before_send(store: Store) -> None:
    await store.before_send(OutgoingEntry(position=1, outgoing=words("a")))


async def drop(store: Store) -> None:
    await store.drop(OutgoingEntry(position=1, outgoing=words("a")), NOW, rest=True)


async def prune(store: Store) -> None:
    await store.prune(
        NOW + 2 * HOUR,
        inbox_retention=HOUR,
        session_retention=HOUR,
        transcript_retention=HOUR,
    )


async def reopen(store: Store) -> None:
    await store.close()
    await store.open()


@pytest.mark.parametrize("kind", ["inbox", "outgoing"])
async def test_what_waits_for_a_page_that_is_full_is_not_read_past(
    sqlite_url: str, statements: list[Statement], kind: str
) -> None:
    store = SqlStore(sqlite_url, worker="worker")
    await store.open()
    for number in range(9):
        await store.record([message(str(number), BEN)], NOW, claim=False)
        await store.say(words(str(number), BEN), in_hand=False)
    claim: Any = store.claim_inbox if kind == "inbox" else store.claim_outgoing
    statements.clear()
    assert await claim(NOW + HOUR, limit=9, without_pages=[BEN.page]) == []
    await store.close()

    of_pages, expired = sorted(
        [one for one in statements if query_plan(sqlite_url, one)],
        key=lambda one: "WITH RECURSIVE" not in one[0],
    )
    steps = query_plan(sqlite_url, of_pages)
    assert [step for step in steps if f"INDEX handover_{kind}_free" in step]
    # Of those that somebody has, not of those that wait.
    assert [step for step in query_plan(sqlite_url, expired) if "claimed_until_us>?" in step]


def query_plan(url: str, statement: Statement) -> list[str]:
    sql, parameters = statement
    if not sql.startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
        return []
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


async def test_workers_that_start_together_all_get_their_tables(postgresql_url: str) -> None:
    stores = [SqlStore(postgresql_url, worker=f"worker {number}") for number in range(5)]

    await asyncio.gather(*[store.open() for store in stores])

    answers = [await store.add_session(new_session("session")) for store in stores]
    assert answers == [True, False, False, False, False]
    for store in stores:
        await store.close()


async def test_tables_of_a_newer_release_are_left_alone(sqlite_url: str) -> None:
    await open_and_close(sqlite_url)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE handover_schema SET version = 99")

    with pytest.raises(StoreVersionError, match=r"version 99.*Upgrade rasa-handover"):
        await open_and_close(sqlite_url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_tables_of_an_older_release_become_those_of_this_one(
    request: pytest.FixtureRequest, kind: str
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    run_script(url, FIXTURES / f"version_1_{kind}.sql")
    await open_and_close(url)
    upgraded = described(url)

    run_script(url, FIXTURES / "drop_all.sql")
    await open_and_close(url)
    assert upgraded == described(url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_an_upgrade_keeps_what_is_in_the_tables(
    request: pytest.FixtureRequest, kind: str
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    run_script(url, FIXTURES / f"version_1_{kind}.sql")
    run_script(url, FIXTURES / "version_1_rows.sql")
    store = SqlStore(url, worker="worker")
    await store.open()

    [entry] = await store.claim_inbox(NOW, limit=9)
    session = await store.open_session(ANNA)
    await store.close()

    assert entry.event == message("a")
    assert session == new_session("session")


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


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("handover.db", "not a database URL"),
        ("postgresql://bot:secret@host:port/db", "not a database URL"),
        ("mysql://bot:secret@host/db", "can't be 'mysql'"),
        ("sqlite://", "names no SQLite file"),
        ("sqlite:///:memory:", "names no SQLite file"),
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


def run_script(url: str, script: Path) -> None:
    engine = create_engine(url, future=True)
    with engine.begin() as connection:
        for statement in script.read_text().split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()


def described(url: str) -> dict[str, tuple[list[tuple[str, str]], list[str], list[str]]]:
    """Each table's columns and indexes."""
    engine = create_engine(url, future=True)
    inspector = inspect(engine)
    tables = {
        table: (
            [(column["name"], str(column["type"])) for column in inspector.get_columns(table)],
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted(str(_described(index)) for index in inspector.get_indexes(table)),
        )
        for table in inspector.get_table_names()
    }
    engine.dispose()
    return tables


def _described(index: Any) -> list[str]:
    where = [str(condition) for condition in index.get("dialect_options", {}).values()]
    return [index["name"], str(index["unique"]), *index["column_names"], *where]


def alter_table(url: str, change: str) -> None:
    engine = create_engine(url, future=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {change}")
    engine.dispose()
