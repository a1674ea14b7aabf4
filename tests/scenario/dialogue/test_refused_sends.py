"""A send that Meta refuses shows that somebody has taken the thread: a handover begins."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from channels.core.errors import NotThreadOwner
from channels.core.sessions.session import State
from channels.engine import engine
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, World


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
    await world.wait(SECOND)

    second = await world.session()
    assert (second.id != first.id, second.state) == (True, State.ACTIVE)
    assert world.said() == ["welcome back"]
    assert world.heard() == ["human", "<keyword>", "EXTERNAL: handover_started"]


async def test_a_follow_up_that_was_refused_is_said_where_the_thread_is_back_by_then(
    world: World, gate: asyncio.Event
) -> None:
    """The agent looks in and lets go again, while Rasa still says its follow-up."""
    world.script.answers["keyword"] = ["welcome back", gate, "what else?"]
    await world.hand_over()
    world.graph.fail("send", NotThreadOwner("Another app controls it"))
    await world.user_says("menu")
    await world.wait(3 * SECOND)
    gate.set()
    await world.wait(3 * SECOND)

    assert await world.store.open_session(ANNA) is None
    assert world.said() == ["welcome back", "what else?"]
    assert world.heard() == ["human", "<keyword>"]


async def test_an_answer_that_was_refused_is_said_where_the_thread_is_back_by_then(
    world: World,
) -> None:
    """Another app takes the thread, writes something and passes it back, all within a moment."""
    world.graph.threads[ANNA] = BOT
    world.graph.fail("send", NotThreadOwner("Another app controls it"), times=2)
    await world.user_says("hello")
    await world.wait(SECOND)
    await world.wait(2 * SECOND)

    assert world.said() == ["re: hello"]
    assert world.heard() == ["hello"]


async def test_a_refused_follow_up_waits_in_the_next_process_if_this_one_stops(
    world: World, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    world.script.once["keyword"] = [["welcome back", gate, "what else?"]]
    await world.hand_over()
    world.graph.fail("send", NotThreadOwner("Another app controls it"))
    await world.user_says("menu")
    await world.engine.stop()
    world.workers.clear()
    world.script.answers["keyword"] = ["welcome back"]
    await world.start()
    for _ in range(10):
        await world.wait(SECOND)

    assert world.said() == ["welcome back"]
    assert world.ends() == ["keyword"]
