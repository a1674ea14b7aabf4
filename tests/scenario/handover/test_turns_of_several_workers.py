"""Of several workers one at a time lets Rasa hear of a session, whatever Rasa's lock store does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels.core.events import Array
from tests.scenario.scripted_assistant import Locks, Step
from tests.scenario.world import ANNA, INBOX, SECOND, TIMEOUT, Worker, World


class RacingLocks(Locks):
    """Rasa's lock store when two processes ask at the same moment: both get in."""

    @asynccontextmanager
    async def lock(self, *_: object) -> AsyncIterator[None]:
        yield


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Two workers; events go to the first one."""
    world = World()
    world.locks = RacingLocks()
    await world.start()
    await world.start()
    yield world
    await world.kill()


@pytest.fixture
def gate() -> asyncio.Event:
    """What a turn waits for."""
    return asyncio.Event()


def teller(world: World) -> Worker:
    """The worker that is in the middle of a turn."""
    [worker] = [worker for worker in world.workers if worker.assistant.turns_at_once]
    return worker


async def writes_to_another_worker(world: World, text: str, array: Array) -> None:
    """The user writes while one worker is in the middle of a turn, and it is the other's."""
    [other] = [worker for worker in world.workers if worker is not teller(world)]
    await other.engine.intake.accept([world.message(text, array=array)])
    await world.settle()


async def ends_while_the_user_writes(world: World) -> None:
    """One worker lets Rasa hear of the timeout, and the user's message is the other one's."""
    await world.hand_over()
    await world.wait(TIMEOUT)
    await writes_to_another_worker(world, "hello", Array.MESSAGING)


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param("how was it?", id="whole"),
        pytest.param(OSError("No tracker store"), id="until Rasa fails"),
    ],
)
async def test_an_end_is_told_once(world: World, gate: asyncio.Event, rest: Step) -> None:
    world.script.once["timeout"] = [["time is up", gate, rest]]
    world.script.answers["timeout"] = ["time is up", "how was it?"]
    await ends_while_the_user_writes(world)
    gate.set()
    await world.settle()
    await world.wait(SECOND)

    assert world.heard() == ["human", "<timeout>", "hello"]
    assert world.said() == ["time is up", "how was it?", "re: hello"]


async def test_another_worker_goes_on_when_the_turn_of_a_dead_one_has_lapsed(
    world: World, gate: asyncio.Event
) -> None:
    world.script.once["timeout"] = [[gate]]
    await ends_while_the_user_writes(world)
    teller(world).wire.die()
    await world.settle()
    assert world.ends() == []
    await world.replace_dead()

    assert world.heard() == ["human", "<timeout>", "hello"]
    assert world.said() == ["re: timeout", "re: hello"]


async def test_a_start_is_told_before_the_end(world: World, gate: asyncio.Event) -> None:
    started = "EXTERNAL: handover_started"
    world.script.once[started] = [[OSError("No tracker store")], [gate]]
    world.graph.threads[ANNA] = INBOX
    await world.operator_says("Good day")
    await world.wait(2 * SECOND)
    await writes_to_another_worker(world, "menu", Array.STANDBY)
    gate.set()
    await world.settle()
    await world.wait(SECOND)

    assert world.heard() == [started, "<keyword>"]
