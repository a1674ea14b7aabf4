"""When a session is due, and for whom."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from channels.core.events import Thread
from channels.core.sessions.session import State
from channels.core.sessions.transitions import (
    left_with_agent,
    postponed,
)
from channels.store.protocol import CLAIM_LEASE, Store
from tests.contract.store.store_samples import (
    BEN,
    HOUR,
    NOW,
    SECOND,
    end_session,
    message,
    new_session,
    next_version,
)

LEASE_OVER = NOW + CLAIM_LEASE


async def test_a_session_is_due_from_its_very_microsecond_on(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)

    assert await store.claim_due(NOW - timedelta(microseconds=1), limit=9) == []
    assert await store.claim_due(NOW, limit=9) == [session]


async def test_those_that_wait_longest_come_first(store: Store) -> None:
    for user, age in (("1", SECOND), ("2", HOUR), ("3", 2 * SECOND)):
        await store.add_session(new_session(user, Thread(page="1", user=user), now=NOW - age))

    first = await store.claim_due(NOW, limit=2)
    second = await store.claim_due(NOW, limit=2)

    assert [session.id for session in first] == ["2", "3"]
    assert [session.id for session in second] == ["1"]


async def test_a_claimed_session_comes_again_when_the_claim_is_over(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    await store.claim_due(NOW, limit=9)

    assert await store.claim_due(LEASE_OVER - SECOND, limit=9) == []
    assert await store.claim_due(LEASE_OVER, limit=9) == [session]


async def test_a_claim_does_not_stop_the_next_version(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    await store.claim_due(NOW, limit=9)

    assert await store.session("session") == session
    assert await store.save_session(next_version(session)) is True


async def test_who_adds_a_session_may_claim_it(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session, claim_until=NOW + HOUR)

    assert await store.claim_due(NOW + HOUR - SECOND, limit=9) == []
    assert await store.claim_due(NOW + HOUR, limit=9) == [session]


async def test_who_saves_a_session_may_claim_it(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    saved = next_version(session)
    await store.save_session(saved, claim_until=NOW + HOUR)

    assert await store.claim_due(NOW + HOUR - SECOND, limit=9) == []
    assert await store.claim_due(NOW + HOUR, limit=9) == [saved]


async def test_saving_without_a_claim_lifts_the_old_one(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session, claim_until=NOW + HOUR)
    saved = next_version(session)
    await store.save_session(saved)

    assert await store.claim_due(NOW, limit=9) == [saved]


async def test_a_claim_that_ends_early_does_not_make_it_due(store: Store) -> None:
    await store.add_session(new_session("session", now=NOW + HOUR), claim_until=NOW)

    assert await store.claim_due(NOW + HOUR - SECOND, limit=9) == []


async def test_a_session_without_a_due_time_is_never_due(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    await store.save_session(left_with_agent(session), claim_until=NOW)

    assert await store.claim_due(NOW + 9_999 * HOUR, limit=9) == []


async def test_the_next_version_is_due_at_its_own_time(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    await store.save_session(postponed(session, NOW + HOUR))

    assert await store.claim_due(NOW + HOUR, limit=9) == []
    assert len(await store.claim_due(NOW + HOUR + SECOND, limit=9)) == 1


async def test_a_session_is_due_beside_events_of_the_same_worker(store: Store) -> None:
    await store.record([message("a")], NOW)
    await store.add_session(new_session("session"))

    assert len(await store.claim_due(NOW, limit=9)) == 1


async def test_an_ended_session_is_not_due(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    await end_session(store, session)

    assert await store.claim_due(NOW + 9_999 * HOUR, limit=9) == []


async def test_what_a_clock_that_was_ahead_has_put_off_is_due_once_it_is_mended(
    store: Store,
) -> None:
    put_off, patient = new_session("put off", now=NOW + HOUR), new_session("patient", BEN)
    await store.add_session(put_off, claim_until=NOW + 2 * HOUR)
    await store.add_session(msgspec.structs.replace(patient, due_at=NOW + 300 * SECOND))
    assert await store.claim_due(NOW, limit=9) == []

    await store.correct_dates(NOW)
    assert await store.claim_due(NOW, limit=9) == [put_off]


async def test_an_active_session_keeps_its_date_when_dates_are_mended(store: Store) -> None:
    await store.add_session(
        msgspec.structs.replace(new_session("active"), state=State.ACTIVE, due_at=NOW + HOUR)
    )
    await store.correct_dates(NOW)
    assert await store.claim_due(NOW, limit=9) == []


async def test_what_is_due_is_for_whoever_has_the_first_of_more_events_than_it_holds(
    workers: tuple[Store, Store, Store],
) -> None:
    one, two, _ = workers
    session = new_session("session")
    await one.add_session(session)
    await one.record([message("first")], NOW)
    await one.record([message("more")], NOW, claim=False)

    assert await two.claim_due(NOW, limit=9) == []
    assert await one.claim_due(NOW, limit=9) == [session]
