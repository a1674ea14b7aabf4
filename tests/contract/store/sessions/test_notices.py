"""What `Store` promises of notices: stored with what they tell, told in order, by one at a time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec
import pytest

from channels.core.notices import Addressed, NoticeKind, addressed
from channels.core.sessions.notices import telling
from channels.core.sessions.session import Session, State
from channels.store.protocol import CLAIM_LEASE, Store
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

DESK = "desk"
KIND_OF = {
    State.WAITING: NoticeKind.WAITING,
    State.OPENING: NoticeKind.OPENED,
    State.ACTIVE: NoticeKind.OPENED,
    State.ENDING: NoticeKind.ENDED,  # refused by the plan's hours
}
LATER = NOW + CLAIM_LEASE


def for_desk(session: Session, *kinds: NoticeKind) -> list[Addressed]:
    """Notices of these kinds, for the one target DESK."""
    notices = telling(session, NOW, also=kinds)[1]
    return addressed(notices, [(DESK, frozenset(kinds))])


async def add(store: Store, session: Session, *kinds: NoticeKind) -> None:
    assert await store.add_session(session, notices=for_desk(session, *kinds))


async def claimed(store: Store, now: datetime = NOW, target: str = DESK) -> str | None:
    entry = await store.claim_notice(target, now)
    return None if entry is None else entry.notice.kind.value


async def test_what_is_told_is_stored_with_the_session_or_not_at_all(store: Store) -> None:
    await add(store, new_session("session"), NoticeKind.OPENED)
    second = new_session("second")
    assert not await store.add_session(second, notices=for_desk(second, NoticeKind.WAITING))
    stale = new_session("session")
    assert not await store.save_session(stale, notices=for_desk(stale, NoticeKind.FAILED))

    entry = await store.claim_notice(DESK, NOW)
    assert entry is not None
    assert entry.notice == for_desk(new_session("session"), NoticeKind.OPENED)[0].notice
    await store.notice_told(entry.position)
    assert await claimed(store, LATER) is None


@pytest.mark.parametrize("state", [one for one in State if one is not State.ENDED])
async def test_what_a_new_session_tells_is_stored_in_whatever_state_it_is(
    store: Store, state: State
) -> None:
    await add(store, msgspec.structs.replace(new_session("session"), state=state), KIND_OF[state])

    assert await claimed(store) == KIND_OF[state].value


async def test_the_same_thing_is_told_once(store: Store) -> None:
    await add(store, new_session("session"), NoticeKind.OPENED)
    again = next_version(new_session("session"))
    assert await store.save_session(again, notices=for_desk(again, NoticeKind.OPENED))

    assert (await store.notices_backlog()).waiting == 1


async def test_a_session_s_notices_are_told_in_order_and_others_do_not_wait(store: Store) -> None:
    await add(store, new_session("a"), NoticeKind.WAITING, NoticeKind.OPENED)
    await add(store, new_session("b", BEN), NoticeKind.ANSWERED)
    first = await store.claim_notice(DESK, NOW)
    assert first is not None
    assert first.notice.kind is NoticeKind.WAITING
    assert await claimed(store) is None, "one at a time"
    await store.notice_failed(first.position, NOW, again_at=NOW + HOUR)

    assert await claimed(store) == "answered"
    assert await claimed(store, LATER) == "answered", "the first of its session comes first"
    assert await claimed(store, NOW + HOUR) == "answered"


async def test_one_that_is_dead_keeps_nothing_back(store: Store) -> None:
    await add(store, new_session("a"), NoticeKind.WAITING, NoticeKind.OPENED)
    first = await store.claim_notice(DESK, NOW)
    assert first is not None
    await store.notice_failed(first.position, NOW, again_at=None)

    assert await claimed(store) == "opened"
    backlog = await store.notices_backlog()
    assert (backlog.waiting, backlog.oldest_at, backlog.dead) == (1, NOW, 1)


async def test_failures_are_counted(store: Store) -> None:
    await add(store, new_session("a"), NoticeKind.OPENED)
    for failures in range(3):
        entry = await store.claim_notice(DESK, NOW + failures * SECOND)
        assert entry is not None
        assert entry.failures == failures
        again_at = NOW + (failures + 1) * SECOND
        await store.notice_failed(entry.position, NOW, again_at=again_at)


async def test_each_target_has_notices_of_its_own(store: Store) -> None:
    session = new_session("a")
    told = addressed(
        telling(session, NOW, also=[NoticeKind.OPENED])[1],
        [(DESK, frozenset(NoticeKind)), ("chat", frozenset(NoticeKind)), ("mail", frozenset())],
    )
    assert await store.add_session(session, notices=told)

    assert await claimed(store, target="chat") == "opened"
    assert await claimed(store) == "opened"
    assert await claimed(store, target="mail") is None


async def test_two_workers_never_tell_a_target_at_the_same_time(
    workers: tuple[Store, Store, Store],
) -> None:
    one, two, three = workers
    await add(one, new_session("a"), NoticeKind.OPENED)
    await add(one, new_session("b", BEN), NoticeKind.OPENED)

    taken = await asyncio.gather(*(store.claim_notice(DESK, NOW) for store in workers))
    assert len([entry for entry in taken if entry is not None]) == 1
    assert await claimed(two, LATER - timedelta(microseconds=1)) is None
    assert await claimed(three, LATER) == "opened", "a dead worker's comes again"


async def test_a_person_who_is_forgotten_is_told_of_no_more(store: Store) -> None:
    await add(store, new_session("a"), NoticeKind.OPENED)
    await add(store, new_session("b", BEN), NoticeKind.OPENED)
    await end_session(store, new_session("a"))

    assert await store.forget(ANNA) == 2
    assert (await store.notices_backlog()).waiting == 1


async def test_what_died_is_kept_as_long_as_sessions_are(store: Store) -> None:
    await add(store, new_session("a"), NoticeKind.OPENED, NoticeKind.ANSWERED)
    entry = await store.claim_notice(DESK, NOW)
    assert entry is not None
    await store.notice_failed(entry.position, NOW, again_at=None)
    for after, kept in ((HOUR, 2), (HOUR + SECOND, 0)):
        await store.prune(
            NOW + after, inbox_retention=HOUR, session_retention=HOUR, transcript_retention=HOUR
        )
        backlog = await store.notices_backlog()
        assert backlog.dead + backlog.waiting == kept


async def test_the_end_and_what_follows_are_told_together(store: Store) -> None:
    await add(store, new_session("a"), NoticeKind.OPENED)
    entry = await store.claim_notice(DESK, NOW)
    assert entry is not None
    await store.notice_told(entry.position)
    last = next_version(new_session("a"))
    following = new_session("b")
    told = [*for_desk(last, NoticeKind.FAILED), *for_desk(following, NoticeKind.WAITING)]
    # The last version of a session that is open still: nothing of the two is stored.
    assert not await store.follow_session(new_session("a"), following, notices=told)
    assert (await store.notices_backlog()).waiting == 0
