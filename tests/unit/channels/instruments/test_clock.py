"""The machine's clock."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from channels.instruments import clock as clocks
from channels.instruments.clock import SharedClock, SystemClock
from tests.fakes.clock import ManualClock

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


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


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_setting_the_machines_clock_moves_no_deadline(
    monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    clock = SystemClock()
    before = clock.now()
    set_to = datetime.now(timezone.utc) + jump
    monkeypatch.setattr(SystemClock, "wall", lambda _: set_to)

    assert timedelta() <= clock.now() - before < SECOND
    assert abs(clock.wall() - before - jump) < SECOND


def test_a_process_that_stood_still_knows_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before, counted = clock.now(), clocks._counted
    monkeypatch.setattr(clocks, "_counted", lambda: counted() + 75)

    assert 75 * SECOND <= clock.now() - before < 76 * SECOND


def test_workers_agree_on_the_databases_time() -> None:
    told = NOON
    ahead, behind = ManualClock(NOON + 90 * SECOND), ManualClock(NOON - HOUR)
    shared = [SharedClock(ahead), SharedClock(behind)]
    for clock, own in zip(shared, (ahead, behind), strict=True):
        clock.set_by(told, after=own.now(), before=own.now())
        own.advance(SECOND)

    assert [clock.now() for clock in shared] == [NOON + SECOND] * 2


def test_the_shared_clock_does_not_tremble() -> None:
    own = ManualClock(NOON)
    clock = SharedClock(own)
    clock.set_by(NOON + HOUR, after=NOON, before=NOON)
    later = NOON + HOUR + SECOND / 3
    clock.set_by(later, after=NOON, before=NOON + SECOND)  # says nothing else

    assert clock.now() == NOON + HOUR
