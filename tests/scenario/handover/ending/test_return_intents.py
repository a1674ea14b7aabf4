"""What the user writes to the agent may be a wish for the bot, as the assistant's NLU reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from channels.core.events import Array
from tests.scenario.scripted_assistant import ScriptedAssistant
from tests.scenario.world import World

PLAN = {
    "timeout": "30m",
    "keywords": ["menu"],
    "return-intents": ["show_menu"],
    "return-intent-threshold": 0.75,
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """The agent has the thread; the NLU reads some texts."""
    world = World(plans={"default": PLAN})
    world.script.readings = {
        "sure": ("show_menu", 0.9),
        "just sure enough": ("show_menu", 0.75),
        "not sure enough": ("show_menu", 0.74),
        "another wish": ("rate_good", 1.0),
    }
    await world.start()
    await world.hand_over()
    yield world
    await world.kill()


@pytest.mark.parametrize("text", ["sure", "just sure enough"])
async def test_a_wish_for_the_bot_ends_the_handover(world: World, text: str) -> None:
    await world.user_says(text)
    assert world.ends() == ["intent"]
    assert world.said() == ["re: intent"]


async def test_it_does_so_where_routing_is_off_and_nothing_comes_on_standby(world: World) -> None:
    await world.kill()
    world.section["routing"] = "off"
    await world.start()
    await world.deliver(world.message("sure", array=Array.MESSAGING))
    assert world.ends() == ["intent"]


async def test_a_wish_from_before_the_request_for_a_person_is_over(world: World) -> None:
    before = (await world.session()).cause_at
    await world.deliver(world.message("sure", array=Array.MESSAGING, at=before))
    assert world.ends() == []


@pytest.mark.parametrize("text", ["not sure enough", "another wish", "nothing to the NLU"])
async def test_anything_else_is_for_the_agent(world: World, text: str) -> None:
    await world.user_says(text)
    assert world.ends() == []
    assert (await world.session()).user_messages == 1


async def test_a_message_that_the_nlu_can_t_read_is_for_the_agent(
    world: World, monkeypatch: pytest.MonkeyPatch, errors: Callable[[], list[str]]
) -> None:
    async def breaks(_: ScriptedAssistant, text: str) -> tuple[str | None, float]:
        raise ValueError(f"It chokes on {text}")

    monkeypatch.setattr(ScriptedAssistant, "read", breaks)
    await world.user_says("my secret")
    assert (await world.session()).user_messages == 1
    [error] = errors()
    assert "(ValueError)" in error
    assert "secret" not in error


async def test_a_message_that_the_nlu_hangs_at_is_for_the_agent(
    world: World, monkeypatch: pytest.MonkeyPatch, errors: Callable[[], list[str]]
) -> None:
    async def hangs(_: ScriptedAssistant, __: str) -> tuple[str | None, float]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(ScriptedAssistant, "read", hangs)
    await world.user_says("hello")
    await world.wait(timedelta(minutes=1))
    assert (await world.session()).user_messages == 1
    assert "(TurnTimedOut)" in errors()[0]


async def test_an_operators_words_are_not_read(world: World) -> None:
    await world.operator_says("sure")
    assert world.ends() == []
