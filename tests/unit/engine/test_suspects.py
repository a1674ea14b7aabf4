"""What a worker has died with is begun one by one, and keeps nothing from going on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from channels.engine import suspects
from channels.engine.suspects import Suspects

LIMIT = 5.0  # seconds


async def once_more(times: int) -> int:
    return 1 + max(times, 0)


async def test_one_that_waits_for_another_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suspects, "ALONE_FOR", timedelta(milliseconds=20))
    working = Suspects()
    is_sent = asyncio.Event()

    async def event() -> None:
        async with working.begun(1, once_more):
            await is_sent.wait()

    async def message() -> None:
        async with working.begun(1, once_more):
            is_sent.set()

    await asyncio.wait_for(asyncio.gather(event(), message()), LIMIT)


async def test_they_are_begun_one_by_one() -> None:
    working = Suspects()
    under_way: list[str] = []

    async def one(name: str) -> None:
        async with working.begun(1, once_more):
            under_way.append(name)
            assert under_way == [name]
            await asyncio.sleep(0.01)
            under_way.remove(name)

    await asyncio.wait_for(asyncio.gather(*map(one, "abc")), LIMIT)


async def test_what_nobody_has_died_with_twice_is_not_held_up() -> None:
    working = Suspects()
    async with working.begun(1, once_more), working.begun(0, once_more) as may:
        assert may
