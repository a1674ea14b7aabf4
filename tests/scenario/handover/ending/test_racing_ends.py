"""Several reasons to end a handover in the same instant: one wins, and Rasa hears of that one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import permutations
from pathlib import Path
from random import Random

import pytest

from channels.core.events import Array
from channels.core.sessions.session import State
from channels.store.sql import SqlStore
from tests.scenario.wire import Wire
from tests.scenario.world import ANNA, BOT, SECOND, TIMEOUT, MakeStore, Worker, World

Reason = Callable[[World, Worker], Awaitable[object]]


async def time_is_over(world: World, _: Worker) -> None:
    world.clock.advance(SECOND)


async def keyword(world: World, worker: Worker) -> None:
    await worker.engine.intake.accept([world.message("menu", array=Array.STANDBY)])


async def passed_back(world: World, worker: Worker) -> None:
    world.graph.threads[ANNA] = BOT
    await worker.engine.intake.accept([world.control_passed()])


async def operator_asks(_: World, worker: Worker) -> None:
    session = await worker.store.open_session(ANNA)
    if session is not None:
        await worker.engine.operations.return_thread(session)


async def released(world: World, worker: Worker) -> None:
    world.graph.threads[ANNA] = None
    await worker.engine.intake.accept([world.message("anybody there?", array=Array.MESSAGING)])


REASONS: Sequence[Reason] = (time_is_over, keyword, passed_back, operator_asks)
ORDERS = [
    pytest.param(order, id=", ".join(reason.__name__ for reason in order))
    for order in permutations(REASONS)
]
PAIRS = [
    pytest.param(pair, id=", ".join(reason.__name__ for reason in pair))
    for pair in permutations((*REASONS, released), 2)
]
CHANCES = range(8)


async def handed_over(
    *, workers: int = 1, chance: int = 0, make_store: MakeStore | None = None
) -> World:
    """A world whose handover has one second left."""
    world = World(make_store)
    for number in range(workers):
        await world.start(Wire(chance=Random(chance * 10 + number)))
    await world.hand_over()
    await world.wait(TIMEOUT - 2 * SECOND)
    return world


async def check(world: World) -> None:
    """One reason has won, for the store, for Rasa and for the user."""
    [ended] = [turn for turn in world.tracker_store.turns if turn.parse_data]
    [reason] = world.ends()
    session = await world.session_of("human")
    assert session.reason is not None
    assert (session.state, session.reason.value) == (State.ENDED, reason)
    assert ended.message_id == session.ended_message_id
    assert [text for text in world.said() if text != "re: anybody there?"] == [f"re: {reason}"]
    assert world.calls("send") == len(world.graph.sent), "the bot wrote where it was not the owner"


@pytest.mark.parametrize("order", ORDERS)
async def test_of_all_reasons_at_once_one_wins(order: Sequence[Reason]) -> None:
    world = await handed_over()
    await asyncio.gather(*[reason(world, world.workers[0]) for reason in order])
    await world.settle()
    await world.wait(TIMEOUT)
    await check(world)


@pytest.mark.parametrize("order", ORDERS)
async def test_of_all_reasons_at_once_one_wins_on_sqlite(
    order: Sequence[Reason], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'handover.db'}"
    world = await handed_over(make_store=lambda worker: SqlStore(url, worker=worker))
    await asyncio.gather(*[reason(world, world.workers[0]) for reason in order])
    await world.settle()
    await world.wait(TIMEOUT)
    await check(world)
    await world.kill()


@pytest.mark.parametrize("chance", CHANCES)
@pytest.mark.parametrize("order", ORDERS)
async def test_of_all_reasons_at_once_one_wins_across_workers(
    order: Sequence[Reason], chance: int
) -> None:
    world = await handed_over(workers=2, chance=chance)
    workers = world.workers * 2
    await asyncio.gather(
        *[reason(world, worker) for reason, worker in zip(order, workers, strict=True)]
    )
    await world.settle()
    await world.wait(SECOND)  # another worker's turn is over
    await world.wait(TIMEOUT)
    await check(world)


@pytest.mark.parametrize("chance", CHANCES)
@pytest.mark.parametrize("pair", PAIRS)
async def test_of_two_reasons_at_once_one_wins_across_workers(
    pair: Sequence[Reason], chance: int
) -> None:
    world = await handed_over(workers=2, chance=chance)
    await asyncio.gather(
        *[reason(world, worker) for reason, worker in zip(pair, world.workers, strict=True)]
    )
    await world.settle()
    await world.wait(SECOND)  # another worker's turn is over
    await world.wait(TIMEOUT)
    await check(world)


@pytest.mark.parametrize("chance", CHANCES)
@pytest.mark.parametrize("other", REASONS)
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_message_that_comes_as_the_thread_does_is_answered(
    workers: int, other: Reason, chance: int
) -> None:
    world = await handed_over(workers=workers, chance=chance)
    await asyncio.gather(other(world, world.workers[0]), released(world, world.workers[-1]))
    await world.settle()
    await world.wait(SECOND)  # another worker's turn is over
    await world.wait(TIMEOUT)

    assert world.said()[-1:] == ["re: anybody there?"]
    assert len(world.said()) == 2
