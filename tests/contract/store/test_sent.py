"""What `Store` promises about turns that were cut short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from channels.store.protocol import Store
from tests.contract.store.store_samples import ANNA, BEN, HOUR, NOW

MakeStore = Callable[[str], Store]

DAYS = timedelta(days=30)


async def prune(store: Store, *, after: timedelta) -> None:
    await store.prune(
        NOW + after, inbox_retention=HOUR, session_retention=DAYS, transcript_retention=DAYS
    )


async def test_a_turn_that_nothing_was_kept_of_has_sent_nothing(store: Store) -> None:
    assert await store.sent(ANNA, "m_1") == ()


async def test_what_a_turn_has_sent_is_kept_in_its_order(store: Store) -> None:
    await store.keep_sent(ANNA, "m_1", ["two", "one"], NOW)
    assert await store.sent(ANNA, "m_1") == ("two", "one")


async def test_what_a_turn_has_sent_since_takes_the_place_of_it(store: Store) -> None:
    await store.keep_sent(ANNA, "m_1", ["one"], NOW)
    await store.keep_sent(ANNA, "m_1", ["one", "two"], NOW)
    assert await store.sent(ANNA, "m_1") == ("one", "two")


async def test_other_turns_and_threads_have_their_own(store: Store) -> None:
    await store.keep_sent(ANNA, "m_1", ["one"], NOW)
    assert await store.sent(ANNA, "m_2") == ()
    assert await store.sent(BEN, "m_1") == ()


async def test_it_goes_when_the_inbox_is_pruned(store: Store) -> None:
    await store.keep_sent(ANNA, "m_1", ["one"], NOW)
    await prune(store, after=HOUR)
    assert await store.sent(ANNA, "m_1") == ("one",)
    await prune(store, after=HOUR + timedelta(seconds=1))
    assert await store.sent(ANNA, "m_1") == ()


async def test_it_goes_when_a_person_is_forgotten(store: Store) -> None:
    await store.keep_sent(ANNA, "m_1", ["one"], NOW)
    await store.keep_sent(BEN, "m_1", ["one"], NOW)
    assert await store.forget(ANNA) == 1
    assert await store.sent(ANNA, "m_1") == ()
    assert await store.sent(BEN, "m_1") == ("one",)


async def test_it_outlives_a_restart(make_lasting_store: MakeStore) -> None:
    before = make_lasting_store("before")
    await before.open()
    await before.keep_sent(ANNA, "m_1", ["one"], NOW)
    await before.close()

    after = make_lasting_store("after")
    await after.open()
    assert await after.sent(ANNA, "m_1") == ("one",)
    await after.close()
