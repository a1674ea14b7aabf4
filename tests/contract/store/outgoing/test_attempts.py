"""What `Store` promises of a turn that is taken again: it is said once."""

from __future__ import annotations

from channels.core.records.outgoing import Standing
from channels.core.sessions.session import EndReason
from channels.core.sessions.transitions import ended, ending, regained
from channels.store.protocol import Store
from tests.contract.store.outgoing.outgoing_samples import (
    LATER,
    say,
    standing,
    texts,
)
from tests.contract.store.store_samples import (
    ANNA,
    NOW,
    message,
    new_session,
)


async def test_what_earlier_attempts_have_said_is_known_in_order(store: Store) -> None:
    first = await say(store, "one", place=0)
    await say(store, "two", place=1)
    await say(store, "of another", turn="m_2")
    await store.sent(first.position, "m_9", NOW)

    known = await store.said(ANNA, "m_1")
    assert [(each.place, each.message["text"], each.is_waiting) for each in known] == [
        (0, "one", False),
        (1, "two", True),
    ]


async def test_what_meta_refused_for_good_was_said(store: Store) -> None:
    refused, second = await say(store, "one"), await say(store, "two", place=1)
    await store.give_up(refused.position, NOW, error="GraphRefused")
    await store.drop(second, NOW)

    [known] = await store.said(ANNA, "m_1")
    assert (known.message["text"], known.is_waiting) == ("one", False)


async def test_what_is_withdrawn_is_gone_unless_it_was_sent(store: Store) -> None:
    first, second = await say(store, "one"), await say(store, "two", place=1)
    await store.sent(first.position, "m_9", NOW)
    await store.withdraw([first.position, second.position])
    assert [await standing(store, each) for each in (first, second)] == [Standing.SENT, None]


async def test_what_a_cut_turn_has_said_waits_until_the_turn_is_taken_again(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    event = message("a")
    [entry] = await store.record([event], NOW)
    await say(store, "hello", event_key=event.key)
    await store.release()
    assert await other.claim_outgoing(LATER, limit=9) == []

    await store.done(entry.position, NOW)
    assert texts(await other.claim_outgoing(LATER, limit=9)) == ["hello"]


async def test_what_a_cut_follow_up_has_said_waits_until_its_session_has_ended(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    session = new_session("session")
    await store.add_session(session)
    is_ending = ending(session, EndReason.TIMEOUT, NOW)
    is_back = regained(is_ending, NOW)
    for version in (is_ending, is_back):
        await store.save_session(version)
    await say(store, "welcome back", session_id="session")
    await store.release()
    assert await other.claim_outgoing(LATER, limit=9) == []

    await store.save_session(ended(is_back))
    assert texts(await other.claim_outgoing(LATER, limit=9)) == ["welcome back"]
