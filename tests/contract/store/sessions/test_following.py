"""What `Store` promises of a session that follows another one: both are stored, or neither."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from channels.core.notices import NoticeKind
from channels.core.sessions.session import EndReason, Session
from channels.core.sessions.transitions import ended, ending
from channels.store.protocol import Store
from tests.contract.store.sessions.test_notices import claimed, for_desk
from tests.contract.store.store_samples import ANNA, HOUR, NOW, SECOND, end_session, new_session

Workers = tuple[Store, Store, Store]


@pytest.fixture
async def over(store: Store) -> Session:
    """The last version of a session that is about to end."""
    return await about_to_end(store)


async def about_to_end(store: Store) -> Session:
    session = new_session("first")
    await store.add_session(session)
    still_ending = ending(session, EndReason.UNANSWERED, NOW)
    await store.save_session(still_ending)
    return ended(still_ending)


async def test_one_ends_and_the_next_is_open(store: Store, over: Session) -> None:
    following = new_session("second")

    assert await store.follow_session(over, following) is True
    assert await store.session("first") == over
    assert await store.open_session(ANNA) == following
    assert await store.ended_sessions(since=NOW, limit=9) == [over]


async def test_what_is_told_of_the_end_is_stored_with_both(store: Store, over: Session) -> None:
    told = for_desk(over, NoticeKind.ENDED)
    await store.follow_session(over, new_session("second"), notices=told)

    assert await claimed(store) == "ended"


@pytest.mark.parametrize("versions", [-1, 1])
async def test_neither_is_stored_unless_the_version_before_is(
    store: Store, over: Session, versions: int
) -> None:
    stored = await store.session("first")
    outdated = msgspec.structs.replace(over, version=over.version + versions)

    assert await store.follow_session(outdated, new_session("second")) is False
    assert await store.open_session(ANNA) == stored
    assert await store.session("second") is None


async def test_a_session_that_has_ended_is_followed_by_none(store: Store) -> None:
    session = new_session("first")
    await store.add_session(session)
    over = await end_session(store, session)

    assert await store.follow_session(over, new_session("second")) is False
    assert await store.open_session(ANNA) is None


async def test_who_stores_it_may_claim_it(store: Store, over: Session) -> None:
    following = new_session("second")
    await store.follow_session(over, following, claim_until=NOW + HOUR)

    assert await store.claim_due(NOW + HOUR - SECOND, limit=9) == []
    assert await store.claim_due(NOW + HOUR, limit=9) == [following]


async def test_of_workers_that_let_one_follow_one_does(workers: Workers) -> None:
    over = await about_to_end(workers[0])
    ones = [new_session(f"session {number}") for number in range(len(workers))]

    answers = await asyncio.gather(
        *[worker.follow_session(over, one) for worker, one in zip(workers, ones, strict=True)]
    )

    assert sum(answers) == 1
    assert await workers[0].open_session(ANNA) == ones[answers.index(True)]


async def test_one_that_is_given_back_is_another_workers_at_once(workers: Workers) -> None:
    one, two, _ = workers
    following = new_session("second")
    await one.follow_session(await about_to_end(one), following, claim_until=NOW + HOUR)
    await one.release()

    assert await two.claim_due(NOW, limit=9) == [following]
