"""A send that Meta refuses shows that somebody has taken the thread: a handover begins."""

from __future__ import annotations

import asyncio

import pytest

from channels.core.sessions.session import State
from tests.scenario.world import ANNA, INBOX, SECOND, World


@pytest.fixture
def gate() -> asyncio.Event:
    """What a turn waits for."""
    return asyncio.Event()


async def is_taken_before(gate: asyncio.Event, world: World) -> None:
    """The Inbox takes the thread in the middle of a turn, and the turn goes on."""
    world.graph.threads[ANNA] = INBOX
    gate.set()
    await world.wait(SECOND)


async def test_a_refused_answer_begins_a_handover(world: World, gate: asyncio.Event) -> None:
    world.script.answers["hello"] = ["one moment", gate, "here you are"]
    await world.user_says("hello")
    await is_taken_before(gate, world)

    session = await world.session()
    assert (session.state, session.is_adopted) == (State.ACTIVE, True)
    assert world.said() == ["one moment"]
    assert world.heard() == ["hello", "EXTERNAL: handover_started"]


async def test_a_refused_follow_up_begins_the_next_handover(
    world: World, gate: asyncio.Event
) -> None:
    world.script.answers["keyword"] = ["welcome back", gate, "what else?"]
    first = await world.hand_over()
    await world.user_says("menu")
    await is_taken_before(gate, world)

    second = await world.session()
    assert (second.id != first.id, second.state) == (True, State.ACTIVE)
    assert world.said() == ["welcome back"]
    assert world.heard() == ["human", "<keyword>", "EXTERNAL: handover_started"]
