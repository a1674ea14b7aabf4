"""How long `Store` keeps what the bot has said, and what it tells of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.core.records.outgoing import Standing
from channels.store.protocol import Store
from tests.contract.store.outgoing.outgoing_samples import (
    prune,
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


async def test_the_backlog_tells_what_is_still_to_be_sent(store: Store) -> None:
    await say(store, "one", said_at=NOW - HOUR)
    second = await say(store, "two")
    await store.say(words("held", BEN), held=True)
    await store.sent(second.position, "m_9", NOW)

    backlog = await store.outgoing_backlog()
    assert (backlog.waiting, backlog.oldest_at, backlog.held) == (1, NOW - HOUR, 1)


@pytest.mark.parametrize(("age", "is_kept"), [(HOUR - SECOND, True), (HOUR + SECOND, False)])
async def test_what_was_sent_goes_with_the_inbox(
    store: Store, age: timedelta, is_kept: bool
) -> None:
    entry = await say(store, "hello")
    await store.sent(entry.position, "m_9", NOW - age)
    await prune(store)
    assert await store.has_mid("m_9") == is_kept


async def test_what_waits_is_never_pruned(store: Store) -> None:
    entry = await say(store, "hello", said_at=NOW - 99 * HOUR)
    await prune(store)
    assert await standing(store, entry) is Standing.WAITING


async def test_what_is_held_for_too_long_goes(store: Store) -> None:
    await store.say(words("old", said_at=NOW - 25 * HOUR), held=True)
    await store.say(words("new", BEN, said_at=NOW - 23 * HOUR), held=True)
    await prune(store)
    assert texts(await store.free_held(ANNA, NOW)) == []
    assert texts(await store.free_held(BEN, NOW)) == ["new"]


async def test_nothing_is_left_of_a_person_who_is_forgotten(store: Store) -> None:
    entry = await say(store, "hello")
    await store.say(words("held"), held=True)
    kept = await say(store, "hello ben", BEN)
    assert await store.forget(ANNA) == 2
    assert await standing(store, entry) is None
    assert await standing(store, kept) is Standing.WAITING
