"""Time limits that share a timer: each is kept to as if it had one of its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from channels.instruments.time_limits import TimeLimits

SHORT, LONG = timedelta(milliseconds=30), timedelta(hours=1)


async def test_what_takes_too_long_is_told_once() -> None:
    limits, later = TimeLimits(), asyncio.Event()
    calls: list[str] = []
    limits.begin(SHORT, lambda: calls.append("overdue"))
    limits.begin(SHORT * 2, later.set)
    await asyncio.wait_for(later.wait(), 10)

    assert calls == ["overdue"]


async def test_nothing_is_overdue_before_its_time() -> None:
    limits, told = TimeLimits(), asyncio.Event()
    loop = asyncio.get_running_loop()
    began = loop.time()
    limits.begin(SHORT, told.set)
    await asyncio.wait_for(told.wait(), 10)

    assert loop.time() - began >= 0.9 * SHORT.total_seconds()


async def test_what_has_ended_in_time_is_never_overdue() -> None:
    limits, later = TimeLimits(), asyncio.Event()
    calls: list[str] = []
    begun = limits.begin(SHORT, lambda: calls.append("overdue"))
    limits.end(begun)
    limits.begin(SHORT * 2, later.set)
    await asyncio.wait_for(later.wait(), 10)

    assert calls == []


async def test_a_short_limit_does_not_wait_for_a_long_one() -> None:
    limits, told = TimeLimits(), asyncio.Event()
    begun = limits.begin(LONG, told.set)
    limits.begin(SHORT, told.set)
    await asyncio.wait_for(told.wait(), 10)
    limits.end(begun)


async def test_after_a_pause_the_next_limit_is_kept_to_also() -> None:
    limits = TimeLimits()
    for _ in range(2):
        told = asyncio.Event()
        limits.end(limits.begin(SHORT, told.set))
        limits.begin(SHORT, told.set)
        await asyncio.wait_for(told.wait(), 10)


async def test_one_whose_call_fails_keeps_no_other_from_being_told() -> None:
    limits, told = TimeLimits(), asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    def fail() -> None:
        raise RuntimeError

    limits.begin(SHORT, fail)
    limits.begin(SHORT, told.set)
    await asyncio.wait_for(told.wait(), 10)
