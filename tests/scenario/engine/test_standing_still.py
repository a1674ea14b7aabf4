"""A worker that stands still for longer than its claims last, at any point of its work.

As SIGSTOP, a frozen machine or a long stall has it: another worker has gone on by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.core.events import Event
from channels.store.protocol import CLAIM_LEASE
from channels.store.sql import SqlStore
from tests.scenario.engine.failures.places import Place, commits_of, each_in, standstills_of
from tests.scenario.engine.failures.stories import STORIES, has_turned_out_well, play
from tests.scenario.engine.failures.test_crash_points import MortalWorld
from tests.scenario.wire import Wire
from tests.scenario.world import SECOND, Worker, World

STANDSTILL = CLAIM_LEASE + 15 * SECOND
STANDSTILLS, STANDSTILLS_ALONE = (
    each_in(
        ("keyword", "timeout", "returned", "followed"),
        lambda story, has_survivor=has_survivor: (  # type: ignore[misc]
            place
            for place in standstills_of(story, has_survivor=has_survivor)
            # Between a look at the claim and what follows at once there is nothing that this could
            # be known by: Rasa's tracker store compares no claims.
            if place.after or place.name != "save"
        ),
    )
    for has_survivor in (True, False)
)
STANDSTILLS_ON_SQLITE = each_in(("keyword", "timeout"), commits_of)


class StoppedWorld(MortalWorld):
    """A world in which a worker stands still for a while; Meta repeats to another what it lost."""

    has_survivor = True
    _is_waiting = False

    async def settle(self) -> None:
        await World.settle(self)
        stopped = [worker for worker in self.workers if worker.wire.is_still]
        if stopped and not self._is_waiting:
            self._is_waiting = True
            await self._stand_still(stopped[0])
            self._is_waiting = False

    async def _stand_still(self, stopped: Worker) -> None:
        others = [worker for worker in self.workers if worker is not stopped]
        for _ in range(STANDSTILL // (5 * SECOND)):
            for worker in others:
                for mark in self.graph.marks:
                    await worker.engine.intake.hear_echo(mark)
            await self.wait(5 * SECOND)
            self.locks.expire(stopped.assistant)
        self.saved_before_death = self.heard()
        stopped.wire.go_on()
        await self.wait(5 * SECOND)
        await self.wait(5 * SECOND)

    async def deliver(self, *events: Event) -> None:
        accepting = asyncio.create_task(self.engine.intake.accept(events))
        await self.settle()
        await accepting


@pytest.fixture
async def world() -> AsyncIterator[StoppedWorld]:
    world = StoppedWorld()
    yield world
    await world.kill()


@pytest.fixture
async def world_on_sqlite(tmp_path: Path) -> AsyncIterator[StoppedWorld]:
    url = f"sqlite:///{tmp_path / 'handover.db'}"
    world = StoppedWorld(lambda worker: SqlStore(url, worker=worker))
    world.has_survivor = False
    yield world
    await world.kill()


async def goes_on_where_it_was(world: StoppedWorld, name: str, place: Place) -> None:
    await play(world, STORIES[name], wire := place.wire(stands_still=True))
    assert wire.was_cut
    said = world.said()
    assert sorted(said) == sorted(set(said))
    await has_turned_out_well(world, STORIES[name])


@pytest.mark.parametrize(("name", "place"), STANDSTILLS)
async def test_what_it_was_at_is_done_once(world: StoppedWorld, name: str, place: Place) -> None:
    await goes_on_where_it_was(world, name, place)


@pytest.mark.parametrize(("name", "place"), STANDSTILLS_ALONE)
async def test_the_only_worker_goes_on_where_it_was(
    world: StoppedWorld, name: str, place: Place
) -> None:
    world.has_survivor = False
    await goes_on_where_it_was(world, name, place)


@pytest.mark.parametrize(("name", "place"), STANDSTILLS_ON_SQLITE)
async def test_the_only_worker_goes_on_where_it_was_on_sqlite(
    world_on_sqlite: StoppedWorld, name: str, place: Place
) -> None:
    await goes_on_where_it_was(world_on_sqlite, name, place)


async def test_no_action_follows_once_another_worker_has_the_turn(world: StoppedWorld) -> None:
    acted: list[str] = []
    world.script.answers["hello"] = ["re: hello", lambda _: acted.append("the action")]
    await world.start(wire := Wire(breaks_at="say", after=True, stands_still=True))
    await world.user_says("hello")

    assert wire.was_cut
    assert world.heard() == ["hello"]
    assert acted == ["the action"]
