"""What `Store` promises of claims: one worker a thread, in order, and given back."""

from __future__ import annotations

from datetime import datetime, timezone

from channels.core.events import Thread
from channels.core.records.inbox import InboxEntry
from channels.store.protocol import CLAIM_LEASE, DEAD_AFTER_FAILURES, Store
from channels.store.sql import SqlStore
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    HOUR,
    NOW,
    SECOND,
    end_session,
    line,
    message,
    new_session,
)

Workers = tuple[Store, Store, Store]

LEASE_OVER = NOW + CLAIM_LEASE
ELSEWHERE = Thread(page="10010", user="2001")  # its page's id begins with that of ANNA's page


def keys(entries: list[InboxEntry]) -> list[str]:
    return [entry.event.key for entry in entries]


async def test_what_nobody_claims_waits_for_whoever_comes(workers: Workers) -> None:
    one, two, _ = workers

    assert await one.record([message("a"), message("b", BEN)], NOW, claim=False) == []
    assert keys(await two.claim_inbox(NOW, limit=9)) == ["a", "b"]


async def test_an_event_follows_the_earlier_ones_of_its_thread(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("first")], NOW)

    assert keys(await two.record([message("second"), message("ben", BEN)], NOW)) == ["ben"]
    assert await two.claim_inbox(NOW, limit=9) == []


async def test_a_claim_by_a_clock_that_was_ahead_holds_nothing_up(workers: Workers) -> None:
    one, two, _ = workers
    now = datetime.now(timezone.utc)
    await one.record([message("first")], now + HOUR)
    await two.record([message("second")], now)

    assert keys(await two.claim_inbox(now, limit=9)) == ["first", "second"]


async def test_a_worker_that_stood_still_before_its_claim_takes_nothing_from_one_that_works(
    postgresql_url: str,
) -> None:
    working, halted = [SqlStore(postgresql_url, worker=name) for name in ("working", "halted")]
    now = datetime.now(timezone.utc)
    before = now - 93 * SECOND
    for store in (working, halted):
        await store.open()
    await working.record([message("a")], before)
    await working.renew_claims(now)

    assert await halted.claim_inbox(before, limit=9) == []
    for store in (working, halted):
        await store.close()


async def test_whoever_claims_first_gets_what_has_become_free(workers: Workers) -> None:
    one, two, _ = workers
    [first] = await one.record([message("first")], NOW)
    await two.record([message("second")], NOW)
    await one.done(first.position, NOW)

    assert keys(await two.claim_inbox(NOW, limit=9)) == ["second"]


async def test_an_event_behind_one_that_nobody_has_waits_too(store: Store) -> None:
    await store.record([message("first")], NOW, claim=False)

    assert await store.record([message("second")], NOW) == []
    assert keys(await store.claim_inbox(NOW, limit=9)) == ["first", "second"]


async def test_an_event_behind_those_of_the_same_worker_joins_them(store: Store) -> None:
    await store.record([message("first")], NOW)

    assert keys(await store.record([message("second")], NOW)) == ["second"]


async def test_what_a_dead_entry_was_ahead_of_is_not_held_up(workers: Workers) -> None:
    one, two, _ = workers
    [first] = await one.record([message("first")], NOW)
    for _ in range(DEAD_AFTER_FAILURES):
        await one.failed(first.position, NOW)

    assert keys(await two.record([message("second")], NOW)) == ["second"]


async def test_threads_and_pages_can_be_left_out(store: Store) -> None:
    entries = [message("anna"), message("ben", BEN), message("elsewhere", ELSEWHERE)]
    await store.record(entries, NOW, claim=False)

    assert await store.claim_inbox(NOW, limit=9, without_pages=["1001", "10010"]) == []
    assert keys(await store.claim_inbox(NOW, limit=9, without_pages=["1001"])) == ["elsewhere"]
    assert keys(await store.claim_inbox(NOW, limit=9, without_threads=[ANNA])) == ["ben"]
    assert keys(await store.claim_inbox(NOW, limit=9)) == ["anna"]


async def test_what_is_held_takes_nobodys_place_once_its_claim_has_expired(store: Store) -> None:
    await store.record([message("a"), message("b"), message("c")], NOW)
    await store.record([message("ben", BEN), message("else", ELSEWHERE)], NOW, claim=False)

    assert keys(await store.claim_inbox(LEASE_OVER, limit=3)) == ["ben", "else"]


async def test_any_number_of_entries_may_be_held(store: Store) -> None:
    more_than_a_statement_takes = 1100
    await store.record([message(f"{n}") for n in range(more_than_a_statement_takes)], NOW)
    await store.record([message("ben", BEN)], NOW, claim=False)

    assert keys(await store.claim_inbox(LEASE_OVER, limit=9)) == ["ben"]


