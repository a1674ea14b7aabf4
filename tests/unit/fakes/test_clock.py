"""The clock that tests move."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

from tests.fakes.clock import ManualClock

START = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


async def asleep(clock: ManualClock, duration: timedelta) -> asyncio.Task[None]:
    """A task that has begun to sleep."""
    task = asyncio.create_task(clock.sleep(duration))
    await asyncio.sleep(0)
    return task


async def awake(*tasks: asyncio.Task[None]) -> list[bool]:
    """Which of the tasks have woken up."""
    await asyncio.sleep(0)
    return [task.done() for task in tasks]


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(MINUTE)
    assert clock.now() == START + MINUTE


async def test_a_sleeper_wakes_when_its_time_has_come_and_not_before() -> None:
    clock = ManualClock(START)
    sleeper = await asleep(clock, MINUTE)
    clock.advance(MINUTE - timedelta(microseconds=1))
    assert await awake(sleeper) == [False]
    clock.advance(timedelta(microseconds=1))
    assert await awake(sleeper) == [True]


async def test_each_sleeper_wakes_at_its_own_time() -> None:
    clock = ManualClock(START)
    sleepers = [await asleep(clock, minutes * MINUTE) for minutes in (3, 1, 2)]
    clock.advance(2 * MINUTE)
    assert await awake(*sleepers) == [False, True, True]
    clock.advance(MINUTE)
    assert await awake(*sleepers) == [True, True, True]


async def test_a_sleep_counts_from_the_moment_that_it_began() -> None:
    clock = ManualClock(START)
    clock.advance(MINUTE)
    sleeper = await asleep(clock, MINUTE)
    assert await awake(sleeper) == [False]


async def test_sleeping_for_no_time_lets_others_go_first() -> None:
    order: list[str] = []

    async def other() -> None:
        order.append("other")

    task = asyncio.create_task(other())
    await ManualClock(START).sleep(timedelta())
    order.append("sleeper")
    await task
    assert order == ["other", "sleeper"]


async def test_a_sleeper_that_was_cancelled_disturbs_no_other() -> None:
    clock = ManualClock(START)
    cancelled, sleeper = await asleep(clock, MINUTE), await asleep(clock, MINUTE)
    cancelled.cancel()
    await asyncio.sleep(0)
    clock.advance(MINUTE)
    await sleeper
    assert cancelled.cancelled()
