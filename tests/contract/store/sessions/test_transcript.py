"""What `Store` promises about what was said in a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import msgspec

from channels.core.briefing.transcript import Line
from channels.core.sessions.session import Speaker
from channels.store.protocol import Store
from channels.store.sql import SqlStore
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    HOUR,
    NOW,
    SECOND,
    end_session,
    line,
    new_session,
)

DAY = timedelta(days=1)


async def prune(store: Store, after: timedelta, *, session_retention: timedelta = 99 * DAY) -> None:
    await store.prune(
        NOW + after,
        inbox_retention=HOUR,
        session_retention=session_retention,
        transcript_retention=DAY,
    )


async def test_every_field_comes_back_as_it_was(store: Store) -> None:
    said = [
        Line(key="a", at=NOW, speaker=Speaker.USER, text="Grüße 👋\nنعم"),
        Line(key="b", at=NOW + SECOND, speaker=Speaker.OPERATOR, text="'; DROP TABLE x; --"),
    ]

    for each in said:
        await store.add_line(new_session("session"), each)

    assert await store.transcript("session", limit=9) == said


async def test_of_an_unknown_session_nothing_is_known(store: Store) -> None:
    assert await store.transcript("unknown", limit=9) == []


async def test_each_session_has_its_own(store: Store) -> None:
    await store.add_line(new_session("anna", ANNA), line("a"))
    await store.add_line(new_session("ben", BEN), line("b"))

    assert await store.transcript("anna", limit=9) == [line("a")]
    assert await store.transcript("ben", limit=9) == [line("b")]


async def test_a_line_is_kept_once_and_as_it_came_first(store: Store) -> None:
    first = line("a")
    for again in (first, first, msgspec.structs.replace(first, text="changed")):
        await store.add_line(new_session("session"), again)

    assert await store.transcript("session", limit=9) == [first]


async def test_of_many_that_keep_the_same_line_one_does(store: Store) -> None:
    session = new_session("session")

    await asyncio.gather(*[store.add_line(session, line("a")) for _ in range(9)])

    assert await store.transcript("session", limit=9) == [line("a")]


async def test_a_line_does_not_come_again_in_the_threads_next_session(store: Store) -> None:
    await store.add_line(new_session("first"), line("a"))
    await store.add_line(new_session("second"), line("a"))

    assert await store.transcript("second", limit=9) == []


async def test_two_threads_may_have_lines_of_the_same_key(store: Store) -> None:
    await store.add_line(new_session("anna", ANNA), line("a"))
    await store.add_line(new_session("ben", BEN), line("a"))

    assert await store.transcript("ben", limit=9) == [line("a")]


async def test_lines_are_in_the_order_of_saying(store: Store) -> None:
    said = [line("a", at=NOW - SECOND), line("b", at=NOW), line("c", at=NOW + SECOND)]
    for late in (said[2], said[0], said[1]):
        await store.add_line(new_session("session"), late)

    assert await store.transcript("session", limit=9) == said


async def test_lines_of_the_same_time_are_in_the_order_of_coming(store: Store) -> None:
    said = [line(key) for key in "cab"]
    for each in said:
        await store.add_line(new_session("session"), each)

    assert await store.transcript("session", limit=9) == said


async def test_the_newest_lines_are_given(store: Store) -> None:
    for number in range(5):
        await store.add_line(new_session("session"), line(str(number), at=NOW + number * SECOND))

    newest = await store.transcript("session", limit=2)

    assert [said.key for said in newest] == ["3", "4"]


async def test_a_line_is_forgotten_some_time_after_it_was_said(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    for said in (line("old"), line("new", at=NOW + SECOND)):
        await store.add_line(session, said)

    await prune(store, DAY)
    assert len(await store.transcript("session", limit=9)) == 2
    await prune(store, DAY + SECOND)
    assert await store.transcript("session", limit=9) == [line("new", at=NOW + SECOND)]


async def test_however_many_are_to_be_forgotten_all_are(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session)
    await asyncio.gather(*[store.add_line(session, line(str(number))) for number in range(1100)])

    await prune(store, 2 * DAY)

    assert await store.transcript("session", limit=9) == []


async def test_a_session_that_is_forgotten_takes_its_lines_along(store: Store) -> None:
    first, other = new_session("first", ANNA), new_session("other", BEN)
    for session in (first, other):
        await store.add_session(session)
        await store.add_line(session, line("a"))
    await end_session(store, first)

    await prune(store, HOUR + SECOND, session_retention=HOUR)

    assert await store.session("first") is None
    assert await store.transcript("first", limit=9) == []
    assert await store.transcript("other", limit=9) == [line("a")]


async def test_lines_outlive_a_restart(make_lasting_store: Callable[[str], SqlStore]) -> None:
    before = make_lasting_store("before")
    await before.open()
    await before.add_line(new_session("session"), line("a"))
    await before.close()

    after = make_lasting_store("after")
    await after.open()
    assert await after.transcript("session", limit=9) == [line("a")]
    await after.close()
