"""What a worker knows of what it stands on, and that asking for it waits for nobody."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import StoreUnavailable
from channels.engine.health import STORE_SILENCE, Part
from channels.engine.vitals import LOOK_INTERVAL, Vitals
from channels.instruments.metrics import Metrics
from channels.store.protocol import Backlog
from tests.fakes.clock import ManualClock
from tests.fakes.graph import MemoryGraph
from tests.fakes.store import MemoryStore

SECOND = timedelta(seconds=1)


class StoreInTrouble(MemoryStore):
    """A store that does not answer while `hangs`, and says that it is away while `is_away`."""

    def __init__(self) -> None:
        super().__init__(worker="worker")
        self.is_away = False
        self.hangs = False

    async def backlog(self) -> Backlog:
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        if self.is_away:
            raise StoreUnavailable("The database is away")
        return await super().backlog()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))


@pytest.fixture
def store() -> StoreInTrouble:
    return StoreInTrouble()


@pytest.fixture
def vitals(store: StoreInTrouble, clock: ManualClock) -> Vitals:
    graph = MemoryGraph(app_id="900", clock=clock)
    return Vitals(store=store, graph=graph, clock=clock, metrics=Metrics())


def parts(vitals: Vitals) -> list[Part]:
    return [problem.part for problem in vitals.problems()]


def test_several_looks_fit_into_the_silence_that_is_allowed() -> None:
    assert 2 * LOOK_INTERVAL < STORE_SILENCE


async def test_a_store_that_answers_is_well(vitals: Vitals, clock: ManualClock) -> None:
    clock.advance(STORE_SILENCE + SECOND)
    await vitals.look()
    assert parts(vitals) == []


async def test_a_store_that_is_away_is_a_problem_until_it_is_back(
    vitals: Vitals, store: StoreInTrouble
) -> None:
    store.is_away = True
    with pytest.raises(StoreUnavailable):
        await vitals.look()
    assert parts(vitals) == [Part.STORE]

    store.is_away = False
    await vitals.look()
    assert parts(vitals) == []


async def test_a_store_that_hangs_is_a_problem_before_it_answers(
    vitals: Vitals, store: StoreInTrouble, clock: ManualClock
) -> None:
    store.hangs = True
    looking = asyncio.create_task(vitals.look())
    await asyncio.sleep(0)
    clock.advance(STORE_SILENCE)
    assert parts(vitals) == []
    clock.advance(SECOND)
    assert parts(vitals) == [Part.STORE]
    looking.cancel()
