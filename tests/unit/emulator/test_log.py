from __future__ import annotations

import asyncio
from datetime import timedelta

from emulator.platform.state.clock import EmulatorClock
from emulator.platform.state.log import ProtocolLog

LONG = timedelta(seconds=30)


def test_entries_are_numbered_from_1_and_can_be_filtered() -> None:
    log = ProtocolLog(EmulatorClock())
    log.add("message", user="7")
    log.add("call", user="7", app_id="1")
    log.add("call", user="8", app_id="2")
    assert [entry["n"] for entry in log.after(0)] == [1, 2, 3]
    assert [entry["n"] for entry in log.after(0, kinds=("call",), user="7")] == [2]
    assert [entry["n"] for entry in log.after(1, app_id="2")] == [3]
    assert log.last == 3


async def test_a_waiter_gets_what_is_there_without_waiting() -> None:
    log = ProtocolLog(EmulatorClock())
    log.add("message")
    assert len(await log.wait_after(0, at_most=LONG)) == 1


async def test_all_waiters_wake_at_an_entry_that_they_wait_for() -> None:
    log = ProtocolLog(EmulatorClock())
    log.add("message")
    waiters = [asyncio.create_task(log.wait_after(0, at_most=LONG, kinds=("call",)))]
    waiters += [asyncio.create_task(log.wait_after(1, at_most=LONG))]
    await asyncio.sleep(0)
    log.add("call")
    found = await asyncio.gather(*waiters)
    assert [[entry["kind"] for entry in entries] for entries in found] == [["call"], ["call"]]


async def test_a_waiter_gives_up_in_the_end() -> None:
    log = ProtocolLog(EmulatorClock())
    assert await log.wait_after(0, at_most=timedelta(milliseconds=5)) == []


async def test_a_waiter_learns_at_once_that_the_log_has_begun_again() -> None:
    log = ProtocolLog(EmulatorClock())
    log.add("message")
    waiter = asyncio.create_task(log.wait_after(1, at_most=LONG))
    await asyncio.sleep(0)
    log.clear()
    assert await asyncio.wait_for(waiter, LONG.total_seconds() / 2) == []


async def test_nobody_waits_for_an_entry_behind_the_next() -> None:
    log = ProtocolLog(EmulatorClock())
    log.add("message")
    waiting = log.wait_after(2, at_most=LONG)
    assert await asyncio.wait_for(waiting, LONG.total_seconds() / 2) == []
