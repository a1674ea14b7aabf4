"""What `Store` promises of a message that is sent, echoed, refused or in doubt."""

from __future__ import annotations

from channels.core.records.outgoing import Standing
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


async def test_what_is_sent_is_done(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "hello")
    await store.sent(entry.position, "m_9", NOW)
    assert await standing(store, entry) is Standing.SENT
    assert await other.claim_outgoing(LATER, limit=9) == []
    assert [await store.has_mid("m_9"), await store.has_mid("m_8")] == [True, False]


async def test_what_meta_may_have_without_our_knowing_its_id_is_unconfirmed(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    sent, lost = await say(store, "sent"), await say(store, "lost")
    dropped, waiting = await say(store, "dropped"), await say(store, "waiting")
    await store.say(words("held"), held=True)
    await say(store, "another's", BEN)
    await store.sent(sent.position, "m_9", NOW)
    await store.answer_lost(lost.position)
    for entry in (lost, dropped):
        await store.drop(entry, NOW)

    found = await other.unconfirmed(ANNA)
    assert [entry.position for entry in found] == [lost.position, waiting.position]
    assert texts(found) == ["lost", "waiting"]
    await store.sent(lost.position, "m_8", NOW)
    assert texts(await other.unconfirmed(ANNA)) == ["waiting"]


async def test_what_waits_behind_another_message_is_not_sent_yet_and_so_not_unconfirmed(
    store: Store,
) -> None:
    first, _ = await say(store, "first"), await say(store, "second")
    assert texts(await store.unconfirmed(ANNA)) == ["first"]
    await store.sent(first.position, "m_9", NOW)
    assert texts(await store.unconfirmed(ANNA)) == ["second"]


async def test_what_was_sent_without_an_id_is_unconfirmed_until_an_echo_has_told_it(
    store: Store,
) -> None:
    entry = await say(store, "sent")
    await store.sent(entry.position, "", NOW)
    assert texts(await store.unconfirmed(ANNA)) == ["sent"]
    await store.sent(entry.position, "m_9", NOW)
    await store.sent(entry.position, "", NOW)
    assert await store.unconfirmed(ANNA) == []
    assert await store.has_mid("m_9")


async def test_an_echo_tells_that_a_message_is_sent_whoever_has_it(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    assert not await store.has_echo("mark of hello")
    await other.keep_echo("mark of hello", NOW)
    assert await store.has_echo("mark of hello")
    assert await other.claim_outgoing(LATER, limit=9) == []


async def test_an_echo_of_what_nobody_said_changes_nothing(store: Store) -> None:
    entry = await say(store, "hello")
    await store.keep_echo("another mark", NOW)
    assert await standing(store, entry) is Standing.WAITING


async def test_lost_answers_are_counted_for_whoever_sends_next(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "hello")
    assert await store.answer_lost(entry.position) == 1
    [taken] = await other.claim_outgoing(LATER, limit=9)
    assert await other.answer_lost(taken.position) == 2


async def test_the_rest_of_a_turn_is_dropped_with_what_was_refused(store: Store) -> None:
    first = await say(store, "one")
    second = await say(store, "two")
    of_another_turn = await say(store, "three", turn="m_2")
    await store.drop(first, NOW, rest=True)
    assert [await standing(store, each) for each in (first, second, of_another_turn)] == [
        Standing.DROPPED,
        Standing.DROPPED,
        Standing.WAITING,
    ]


async def test_one_message_is_dropped_without_the_rest(store: Store) -> None:
    first, second = await say(store, "one"), await say(store, "two")
    await store.drop(first, NOW)
    assert await standing(store, second) is Standing.WAITING


async def test_the_open_session_is_told_before_a_send(store: Store) -> None:
    entry = await say(store, "hello")
    assert await store.before_send(entry) == (Standing.WAITING, None)
    session = new_session("session")
    await store.add_session(session)
    assert await store.before_send(entry) == (Standing.WAITING, session)
