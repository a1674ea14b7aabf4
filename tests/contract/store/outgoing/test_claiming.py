"""What `Store` promises of who sends what the bot says: one worker, in order."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from channels.core.events import Thread
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
    HOUR,
    NOW,
    SECOND,
    words,
)


async def test_what_is_said_is_in_the_hand_of_who_said_it(store: Store) -> None:
    entry = await say(store, "hello")
    assert entry.outgoing == words("hello")
    assert await store.claim_outgoing(LATER, limit=9) == []
    assert await standing(store, entry) is Standing.WAITING


async def test_what_a_worker_has_no_room_for_waits_in_order(store: Store) -> None:
    assert await store.say(words("one"), in_hand=False) is None
    assert await store.say(words("two")) is None, "it would overtake the first"
    assert texts(await store.claim_outgoing(NOW, limit=9)) == ["one", "two"]


async def test_another_worker_gets_what_a_dead_one_has_left_and_in_doubt(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    await say(store, "how are you?")
    assert await other.claim_outgoing(NOW + SECOND, limit=9) == []

    taken = await other.claim_outgoing(LATER, limit=9)
    assert texts(taken) == ["hello", "how are you?"]
    assert all(entry.is_doubtful for entry in taken)


async def test_what_a_worker_has_by_a_clock_that_was_ahead_is_anybodys(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    now = datetime.now(timezone.utc)
    await say(store, "hello", said_at=now + HOUR)
    assert texts(await other.claim_outgoing(now, limit=9)) == ["hello"]


async def test_what_nobody_had_in_hand_is_not_in_doubt(store: Store) -> None:
    await store.say(words("hello"), in_hand=False)
    [entry] = await store.claim_outgoing(NOW, limit=9)
    assert not entry.is_doubtful


async def test_a_worker_that_lives_keeps_what_it_has(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    await store.renew_claims(LATER)
    assert await other.claim_outgoing(LATER + SECOND, limit=9) == []


async def test_nobody_overtakes_what_another_worker_has_in_hand(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "one")
    assert await other.say(words("two")) is None
    assert await other.claim_outgoing(NOW, limit=9) == []


async def test_what_a_worker_has_longer_than_its_claims_last_keeps_nothing_free_from_it(
    store: Store,
) -> None:
    mine = [await say(store, text) for text in ("one", "two", "three")]
    await store.say(words("free", BEN), in_hand=False)
    assert texts(await store.claim_outgoing(LATER, limit=2)) == ["free"]
    assert [await standing(store, entry) for entry in mine] == [Standing.WAITING] * 3


async def test_nobody_sends_what_comes_after_a_message_that_another_worker_has_taken_over(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "one")
    two = await say(store, "two", said_at=NOW + SECOND * 30)
    assert texts(await other.claim_outgoing(LATER, limit=9)) == ["one"]
    assert await standing(store, two) is None


@pytest.mark.parametrize("learns", ["before_send", "renew_claims"])
async def test_what_comes_after_a_message_that_another_worker_has_is_overtaken_by_nothing(
    workers: tuple[Store, Store, Store], learns: str
) -> None:
    store, other, _ = workers
    await say(store, "one")
    two = await say(store, "two", said_at=NOW + SECOND * 30)
    [one] = await other.claim_outgoing(LATER, limit=9)
    await (store.before_send(two) if learns == "before_send" else store.renew_claims(LATER))
    await other.sent(one.position, "m_1", LATER)
    assert await store.say(words("three", said_at=LATER)) is None
    assert texts(await other.claim_outgoing(LATER, limit=9)) == ["two", "three"]


async def test_a_worker_that_stops_gives_back_what_it_has(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    await store.release()
    [entry] = await other.claim_outgoing(NOW, limit=9)
    assert entry.is_doubtful


async def test_threads_and_pages_can_be_left_out(store: Store) -> None:
    elsewhere = Thread(page="999", user="1")
    for text, thread in (("anna", ANNA), ("ben", BEN), ("elsewhere", elsewhere)):
        await store.say(words(text, thread), in_hand=False)
    claim = store.claim_outgoing
    assert texts(await claim(NOW, limit=9, without_pages=[ANNA.page])) == ["elsewhere"]
    assert texts(await claim(NOW, limit=9, without_threads=[ANNA])) == ["ben"]


async def test_a_worker_can_take_again_what_it_has_not_heard_to_be_stored(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "hello")
    assert await store.take_again(entry.position, NOW) == entry
    assert await other.take_again(entry.position, NOW) is None
    await store.sent(entry.position, "m_9", NOW)
    assert await store.take_again(entry.position, NOW) is None


async def test_nobody_takes_over_what_a_worker_has_just_taken_again(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "one")  # and does not hear of it for longer than the claim lasts
    assert await store.take_again(entry.position, LATER) is not None
    assert await store.say(words("two")) is not None
    assert await other.claim_outgoing(LATER + SECOND, limit=9) == []


async def test_what_a_worker_takes_again_is_in_doubt_if_another_one_has_had_it(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "hello")
    await other.claim_outgoing(LATER, limit=9)  # and never hears of it
    taken = await other.take_again(entry.position, LATER)
    assert taken is not None
    assert taken.is_doubtful
