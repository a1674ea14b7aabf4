"""Sessions that have ended: for how long they are kept, and how they are found."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from channels.core.events import Thread
from channels.core.records.kept import Lookup
from channels.core.sessions.feedback import Feedback
from channels.core.sessions.session import EndReason
from channels.core.sessions.transitions import (
    ended,
    ending,
    rated,
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
)

RETENTION = timedelta(days=30)


async def prune(store: Store, after: timedelta) -> None:
    await store.prune(
        NOW + after,
        inbox_retention=HOUR,
        session_retention=RETENTION,
        transcript_retention=RETENTION,
    )


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


async def ended_at(
    store: Store, session_id: str, at: datetime, thread: Thread | None = None
) -> None:
    """Store a session that ends then, of a thread of its own or of `thread`."""
    session = new_session(session_id, thread or Thread(page="1001", user=session_id))
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


async def test_a_look_shows_the_last_session_that_ended_not_long_ago(store: Store) -> None:
    for session_id in ("a", "b"):
        await ended_at(store, session_id, NOW, ANNA)
    await ended_at(store, "earlier", NOW - SECOND, ANNA)
    await ended_at(store, "of another", NOW + HOUR, BEN)
    last = await store.session("b")
    await store.add_session(new_session("open"))

    found = await store.look_up(ANNA, since=NOW)
    assert found == Lookup(session=new_session("open"), ended=last)
    many = [store.look_up(ANNA, since=NOW + HOUR * later) for later in (0, 1)]
    assert [each.ended for each in await asyncio.gather(*many)] == [last, None]


async def test_what_a_user_thought_of_a_session_is_kept_with_it(store: Store) -> None:
    await store.add_session(new_session("session"))
    over = await end_session(store, new_session("session"))
    feedback = Feedback(score="good", comment="\x00 fine", at=NOW)

    assert await store.save_session(rated(over, feedback))
    found = await store.last_ended(ANNA)
    assert found is not None
    assert found.feedback == feedback
    assert await store.save_session(rated(over, feedback)) is False
