"""What `Store` promises of messages that are held until the user writes, or somebody else talks."""

from __future__ import annotations

from channels.core.records.kept import Lookup
from channels.core.records.outgoing import Standing
from channels.core.sessions.transitions import activated
from channels.store.protocol import Store
from tests.contract.store.outgoing.outgoing_samples import (
    LATER,
    say,
    standing,
    texts,
)
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    NOW,
    new_session,
    words,
)


async def test_nothing_overtakes_what_is_held(store: Store) -> None:
    first, behind = await say(store, "one"), await say(store, "two", place=1)
    other = await say(store, "elsewhere", BEN)
    await store.hold(first.position)
    assert await standing(store, behind) is Standing.HELD
    assert await standing(store, other) is Standing.WAITING

    assert await store.say(words("three", place=2)) is None
    assert await store.claim_outgoing(LATER, limit=9) == []
    assert texts(await store.free_held(ANNA, NOW)) == ["one", "two", "three"]
    await say(store, "four", place=3)


async def test_what_was_dropped_while_meta_was_asked_is_not_held(store: Store) -> None:
    message = await say(store, "one")
    await store.drop(message, NOW)
    await store.hold(message.position)
    assert await standing(store, message) is Standing.DROPPED


async def test_a_look_shows_the_session_and_whether_something_is_held(store: Store) -> None:
    session = new_session("session", BEN)
    await store.add_session(session)
    message = await say(store, "one")
    assert await store.look_up(ANNA, since=NOW) == Lookup()
    await store.hold(message.position)

    assert await store.look_up(ANNA, since=NOW) == Lookup(is_held=True)
    assert await store.look_up(BEN, since=NOW) == Lookup(session=session)
    await store.free_held(ANNA, NOW)
    assert await store.look_up(ANNA, since=NOW) == Lookup()


async def test_what_is_held_waits_for_the_user_alone(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    assert await store.say(words("welcome back"), held=True) is None
    assert await other.claim_outgoing(LATER, limit=9) == []
    assert not await store.waits_outgoing(ANNA)

    assert texts(await store.free_held(BEN, NOW)) == []
    assert texts(await store.free_held(ANNA, NOW)) == ["welcome back"]
    assert await store.waits_outgoing(ANNA)


async def test_what_meta_refuses_outside_the_window_is_held(store: Store) -> None:
    first = await say(store, "one")
    await store.hold(first.position)
    assert await standing(store, first) is Standing.HELD
    assert texts(await store.free_held(ANNA, NOW)) == ["one"]


async def test_what_is_held_is_dropped_when_somebody_else_talks(store: Store) -> None:
    await store.say(words("welcome back"), held=True)
    await store.say(words("hello ben", BEN), held=True)
    await store.add_session(new_session("session"))
    assert texts(await store.free_held(ANNA, NOW)) == []
    assert texts(await store.free_held(BEN, NOW)) == ["hello ben"]


async def test_what_waits_is_dropped_when_somebody_else_talks_already(store: Store) -> None:
    first = await say(store, "hello")
    of_ben = await say(store, "hello ben", BEN)
    await store.add_session(activated(new_session("session"), NOW))
    assert await standing(store, first) is Standing.DROPPED
    assert await standing(store, of_ben) is Standing.WAITING


async def test_what_waits_is_still_sent_before_control_is_passed(store: Store) -> None:
    entry = await say(store, "I'm connecting you")
    await store.add_session(new_session("session"))
    assert await standing(store, entry) is Standing.WAITING