async def test_what_a_worker_is_not_given_it_does_not_keep_from_others(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a")], NOW)
    await two.claim_inbox(LEASE_OVER, limit=9)
    await two.release()

    assert await one.claim_inbox(LEASE_OVER, limit=9) == []
    assert keys(await two.claim_inbox(LEASE_OVER, limit=9)) == ["a"]


async def test_the_oldest_come_first_whether_free_or_expired(workers: Workers) -> None:
    one, two, three = workers
    await one.record([message("free")], NOW, claim=False)
    await one.record([message("expired", BEN)], NOW)
    await two.record([message("last", ELSEWHERE)], NOW, claim=False)

    assert keys(await three.claim_inbox(LEASE_OVER, limit=1)) == ["free"]
    assert keys(await three.claim_inbox(LEASE_OVER, limit=1)) == ["expired"]
    assert keys(await three.claim_inbox(LEASE_OVER, limit=1)) == ["last"]


async def test_what_is_given_back_can_be_had_at_once(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a")], NOW)
    await one.add_session(new_session("anna"), claim_until=LEASE_OVER)
    await one.add_session(new_session("ben", BEN))
    await one.claim_due(NOW, limit=9)
    await one.release()

    assert keys(await two.claim_inbox(NOW, limit=9)) == ["a"]
    assert {session.id for session in await two.claim_due(NOW, limit=9)} == {"anna", "ben"}


async def test_who_gives_back_leaves_what_others_have(workers: Workers) -> None:
    one, two, three = workers
    await one.record([message("a")], NOW)
    await two.claim_inbox(LEASE_OVER, limit=9)
    await one.release()

    assert await three.claim_inbox(LEASE_OVER, limit=9) == []


async def test_who_gives_back_leaves_the_sessions_that_others_have_claimed_since(
    workers: Workers,
) -> None:
    one, two, three = workers
    await one.add_session(new_session("anna"), claim_until=NOW + SECOND)
    await two.claim_due(NOW + SECOND, limit=9)
    await one.release()

    assert await three.claim_due(NOW + SECOND, limit=9) == []


async def test_a_session_waits_for_the_events_of_its_thread(workers: Workers) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("of anna")], NOW)
    await two.add_session(new_session("anna"))
    await two.add_session(new_session("ben", BEN))
    assert [session.id for session in await two.claim_due(NOW, limit=9)] == ["ben"]

    await one.done(entry.position, NOW)
    assert [session.id for session in await two.claim_due(NOW, limit=9)] == ["anna"]


async def test_a_session_waits_for_events_that_nobody_has_yet(store: Store) -> None:
    await store.record([message("of anna")], NOW, claim=False)
    await store.add_session(new_session("anna"))

    assert await store.claim_due(NOW, limit=9) == []


async def test_what_was_given_back_can_be_taken_again(store: Store) -> None:
    await store.record([message("a")], NOW)
    await store.release()

    assert keys(await store.claim_inbox(NOW, limit=9)) == ["a"]


async def test_the_backlog_is_what_waits_and_what_is_dead(store: Store) -> None:
    first, second, dead = await store.record([message("a"), message("b"), message("c")], NOW)
    await store.record([message("d", BEN)], NOW + SECOND, claim=False)
    await store.done(first.position, NOW)
    for _ in range(DEAD_AFTER_FAILURES):
        await store.failed(dead.position, NOW)

    backlog = await store.backlog()
    assert (backlog.waiting, backlog.oldest_at, backlog.dead) == (2, NOW, 1)

    await store.done(second.position, NOW)
    assert (await store.backlog()).oldest_at == NOW + SECOND


async def test_an_empty_inbox_has_no_oldest(store: Store) -> None:
    assert (await store.backlog()).oldest_at is None


async def test_workers_count_each_other_while_they_are_heard_of(workers: Workers) -> None:
    one, two, three = workers

    assert [await one.report(NOW), await two.report(NOW), await three.report(NOW)] == [1, 2, 3]
    await two.release()
    assert await one.report(NOW + SECOND) == 2
    assert await one.report(LEASE_OVER) == 1


async def test_a_worker_that_lives_is_counted_after_a_prune_too(workers: Workers) -> None:
    one, two, _ = workers
    await one.report(NOW)
    now = NOW + SECOND
    await two.prune(now, inbox_retention=HOUR, session_retention=HOUR, transcript_retention=HOUR)

    assert await two.report(now) == 2


async def test_a_person_who_is_forgotten_leaves_nothing(store: Store) -> None:
    for key, thread in (("anna", ANNA), ("ben", BEN)):
        [entry] = await store.record([message(key, thread)], NOW)
        await store.add_session(new_session(key, thread))
        await store.add_line(new_session(key, thread), line(key))
        await store.done(entry.position, NOW)
    await end_session(store, new_session("anna"))

    assert await store.forget(ANNA) == 3
    assert await store.last_user_texts(ANNA, limit=9) == []
    assert await store.session("anna") is None
    assert await store.transcript("anna", limit=9) == []
    assert await store.last_user_texts(BEN, limit=9) == ["text of ben"]
    assert await store.open_session(BEN) is not None
    assert await store.transcript("ben", limit=9) == [line("ben")]


async def test_a_person_with_an_open_session_is_not_forgotten(store: Store) -> None:
    await store.add_session(new_session("anna"))
    await store.add_line(new_session("anna"), line("said"))

    assert await store.forget(ANNA) is None
    assert await store.open_session(ANNA) is not None
    assert await store.transcript("anna", limit=9) == [line("said")]


async def test_a_person_of_whom_an_event_waits_is_not_forgotten(store: Store) -> None:
    [first, second] = await store.record([message("first"), message("second")], NOW)
    await store.done(first.position, NOW)

    assert await store.forget(ANNA) is None
    assert await store.last_user_texts(ANNA, limit=9) == ["text of first", "text of second"]
    await store.done(second.position, NOW)
    assert await store.forget(ANNA) == 2


async def test_nothing_is_kept_of_a_stranger(store: Store) -> None:
    assert await store.forget(ANNA) == 0


async def test_a_person_who_is_forgotten_may_write_again(store: Store) -> None:
    [entry] = await store.record([message("first")], NOW)
    await store.done(entry.position, NOW)
    await store.forget(ANNA)

    assert keys(await store.record([message("second")], NOW)) == ["second"]
    assert await store.last_user_texts(ANNA, limit=9) == ["text of second"]
