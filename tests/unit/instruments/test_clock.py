"""The machine's clock."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

from channels.instruments.clock import SystemClock


def test_the_machines_clock_tells_the_time_in_utc() -> None:
    before = datetime.now(timezone.utc)
    now = SystemClock().now()
    assert before <= now <= datetime.now(timezone.utc)
    assert now.tzinfo is timezone.utc


async def test_the_machines_clock_sleeps_for_as_long_as_asked() -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await SystemClock().sleep(timedelta(milliseconds=20))
    assert loop.time() - started >= 0.019  # the loop's clock has its own resolution


async def test_the_machines_clock_does_not_sleep_for_what_has_passed() -> None:
    await asyncio.wait_for(SystemClock().sleep(-timedelta(minutes=1)), timeout=5)
