"""The contract of the session store: what is stored, version by version."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec
import pytest

from channels.core.events import Thread
from channels.core.keywords.matcher import KeywordMatch
from channels.core.plans import Plan
from channels.core.sessions.session import EndReason, Session, State
from channels.core.sessions.transitions import (
    activated,
    ending,
)
from channels.store.protocol import Store
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    HOUR,
    NOW,
    SECOND,
    end_session,
    new_session,
    next_version,
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


@pytest.mark.parametrize("due_at", [(NOW, NOW), (None, NOW), (NOW, None)])
async def test_of_versions_that_are_saved_at_once_the_last_is_stored(
    store: Store, due_at: tuple[datetime | None, datetime | None]
) -> None:
    versions = [msgspec.structs.replace(new_session("session"), due_at=None)]
    await store.add_session(versions[0])
    for each in due_at:
        versions.append(next_version(versions[-1], due_at=each))

    saving = [store.save_session(version) for version in versions[1:]]
    answers = await asyncio.gather(*saving)
    assert await store.session("session") == versions[sum(answers)]
    assert answers == sorted(answers, reverse=True)


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
