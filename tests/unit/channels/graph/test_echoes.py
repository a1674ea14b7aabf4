"""Whether a message has arrived after all: heard here, or by another worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import StoreUnavailable
from channels.graph.echoes import LOOK_INTERVAL, Echoes
from tests.fakes.clock import ManualClock

LIMIT = timedelta(seconds=4)


class Others:
    """What the other workers have heard."""

    def __init__(self) -> None:
        self.heard: set[str] = set()
        self.looks = 0
        self.away = False

    async def have(self, metadata: str) -> bool:
        self.looks += 1
        if self.away:
            raise StoreUnavailable("The database is away")
        return metadata in self.heard


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
async def echoes(clock: ManualClock, others: Others) -> AsyncIterator[Echoes]:
    echoes = Echoes(clock, others.have)
    echoes.share_among(2)
    with echoes.awaited("mine"):
        yield echoes


async def waited(echoes: Echoes) -> asyncio.Task[bool]:
    waiting = asyncio.ensure_future(echoes.heard_within(LIMIT, "mine"))
    await settle()
    return waiting


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_echo_that_came_before_counts_at_once(echoes: Echoes, others: Others) -> None:
    echoes.heard("mine")
    assert await echoes.heard_within(LIMIT, "mine")
    assert others.looks == 0


async def test_an_echo_ends_the_wait(echoes: Echoes) -> None:
    waiting = await waited(echoes)
    echoes.heard("mine")
    assert await waiting


async def test_without_an_echo_the_wait_ends_in_time(echoes: Echoes, clock: ManualClock) -> None:
    waiting = await waited(echoes)
    for _ in range(4):
        assert not waiting.done()
        clock.advance(timedelta(seconds=1))
        await settle()
    assert await waiting is False


async def test_a_process_that_stood_still_hears_what_has_come_meanwhile(
    echoes: Echoes, clock: ManualClock
) -> None:
    waiting = await waited(echoes)
    clock.advance(timedelta(seconds=75))
    await settle()
    echoes.heard("mine")
    assert await waiting


async def test_an_echo_that_another_worker_has_heard_counts(
    echoes: Echoes, clock: ManualClock, others: Others
) -> None:
    waiting = await waited(echoes)
    others.heard.add("mine")
    clock.advance(LOOK_INTERVAL)
    assert await waiting


async def test_while_nobody_can_tell_the_own_ear_counts(
    echoes: Echoes, clock: ManualClock, others: Others
) -> None:
    others.away = True
    waiting = await waited(echoes)
    clock.advance(LOOK_INTERVAL)
    await settle()
    assert not waiting.done()
    echoes.heard("mine")
    assert await waiting


@pytest.mark.parametrize("workers", [None, 1])
async def test_a_worker_that_is_alone_asks_nobody(
    clock: ManualClock, others: Others, workers: int | None
) -> None:
    alone = Echoes(clock, others.have)
    for count in (2, workers) if workers else ():
        alone.share_among(count)
    with alone.awaited("mine"):
        waiting = await waited(alone)
        clock.advance(LIMIT)
        assert await waiting is False
    assert others.looks == 0
