"""What a worker has died with is begun one by one, and holds up nothing else."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from channels.instruments.suspects import ALONE_FOR, Suspects
from tests.fakes.clock import ManualClock

LIMIT = 5.0  # seconds
STANDSTILL = timedelta(seconds=75)


async def once_more(times: int) -> int:
    return 1 + max(times, 0)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 10, 1, tzinfo=timezone.utc))


@pytest.fixture
def working(clock: ManualClock) -> Suspects:
    return Suspects(clock)


async def test_one_that_waits_for_another_does_not_wait_for_ever(
    working: Suspects, clock: ManualClock
) -> None:
    is_sent = asyncio.Event()

    async def event() -> None:
        async with working.begun(1, once_more):
            await is_sent.wait()

    async def message() -> None:
        async with working.begun(1, once_more):
            is_sent.set()

    both = asyncio.gather(event(), message())
    await settled()
    assert not is_sent.is_set()
    clock.advance(ALONE_FOR)
    await asyncio.wait_for(both, LIMIT)


async def test_a_worker_that_stood_still_leaves_the_first_alone_for_as_long_as_ever(
    working: Suspects, clock: ManualClock
) -> None:
    """Nothing of it was done meanwhile: what ends the process is still to come."""
    goes_on, begun = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with working.begun(1, once_more):
            await goes_on.wait()

    async def second() -> None:
        async with working.begun(1, once_more):
            begun.set()

    both = asyncio.gather(first(), second())
    await settled()
    clock.advance(STANDSTILL)
    await settled()
    assert not begun.is_set()
    clock.advance(ALONE_FOR)
    await settled()
    assert begun.is_set()
    goes_on.set()
    await asyncio.wait_for(both, LIMIT)


async def test_they_are_begun_one_by_one(working: Suspects) -> None:
    under_way: list[str] = []

    async def one(name: str) -> None:
        async with working.begun(1, once_more):
            under_way.append(name)
            assert under_way == [name]
            await asyncio.sleep(0.01)
            under_way.remove(name)

    await asyncio.wait_for(asyncio.gather(*map(one, "abc")), LIMIT)


async def test_what_nobody_has_died_with_twice_is_not_held_up(working: Suspects) -> None:
    async with working.begun(1, once_more), working.begun(0, once_more) as may:
        assert may
