"""What the engine makes of `routing: auto`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from channels.core.errors import GraphUnavailable
from channels.core.meta.ownership import Routing
from tests.scenario.world import ANNA, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(routing="auto")
    yield world
    await world.kill()


async def is_left_by_the_agent(world: World) -> None:
    """The user's message comes to us."""
    await world.hand_over()
    world.graph.threads[ANNA] = None
    await world.user_says("hello?")


@pytest.mark.parametrize(
    ("routing", "said"),
    [(Routing.ON, ["re: agent_released", "re: hello?"]), (Routing.OFF, [])],
)
async def test_a_message_to_us_proves_a_release_where_meta_says_that_routing_is_on(
    world: World, routing: Routing, said: list[str]
) -> None:
    world.graph.routing_now = routing
    await world.start()
    await is_left_by_the_agent(world)

    assert world.said() == said


async def test_meta_is_asked_once_an_hour_for_many_events_at_once(world: World) -> None:
    await world.start()
    await world.hand_over()
    await world.deliver(*[world.message("my order") for _ in range(20)])
    await world.user_says("is late")
    assert world.calls("routing") == 1

    await world.wait(HOUR)
    await world.hand_over()
    await world.user_says("my order")
    assert world.calls("routing") == 1


async def test_without_a_handover_meta_is_not_asked(world: World) -> None:
    await world.start()
    await world.user_says("hello")

    assert world.calls("routing") == 0


async def test_while_meta_does_not_say_so_routing_counts_as_off(world: World) -> None:
    world.graph.fail("routing", GraphUnavailable("Graph is down"))
    await world.start()
    await is_left_by_the_agent(world)
    assert world.said() == []

    await world.wait(MINUTE)
    await world.user_says("anybody?")
    assert world.said() == ["re: agent_released", "re: anybody?"]


async def test_what_meta_once_said_holds_while_it_does_not_answer() -> None:
    world = World(routing="auto", plans={"default": {"timeout": "1d", "owner-probe": "1d"}})
    await world.start()
    await world.hand_over()
    await world.operator_says("Good day")
    world.graph.fail("routing", GraphUnavailable("Graph is down"), times=9)
    world.graph.threads[ANNA] = None
    await world.wait(HOUR)
    await world.user_says("hello?")

    assert world.calls("routing") == 2
    assert world.said() == ["re: agent_released", "re: hello?"]
