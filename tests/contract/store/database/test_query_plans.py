"""Which indexes the store's operations use."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from channels.core.records.kept import Scope
from channels.core.records.outgoing import OutgoingEntry
from channels.core.sessions.search import Search
from channels.core.sessions.transitions import ended
from channels.store.protocol import Store
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
    next_version,
    words,
)

SCANS_ALLOWED = {
    "SCAN handover_schema",  # a single row
    # The pages for which something waits.
    *("SCAN pages", "SCAN CONSTANT ROW", "SCAN (subquery-2)", "SCAN (subquery-4)"),
    "SCAN handover_workers",  # a row for each worker
    "SCAN handover_notices USING INDEX handover_notices_told",  # only what waits
    "SCAN handover_sessions USING INDEX handover_sessions_open",  # in order, up to a limit
    "SCAN oldest",  # what the one before has found
}


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
        pytest.param(lambda store: store.look_up(ANNA, since=NOW), id="look_up"),
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
        pytest.param(lambda store: store.say(words("b", BEN)), id="say"),
        pytest.param(lambda store: store.said(ANNA, "m_1"), id="said"),
        pytest.param(lambda store: store.take_again(1, NOW), id="take_again"),
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
    await store.say(words("a"))
    await store.add_session(new_session("session"))
    await store.add_session(new_session("ended", BEN))
    await end_session(store, new_session("ended", BEN))
    await store.add_line(new_session("session"), line("a"))
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


async def test_a_version_that_keeps_what_indexes_go_by_rewrites_none_of_them(
    sqlite_url: str, statements: list[Statement]
) -> None:
    store = SqlStore(sqlite_url, worker="worker")
    await store.open()
    session = new_session("session")
    await store.add_session(session)
    statements.clear()
    assert await store.save_session(next_version(session, user_messages=1))
    await store.close()
    [update] = [text for text, _ in statements if text.startswith("UPDATE handover_sessions")]
    assert update.partition(" WHERE ")[0] == "UPDATE handover_sessions SET version = ?, data = ?"
