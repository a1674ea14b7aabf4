"""Typing around a turn: on for its time, off after it, and never once control is passed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from channels.core.errors import StoreUnavailable
from channels.core.events import Thread
from channels.graph.protocol import SenderAction
from tests.fakes.graph import MemoryGraph
from tests.fakes.store import MemoryStore
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import SECOND, World


class ShowingGraph(MemoryGraph):
    """Keeps in one list what the user is shown, what is said, and that control is passed."""

    def __init__(self, **about: object) -> None:
        super().__init__(**about)  # type: ignore[arg-type]
        self.shown: list[str] = []

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        await super().sender_action(thread, action)
        if action is not SenderAction.MARK_SEEN:
            self.shown.append(action.value)

    async def send(self, thread: Thread, message: object, *, mark: str = "") -> str:
        self.shown.append("said")
        return await super().send(thread, message, mark=mark)  # type: ignore[arg-type]

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        self.shown.append("passed")
        await super().pass_control(thread, app_id=app_id, metadata=metadata)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(graph=ShowingGraph)
    await world.start()
    yield world
    await world.kill()


def shown(world: World) -> list[str]:
    assert isinstance(world.graph, ShowingGraph)
    return world.graph.shown


async def test_a_turn_that_says_nothing_takes_typing_off(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["hm"] = [go_on]
    await world.user_says("hm")
    assert shown(world) == ["typing_on"]
    go_on.set()
    await world.settle()
    assert shown(world) == ["typing_on", "typing_off"]


async def test_a_turn_that_fails_takes_typing_off(world: World) -> None:
    go_on = asyncio.Event()
    world.script.once["hm"] = [[go_on, ValueError("x")]]
    await world.user_says("hm")
    go_on.set()
    await world.settle()
    assert shown(world)[:2] == ["typing_on", "typing_off"]


async def test_an_answer_takes_it_off_by_itself(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["hm"] = [go_on, "yes"]
    await world.user_says("hm")
    go_on.set()
    await world.settle()
    assert shown(world) == ["typing_on", "said"]


async def test_a_handover_without_a_word_takes_it_off_before_the_pass(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["agent"] = [go_on, HANDOVER]
    await world.user_says("agent")
    go_on.set()
    await world.settle()
    assert shown(world) == ["typing_on", "typing_off", "passed"]


async def test_a_handover_that_has_failed_meanwhile_leaves_a_later_turn_s_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_away(*_: object) -> None:
        raise StoreUnavailable("Away")

    go_on = asyncio.Event()
    world.script.answers |= {"agent": ["connecting", HANDOVER], "failed": [], "hm": [go_on]}
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "sent", is_away)
        await world.user_says("agent")
        for _ in range(5):
            await world.wait(timedelta(minutes=1))
        assert world.ends() == ["failed"]
        await world.user_says("hm")
    assert shown(world)[-1] == "typing_on"

    await world.wait(SECOND)
    assert shown(world)[-1] == "typing_on"
