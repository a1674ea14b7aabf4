"""What a worker knows of what it stands on, and that asking for it waits for nobody."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import StoreUnavailable
from channels.core.records.kept import Backlog
from channels.engine.health import LOOK_INTERVAL, REFUSAL_COUNTS, STORE_SILENCE, HealthWatch, Part
from channels.instruments.metrics import Metrics
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
        self.is_read_only = False

    async def report(self, now: datetime) -> int:
        if self.is_read_only:
            raise StoreUnavailable("cannot execute INSERT in a read-only transaction")
        return await super().report(now)

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
def watch(store: StoreInTrouble, clock: ManualClock) -> HealthWatch:
    graph = MemoryGraph(app_id="900", clock=clock)
    return HealthWatch(store=store, graph=graph, clock=clock, own_clock=clock, metrics=Metrics())


def parts(watch: HealthWatch) -> list[Part]:
    return [problem.part for problem in watch.problems()]


def test_several_looks_fit_into_the_silence_that_is_allowed() -> None:
    assert 2 * LOOK_INTERVAL < STORE_SILENCE


async def test_a_store_that_answers_is_well(watch: HealthWatch, clock: ManualClock) -> None:
    clock.advance(STORE_SILENCE + SECOND)
    await watch.look()
    assert parts(watch) == []


async def test_a_store_that_is_away_is_a_problem_until_it_is_back(
    watch: HealthWatch, store: StoreInTrouble
) -> None:
    store.is_away = True
    with pytest.raises(StoreUnavailable):
        await watch.look()
    assert parts(watch) == [Part.STORE]

    store.is_away = False
    await watch.look()
    assert parts(watch) == []


async def test_a_store_that_hangs_is_a_problem_before_it_answers(
    watch: HealthWatch, store: StoreInTrouble, clock: ManualClock
) -> None:
    store.hangs = True
    looking = asyncio.create_task(watch.look())
    await asyncio.sleep(0)
    clock.advance(STORE_SILENCE)
    assert parts(watch) == []
    clock.advance(SECOND)
    assert parts(watch) == [Part.STORE]
    looking.cancel()


async def test_a_store_that_can_be_read_and_not_written_is_a_problem(
    watch: HealthWatch, store: StoreInTrouble
) -> None:
    store.is_read_only = True
    with pytest.raises(StoreUnavailable):
        await watch.look()
    assert parts(watch) == [Part.STORE]


async def test_a_delivery_that_was_not_recorded_is_a_problem_until_one_is(
    watch: HealthWatch,
) -> None:
    watch.recording_failed()
    await watch.look()
    assert parts(watch) == [Part.STORE]
    watch.recorded()
    assert parts(watch) == []


async def test_where_no_delivery_comes_the_last_one_counts_for_a_minute(
    watch: HealthWatch, clock: ManualClock
) -> None:
    watch.recording_failed()
    clock.advance(REFUSAL_COUNTS + SECOND)
    await watch.look()
    assert parts(watch) == []
