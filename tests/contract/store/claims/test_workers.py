"""What `Store` promises to several workers on the same data."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import psycopg2
import pytest

from channels.core.events import (
    Array,
    Attachment,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Event,
    Thread,
)
from channels.core.records.inbox import InboxEntry
from channels.core.sessions.session import EndReason
from channels.core.sessions.transitions import ending
from channels.store.protocol import CLAIM_LEASE, DEAD_AFTER_FAILURES, Store
from channels.store.sql import SqlStore
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    NOW,
    SECOND,
    echo,
    message,
    new_session,
    next_version,
    postback,
)

Workers = tuple[Store, Store, Store]

LEASE_OVER = NOW + CLAIM_LEASE


def keys(entries: list[InboxEntry]) -> list[str]:
    return [entry.event.key for entry in entries]


async def test_an_event_that_reaches_two_workers_is_recorded_once(workers: Workers) -> None:
    answers = await asyncio.gather(
        *[worker.record([message("a"), message("b")], NOW) for worker in workers]
    )

    assert sorted(key for entries in answers for key in keys(entries)) == ["a", "b"]


async def test_what_another_worker_has_claimed_is_not_given(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a")], NOW)

    assert await two.claim_inbox(LEASE_OVER - SECOND, limit=9) == []


async def test_expired_claims_are_taken_over_with_the_oldest_first(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a"), message("b", BEN), message("c")], NOW)

    assert keys(await two.claim_inbox(LEASE_OVER, limit=2)) == ["a", "b"]
    assert keys(await two.claim_inbox(LEASE_OVER, limit=2)) == ["c"]


async def test_every_kind_of_event_is_taken_over_as_it_was_recorded(workers: Workers) -> None:
    one, two, _ = workers
    common: dict[str, Any] = {
        "thread": ANNA,
        "array": Array.MESSAGING,
        "at": NOW,
        "received_at": NOW + SECOND,
    }
    location = Attachment(type="location", payload={"coordinates": {"lat": 1.5, "long": -2}})
    events: list[Event] = [
        message("a", text="שלום \u0000 👋", payload="/affirm", attachments=(location,)),
        postback("b", title="Menu", payload="/menu", mid="m_b"),
        echo("c", text="hello", metadata="{}"),
        ControlPassed(key="d", new_owner="3001", previous_owner="3002", metadata="m", **common),
        ControlTaken(key="e", previous_owner="3001", **common),
        ControlRequested(key="f", requested_owner="3001", **common),
    ]
    await one.record(events, NOW)

    assert [entry.event for entry in await two.claim_inbox(LEASE_OVER, limit=9)] == events


async def test_a_claim_that_is_renewed_holds_on(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a")], NOW)
    await one.renew_claims(NOW + SECOND)

    assert await two.claim_inbox(LEASE_OVER, limit=9) == []
    assert keys(await two.claim_inbox(LEASE_OVER + SECOND, limit=9)) == ["a"]


async def test_a_claim_that_was_taken_over_can_be_renewed(workers: Workers) -> None:
    one, two, three = workers
    await one.record([message("a")], NOW)
    await two.claim_inbox(LEASE_OVER, limit=9)
    await two.renew_claims(LEASE_OVER + SECOND)

    assert await three.claim_inbox(LEASE_OVER + CLAIM_LEASE, limit=9) == []


async def test_a_worker_can_renew_nothing_that_was_taken_from_it(workers: Workers) -> None:
    one, two, three = workers
    await one.record([message("a")], NOW)
    await two.claim_inbox(LEASE_OVER, limit=9)
    await one.renew_claims(LEASE_OVER + SECOND)

    assert keys(await three.claim_inbox(LEASE_OVER + CLAIM_LEASE, limit=9)) == ["a"]


async def test_more_claims_than_one_statement_takes_are_renewed(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message(f"event {number}") for number in range(1_100)], NOW)
    await one.renew_claims(NOW + SECOND)

    assert await two.claim_inbox(LEASE_OVER, limit=9) == []


async def test_workers_that_claim_at_once_never_get_the_same_entry(workers: Workers) -> None:
    one, two, three = workers
    threads = [Thread(page="1", user=str(number)) for number in range(30)]
    await one.record([message(thread.user, thread) for thread in threads], NOW)

    taken: list[str] = []
    while len(taken) < len(threads):
        claims = [worker.claim_inbox(LEASE_OVER, limit=4) for worker in (two, three)]
        for entries in await asyncio.gather(*claims):
            taken += keys(entries)

    assert sorted(taken) == sorted(thread.user for thread in threads)


async def test_an_entry_waits_for_an_earlier_one_that_another_worker_has(workers: Workers) -> None:
    one, two, three = workers
    [first] = await one.record([message("first")], NOW + SECOND)
    await two.record([message("second"), message("of ben", BEN)], NOW)

    assert keys(await three.claim_inbox(LEASE_OVER, limit=9)) == ["of ben"]
    await one.done(first.position, LEASE_OVER)
    assert keys(await three.claim_inbox(LEASE_OVER, limit=9)) == ["second"]


async def test_an_entry_comes_with_the_earlier_ones_whose_claims_expired(workers: Workers) -> None:
    one, two, three = workers
    await one.record([message("first")], NOW)
    await two.record([message("second")], NOW)

    assert keys(await three.claim_inbox(LEASE_OVER, limit=9)) == ["first", "second"]


async def test_an_entry_does_not_wait_for_an_earlier_one_of_the_same_worker(
    workers: Workers,
) -> None:
    one, two, _ = workers
    await one.record([message("first")], NOW + SECOND)
    await two.record([message("second")], NOW)

    assert keys(await one.claim_inbox(LEASE_OVER, limit=9)) == ["second"]


async def test_a_dead_entry_does_not_hold_up_later_ones(workers: Workers) -> None:
    one, two, three = workers
    [first] = await one.record([message("first")], NOW + SECOND)
    await two.record([message("second")], NOW)
    for _ in range(DEAD_AFTER_FAILURES):
        await one.failed(first.position, NOW)

    assert keys(await three.claim_inbox(LEASE_OVER + SECOND, limit=9)) == ["second"]


async def test_failures_are_counted_across_workers(workers: Workers) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("a")], NOW)
    await one.failed(entry.position, NOW)
    await one.failed(entry.position, NOW)

    [taken] = await two.claim_inbox(LEASE_OVER, limit=9)

    assert taken.failures == 2
    assert await two.failed(taken.position, LEASE_OVER) is True


async def test_an_entry_that_failed_stays_in_the_hand_of_its_worker(workers: Workers) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("a")], NOW)
    await one.failed(entry.position, NOW)
    await one.renew_claims(NOW + SECOND)

    assert await two.claim_inbox(LEASE_OVER, limit=9) == []
    assert await one.claim_inbox(LEASE_OVER + SECOND, limit=9) == []


@pytest.mark.parametrize("outcome", ["done", "dead"])
async def test_what_is_over_is_never_claimed(workers: Workers, outcome: str) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("a")], NOW)
    if outcome == "done":
        await one.done(entry.position, NOW)
    else:
        for _ in range(DEAD_AFTER_FAILURES):
            await one.failed(entry.position, NOW)

    assert await two.claim_inbox(LEASE_OVER, limit=9) == []


async def test_who_lost_a_claim_may_still_say_that_it_is_done(workers: Workers) -> None:
    one, two, three = workers
    [entry] = await one.record([message("a")], NOW)
    await two.claim_inbox(LEASE_OVER, limit=9)
    await one.done(entry.position, LEASE_OVER)

    assert await three.claim_inbox(LEASE_OVER + CLAIM_LEASE, limit=9) == []


async def test_workers_that_claim_due_sessions_at_once_share_them(workers: Workers) -> None:
    one = workers[0]
    users = [str(number) for number in range(30)]
    for user in users:
        await one.add_session(new_session(user, Thread(page="1", user=user)))

    taken: list[str] = []
    while len(taken) < len(users):
        claims = [worker.claim_due(NOW, limit=4) for worker in workers]
        for sessions in await asyncio.gather(*claims):
            taken += [session.id for session in sessions]

    assert sorted(taken) == sorted(users)


async def test_what_another_transaction_is_changing_is_not_waited_for(postgresql_url: str) -> None:
    one, two = (SqlStore(postgresql_url, worker=worker) for worker in ("one", "two"))
    await one.open()
    await two.open()
    await one.record([message("a"), message("b", BEN)], NOW)
    await one.add_session(new_session("a", ANNA))
    await one.add_session(new_session("b", BEN))
    with psycopg2.connect(postgresql_url) as other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM handover_inbox WHERE key = 'a' FOR UPDATE")
        cursor.execute("SELECT 1 FROM handover_sessions WHERE id = 'a' FOR UPDATE")

        assert keys(await two.claim_inbox(LEASE_OVER, limit=9)) == ["b"]
        assert [session.id for session in await two.claim_due(NOW, limit=9)] == ["b"]
    other.close()
    await one.close()
    await two.close()


async def test_of_workers_that_open_a_session_for_a_thread_one_does(workers: Workers) -> None:
    sessions = [new_session(f"session {number}") for number in range(len(workers))]

    answers = await asyncio.gather(
        *[worker.add_session(session) for worker, session in zip(workers, sessions, strict=True)]
    )

    assert sum(answers) == 1
    assert await workers[0].open_session(ANNA) == sessions[answers.index(True)]


async def test_of_workers_that_end_a_session_one_does(workers: Workers) -> None:
    session = new_session("session")
    await workers[0].add_session(session)
    reasons = (EndReason.TIMEOUT, EndReason.KEYWORD, EndReason.AGENT_RETURNED)
    versions = [ending(session, reason, NOW) for reason in reasons]

    answers = await asyncio.gather(
        *[worker.save_session(version) for worker, version in zip(workers, versions, strict=True)]
    )

    assert sum(answers) == 1
    assert await workers[0].session("session") == versions[answers.index(True)]


async def test_what_one_worker_stores_the_others_see(workers: Workers) -> None:
    one, two, _ = workers
    session = new_session("session")
    await one.add_session(session)
    await two.save_session(next_version(session, user_messages=1))

    assert await one.open_session(ANNA) == next_version(session, user_messages=1)
    assert await one.save_session(next_version(session, operator_messages=1)) is False


async def test_workers_may_work_on_many_sessions_in_any_order(workers: Workers) -> None:
    sessions = [
        new_session(str(number), Thread(page="1", user=str(number))) for number in range(40)
    ]
    await asyncio.gather(*[workers[0].add_session(session) for session in sessions])
    versions = [next_version(session, user_messages=1) for session in sessions]

    forwards = [workers[0].save_session(version) for version in versions]
    backwards = [workers[1].save_session(version) for version in reversed(versions)]
    answers = await asyncio.gather(*forwards, *backwards)

    assert sum(answers) == len(sessions)


async def test_workers_share_the_time_of_postgresql(postgresql_url: str) -> None:
    store = SqlStore(postgresql_url, worker="worker")
    await store.open()
    before = datetime.now(timezone.utc)
    told = await store.time()
    await store.close()

    assert told is not None
    assert told.tzinfo is timezone.utc
    assert before <= told <= datetime.now(timezone.utc)


async def test_on_sqlite_there_is_no_time_but_our_own(sqlite_url: str) -> None:
    store = SqlStore(sqlite_url, worker="worker")
    await store.open()
    assert await store.time() is None
    await store.close()
