"""A person who is forgotten: nothing is cut off, and nothing is left."""

from __future__ import annotations

from datetime import timedelta

from channels.core.sessions.search import Search
from channels.core.sessions.session import MESSAGING_WINDOW
from tests.scenario.world import ANNA, SECOND, World


async def forget(world: World) -> int | None:
    erased = await world.engine.operations.forget(ANNA.user)
    await world.settle()
    return erased


async def test_who_is_with_an_agent_is_not_forgotten(world: World) -> None:
    await world.hand_over()
    assert await forget(world) is None
    await world.user_says("menu")
    assert world.ends() == ["keyword"]


async def test_after_the_end_nothing_is_left_and_the_bot_answers_as_a_stranger(
    world: World,
) -> None:
    await world.hand_over()
    await world.operator_asks()
    assert await forget(world)
    assert await forget(world) == 0
    await world.user_says("hello")
    assert world.said()[-1:] == ["re: hello"]


async def test_nor_is_the_name_that_a_worker_has_learnt(world: World) -> None:
    world.graph.known_names = {ANNA.user: "Anna"}
    await world.hand_over()
    await world.engine.operations.find_open(Search(), skip=0, limit=9)
    await world.wait(SECOND)
    assert world.engine.names.of_user(ANNA) == "Anna"
    await world.operator_asks()
    assert await forget(world)
    assert world.engine.names.of_user(ANNA) is None


async def test_an_end_that_waits_for_the_user_is_told_in_silence_first(world: World) -> None:
    await world.hand_over()
    await world.wait(MESSAGING_WINDOW - SECOND)
    await world.agent_returns()
    await world.wait(SECOND)
    said_before = world.said()
    assert await forget(world)
    assert len(world.ends()) == 1
    assert world.said() == said_before
    assert await world.store.open_session(ANNA) is None


async def test_an_ended_handover_is_forgotten_when_its_time_is_over() -> None:
    world = World(retention="1h")
    await world.start()
    session = await world.hand_over()
    await world.agent_returns()
    await world.wait(timedelta(minutes=59))
    assert await world.store.session(session.id) is not None

    await world.wait(timedelta(minutes=2))
    assert await world.store.session(session.id) is None
    await world.kill()
