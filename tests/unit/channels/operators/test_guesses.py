"""How wrong admin tokens are answered: more and more slowly, and never at others' expense."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from datetime import datetime, timedelta, timezone

import pytest

from channels.operators.guesses import (
    FORGOTTEN_AFTER,
    FREE_GUESSES,
    LONGEST_DELAY,
    MOST_DELAYED,
    Guesses,
)
from tests.fakes.clock import ManualClock

NOW = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
STEP = timedelta(milliseconds=50)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def guesses(clock: ManualClock) -> Guesses:
    return Guesses(clock)


async def delay_of(refusal: Awaitable[None], clock: ManualClock) -> timedelta:
    began, refusing = clock.now(), asyncio.ensure_future(refusal)
    await asyncio.sleep(0)
    while not refusing.done():
        clock.advance(STEP)
        await asyncio.sleep(0)
    return clock.now() - began


async def test_who_mistypes_is_answered_at_once(guesses: Guesses, clock: ManualClock) -> None:
    for _ in range(FREE_GUESSES):
        assert await delay_of(guesses.refuse("10.0.0.7"), clock) < STEP * 2


async def test_who_guesses_is_answered_ever_more_slowly_up_to_a_bound(
    guesses: Guesses, clock: ManualClock
) -> None:
    delays = [await delay_of(guesses.refuse("10.0.0.7"), clock) for _ in range(300)]
    assert delays == sorted(delays)
    assert delays[FREE_GUESSES] > timedelta()
    assert max(delays) <= LONGEST_DELAY + STEP
    assert sum(delays, timedelta()) > timedelta(minutes=15)


async def test_a_silence_ends_it(guesses: Guesses, clock: ManualClock) -> None:
    for _ in range(10):
        await delay_of(guesses.refuse("10.0.0.7"), clock)
    clock.advance(FORGOTTEN_AFTER + STEP)
    assert await delay_of(guesses.refuse("10.0.0.7"), clock) < STEP * 2


async def test_guesses_that_come_all_at_once_do_not_pile_up(
    guesses: Guesses, clock: ManualClock
) -> None:
    refusals = [asyncio.ensure_future(guesses.refuse("10.0.0.7")) for _ in range(1000)]
    await asyncio.sleep(0)
    assert sum(not refusal.done() for refusal in refusals) == MOST_DELAYED
    clock.advance(LONGEST_DELAY)
    await asyncio.gather(*refusals)


async def test_who_hangs_up_while_held_up_makes_room(guesses: Guesses) -> None:
    for _ in range(2):
        refusals = [asyncio.ensure_future(guesses.refuse("10.0.0.7")) for _ in range(100)]
        await asyncio.sleep(0)
        waiting = [refusal for refusal in refusals if not refusal.done()]
        assert len(waiting) == MOST_DELAYED
        for refusal in waiting:
            refusal.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_log_tells_how_often_and_from_where_once_a_minute(
    guesses: Guesses, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(300):
            refusing = asyncio.ensure_future(guesses.refuse("10.0.0.7"))
            await asyncio.sleep(0)
            clock.advance(timedelta(milliseconds=300))
            refusing.cancel()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "(1 times since the last such line, now from 10.0.0.7)" in told[0]
    assert "(200 times since" in told[1]
