"""What `Store` promises about sessions to the one worker that has it open."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec
import pytest

from channels.core.events import Thread
from channels.core.keywords.matcher import KeywordMatch
from channels.core.plans import Plan
from channels.core.sessions.feedback import Feedback
from channels.core.sessions.session import EndReason, Session, State
from channels.core.sessions.transitions import (
    activated,
    ended,
    ending,
    left_with_agent,
    postponed,
    rated,
)
from channels.store.protocol import CLAIM_LEASE, Store
from tests.contract.store.store_samples import (
    ANNA,
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
RETENTION = timedelta(days=30)


async def prune(store: Store, after: timedelta) -> None:
    await store.prune(
        NOW + after,
        inbox_retention=HOUR,
        session_retention=RETENTION,
        transcript_retention=RETENTION,
    )


async def test_every_field_comes_back_as_it_was(store: Store) -> None:
    plan = Plan(
        name="sales",
        target_app="3001",
        timeout=timedelta(days=29, hours=23, microseconds=1),
        idle_timeout=timedelta(minutes=5),
        unanswered_timeout=timedelta(minutes=2),
        owner_probe=timedelta(seconds=90),
        keywords={"": ("menu",), "tr": ("ıspanak", "İPTAL"), "ar": ("قائمة", "العودة")},
        keyword_match=KeywordMatch.CONTAINS,
        return_payloads=("/back_to_bot",),
        return_intents=("back_to_bot",),
        return_intent_threshold=0.75,
        metadata={"team": "sales", "tags": [1, 2.5, None, True], "nested": {"emoji": "👋\u0000"}},
    )
    session = Session(
        id="session",
        thread=ANNA,
        plan=plan,
        state=State.ENDING,
        version=1,
        opened_at=NOW,
        cause_at=NOW - SECOND,
        last_user_at=NOW - HOUR,
        due_at=NOW + timedelta(microseconds=1),
        owner_app="3002",
        is_adopted=True,
        is_announced=False,
        active_at=NOW + SECOND,
        last_heard_at=NOW + 2 * SECOND,
        probe_at=NOW + 3 * SECOND,
        has_deadline=False,
        asked_at=NOW + 4 * SECOND,
        ended_at=NOW + HOUR,
        reason=EndReason.AGENT_RETURNED,
        regained=True,
        attempts=3,
        operator_messages=4,
        user_messages=5,
        next_wishes={"plan": "second", "timeout": 90, "metadata": {"emoji": "👋"}},
        row=2,
    )

    await store.add_session(session)

    assert await store.session("session") == session


async def test_an_unknown_session_is_none(store: Store) -> None:
    assert await store.session("unknown") is None


async def test_a_thread_has_one_open_session_at_most(store: Store) -> None:
    first = new_session("first")

    assert await store.add_session(first) is True
    assert await store.add_session(new_session("second")) is False
    assert await store.open_session(ANNA) == first
    assert await store.session("second") is None


async def test_of_many_that_open_a_session_one_does(store: Store) -> None:
    sessions = [new_session(f"session {number}") for number in range(9)]

    answers = await asyncio.gather(*[store.add_session(session) for session in sessions])

    assert sum(answers) == 1
    assert await store.open_session(ANNA) == sessions[answers.index(True)]


async def test_each_thread_has_its_own(store: Store) -> None:
    of_anna, of_ben = new_session("anna", ANNA), new_session("ben", BEN)

    await store.add_session(of_anna)
    await store.add_session(of_ben)

    threads = [ANNA, BEN, Thread(page="1002", user=ANNA.user)]
    found = await asyncio.gather(*[store.open_session(thread) for thread in threads])
    assert found == [of_anna, of_ben, None]


async def test_once_it_has_ended_the_next_may_open(store: Store) -> None:
    first, second = new_session("first"), new_session("second")
    await store.add_session(first)
    ended_first = await end_session(store, first)

    assert await store.open_session(ANNA) is None
    assert await store.add_session(second) is True
    assert await store.open_session(ANNA) == second
    assert await store.session("first") == ended_first


async def test_the_next_version_replaces_the_one_before(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    active = activated(session, NOW)

    assert await store.save_session(active) is True
    assert await store.session("session") == active
    assert await store.open_session(ANNA) == active


async def test_of_many_that_save_the_same_version_one_does(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    versions = [ending(session, reason, NOW) for reason in EndReason]

    answers = await asyncio.gather(*[store.save_session(version) for version in versions])

    assert sum(answers) == 1
    assert await store.session("session") == versions[answers.index(True)]


async def test_of_sessions_that_are_saved_at_once_each_gets_its_own_answer(store: Store) -> None:
    anna, ben = new_session("of anna"), new_session("of ben", BEN)
    await asyncio.gather(store.add_session(anna), store.add_session(ben))
    following = next_version(anna)
    stale = msgspec.structs.replace(ben, version=ben.version)

    answers = await asyncio.gather(
        store.save_session(following),
        store.save_session(stale),
        store.save_session(next_version(following)),
        store.save_session(next_version(new_session("never added"))),
    )

    assert [answers[1], answers[3]] == [False, False]
    assert answers[0] is True
    assert await store.session("of anna") == (next_version(following) if answers[2] else following)
    assert await store.session("of ben") == ben


@pytest.mark.parametrize("version", [1, 3])
async def test_a_version_that_is_not_the_next_is_not_stored(store: Store, version: int) -> None:
    session = new_session("session")
    await store.add_session(session)

    assert await store.save_session(msgspec.structs.replace(session, version=version)) is False
    assert await store.session("session") == session


async def test_a_session_that_was_never_added_is_not_stored(store: Store) -> None:
    assert await store.save_session(next_version(new_session("session"))) is False
    assert await store.session("session") is None


async def test_a_thread_s_recent_sessions_are_listed_with_the_newest_first(store: Store) -> None:
    for number in range(3):
        session = new_session(str(number))
        opened_at = session.opened_at + number * SECOND
        session = msgspec.structs.replace(session, opened_at=opened_at)
        await store.add_session(session)
        if number < 2:
            await end_session(store, session)
    await store.add_session(new_session("ben's", BEN))

    recent = await store.recent_sessions(ANNA, limit=2)
    assert [(session.id, session.is_open) for session in recent] == [("2", True), ("1", False)]


async def test_open_sessions_are_listed_with_the_oldest_first(store: Store) -> None:
    threads = [Thread(page="1001", user=user) for user in ("1", "2", "3", "4")]
    ages = [2 * HOUR, 4 * HOUR, HOUR, 3 * HOUR]
    for thread, age in zip(threads, ages, strict=True):
        await store.add_session(new_session(thread.user, thread, now=NOW - age))
    oldest = await store.session("2")
    assert oldest is not None
    await end_session(store, oldest)

    assert [session.id for session in await store.open_sessions(limit=2)] == ["4", "1"]


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


async def test_a_session_is_forgotten_some_time_after_its_end(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    ended_session = await end_session(store, session)

    await prune(store, RETENTION)
    assert await store.session("session") == ended_session
    await prune(store, RETENTION + SECOND)
    assert await store.session("session") is None


async def test_an_open_session_is_never_forgotten(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    still_ending = ending(session, EndReason.KEYWORD, NOW)
    await store.save_session(still_ending)

    await prune(store, 100 * RETENTION)

    assert await store.session("session") == still_ending


async def ended_at(store: Store, session_id: str, at: datetime) -> None:
    """Store a session of a thread of its own that ends then."""
    session = new_session(session_id, Thread(page="1001", user=session_id))
    assert await store.add_session(session)
    over = ending(session, EndReason.TIMEOUT, at)
    assert await store.save_session(over)
    assert await store.save_session(ended(over))


async def test_what_ended_last_comes_first_and_nothing_that_ended_before(store: Store) -> None:
    for session_id, ago in (("old", 3 * HOUR), ("a", HOUR), ("c", SECOND), ("b", SECOND)):
        await ended_at(store, session_id, NOW - ago)
    await store.add_session(new_session("open"))

    async def found(limit: int) -> list[str]:
        sessions = await store.ended_sessions(since=NOW - HOUR, limit=limit)
        return [session.id for session in sessions]

    assert await found(9) == ["c", "b", "a"]
    assert await found(2) == ["c", "b"]


async def test_more_ended_sessions_than_are_read_in_one_step_are_all_found(store: Store) -> None:
    ids = [f"{number:03}" for number in range(450)]
    for session_id in ids:
        await ended_at(store, session_id, NOW - SECOND * (int(session_id) // 100))

    sessions = await store.ended_sessions(since=NOW - HOUR, limit=999)
    assert sorted(session.id for session in sessions) == ids
    assert [session.id for session in sessions[:2]] == ["099", "098"]
    capped = await store.ended_sessions(since=NOW - HOUR, limit=300)
    assert capped == sessions[:300]


async def test_the_session_that_ended_last_is_found_by_its_thread(store: Store) -> None:
    assert await store.last_ended(ANNA) is None
    await store.add_session(new_session("first"))
    assert await store.last_ended(ANNA) is None
    first = await end_session(store, new_session("first"))
    assert await store.last_ended(ANNA) == first
    await store.add_session(new_session("of another", BEN))
    await end_session(store, new_session("of another", BEN))
    later = new_session("later", now=NOW + HOUR)
    await store.add_session(later)
    ended_later = ended(ending(later, EndReason.TIMEOUT, NOW + HOUR))
    await store.save_session(ending(later, EndReason.TIMEOUT, NOW + HOUR))
    await store.save_session(ended_later)

    assert await store.last_ended(ANNA) == ended_later


async def test_what_a_user_thought_of_a_session_is_kept_with_it(store: Store) -> None:
    await store.add_session(new_session("session"))
    over = await end_session(store, new_session("session"))
    feedback = Feedback(score="good", comment="\x00 fine", at=NOW)

    assert await store.save_session(rated(over, feedback))
    found = await store.last_ended(ANNA)
    assert found is not None
    assert found.feedback == feedback
    assert await store.save_session(rated(over, feedback)) is False


async def test_what_a_clock_that_was_ahead_has_put_off_is_due_once_it_is_mended(
    store: Store,
) -> None:
    put_off, patient = new_session("put off", now=NOW + HOUR), new_session("patient", BEN)
    await store.add_session(put_off, claim_until=NOW + 2 * HOUR)
    await store.add_session(msgspec.structs.replace(patient, due_at=NOW + 300 * SECOND))
    assert await store.claim_due(NOW, limit=9) == []

    await store.mend_dates(NOW)
    assert await store.claim_due(NOW, limit=9) == [put_off]


async def test_an_active_session_keeps_its_date_when_dates_are_mended(store: Store) -> None:
    await store.add_session(
        msgspec.structs.replace(new_session("active"), state=State.ACTIVE, due_at=NOW + HOUR)
    )
    await store.mend_dates(NOW)
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
