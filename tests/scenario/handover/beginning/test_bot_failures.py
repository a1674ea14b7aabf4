"""A broken bot hands its users over, so that nobody is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.events import Thread
from channels.core.sessions.session import State
from channels.handover.opening import FAILURE_PAUSE
from tests.scenario.scripted_assistant import HANDOVER, Unmade
from tests.scenario.world import ANNA, BOT, INBOX, PAGE, SECOND, World

AGENTS = "777"
BEN = Thread(page=PAGE, user="2002")
PLANS: dict[str, Any] = {"default": {"timeout": "10m"}, "tech": {"target-app": AGENTS}}
# What the channel says in place of an action that could not run.
UNMADE = Unmade("tech")
BREAKS = [RuntimeError("A component of the assistant raises")]


async def a_world(on_failure: object = "default") -> World:
    world = World(plans=PLANS, on_failure=on_failure)
    world.script.answers |= {"break": BREAKS, "tech": ["connecting", UNMADE]}
    await world.start()
    return world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await a_world()
    yield world
    await world.kill()


async def breaks(world: World) -> None:
    await world.user_says("break")
    await passes(world)


async def passes(world: World) -> None:
    """The time of three tries."""
    for _ in range(5):
        await world.wait(SECOND)


async def test_a_message_that_is_set_aside_hands_its_thread_over(world: World) -> None:
    await breaks(world)

    assert world.graph.threads[ANNA] == INBOX
    session = await world.session()
    assert (session.state, session.opened_by) == (State.ACTIVE, "bot_failed")
    assert world.heard() == ["EXTERNAL: handover_started"]
    assert world.tracker_store.turns[-1].metadata["handover"]["opened_by"] == "bot_failed"


async def test_it_ends_as_any_other(world: World) -> None:
    await breaks(world)
    await world.wait(timedelta(minutes=10))
    assert world.ends() == ["timeout"]
    assert world.graph.threads[ANNA] == BOT


async def test_a_turn_that_hangs_hands_its_thread_over(world: World) -> None:
    world.script.answers["hang"] = ["one moment", asyncio.Event()]
    await world.user_says("hang")
    await world.wait(timedelta(seconds=61))
    await world.wait(SECOND)

    assert world.graph.threads[ANNA] == INBOX
    assert world.said() == ["one moment"]


async def test_an_action_that_could_not_ask_is_asked_for_by_its_plan(world: World) -> None:
    await world.user_says("tech")
    assert world.said() == ["connecting"]
    assert world.graph.threads[ANNA] == AGENTS
    assert (await world.session()).opened_by == "bot_failed"


@pytest.mark.parametrize("on_failure", ["default", "off"])
async def test_a_response_cannot_say_that_the_bot_has_failed(on_failure: str) -> None:
    world = await a_world(on_failure)
    world.script.answers["tech"] = [{"custom": {"handover": {"plan": "tech", "bot_failed": True}}}]
    await world.user_says("tech")
    assert world.graph.threads[ANNA] == AGENTS
    assert (await world.session()).opened_by == "bot"
    await world.kill()


@pytest.mark.parametrize("text", ["break", "tech"])
async def test_within_an_hour_it_is_done_once(world: World, text: str) -> None:
    await breaks(world)
    await world.wait(timedelta(minutes=10))
    await world.user_says(text)
    await passes(world)
    assert world.graph.threads[ANNA] == BOT

    await world.wait(FAILURE_PAUSE)
    await world.user_says(text)
    await passes(world)
    assert world.graph.threads[ANNA] != BOT


async def test_another_handover_in_between_makes_no_second_one_of_it(world: World) -> None:
    await breaks(world)
    await world.wait(timedelta(minutes=10))
    await world.hand_over()
    await world.agent_returns()
    await breaks(world)
    assert world.graph.threads[ANNA] == BOT


@pytest.mark.parametrize("setting", ["off", False])
async def test_it_can_be_switched_off(setting: object) -> None:
    world = await a_world(on_failure=setting)
    await breaks(world)
    await world.user_says("tech")
    assert await world.store.open_session(ANNA) is None
    assert world.calls("pass_control") == 0
    await world.kill()


async def test_the_plan_can_be_named() -> None:
    world = await a_world(on_failure="tech")
    await breaks(world)
    assert world.graph.threads[ANNA] == AGENTS
    await world.kill()


async def test_outside_the_hours_the_user_hears_that_nobody_is_there() -> None:
    closed = {"hours": {"mon-fri": "15:00-16:00"}, "timezone": "UTC"}
    world = World(plans={"default": closed}, on_failure="default")
    world.script.answers["break"] = BREAKS
    await world.start()
    await breaks(world)
    assert (world.ends(), world.said()) == (["closed"], ["re: closed"])
    await world.kill()


async def test_a_thread_that_a_person_has_stays_with_them(world: World) -> None:
    world.script.once["human"].append([HANDOVER, *BREAKS])
    await world.user_says("human")
    await passes(world)
    assert world.graph.threads[ANNA] == INBOX
    assert world.calls("pass_control") == 1
    assert (await world.session()).opened_by == "bot"
    assert not await world.store.waits_outgoing(ANNA)


class TestWhatTheUserReads:
    """One sentence: that a person is coming, if the bot has not said so already."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        world = await a_world()
        world.script.responses["utter_connecting"] = {"text": "connecting you"}
        yield world
        await world.kill()

    async def test_a_message_that_is_set_aside(self, world: World) -> None:
        await breaks(world)
        assert world.said() == ["connecting you"]
        assert world.graph.threads[ANNA] == INBOX

    async def test_an_action_that_could_not_ask_where_the_turn_has_said_nothing(
        self, world: World
    ) -> None:
        world.script.answers["tech"] = [UNMADE]
        await world.user_says("tech")
        assert world.said() == ["connecting you"]
        assert world.graph.threads[ANNA] == AGENTS

    async def test_a_turn_of_rasas_own(self, world: World) -> None:
        await world.engine.output().stand_in(ANNA.user, "tech")
        await world.settle()
        assert world.said() == ["connecting you"]
        assert world.graph.threads[ANNA] == AGENTS

    async def test_no_turn_that_was_given_up(self, world: World) -> None:
        output = world.engine.output()
        output.cut_off()
        await output.stand_in(ANNA.user, "tech")
        await world.settle()
        assert world.said() == []
        assert await world.store.open_session(ANNA) is None

    async def test_a_reminder_that_was_set_before_another_handover(self, world: World) -> None:
        """Rasa keeps the output of the turn that set it."""
        kept: list[Any] = []
        world.script.answers["human"] = [HANDOVER, kept.append]
        await world.hand_over()
        await world.agent_returns()
        await kept[0].stand_in(ANNA.user, "tech")
        await world.settle()
        assert world.said() == ["re: agent_returned", "connecting you"]
        assert world.graph.threads[ANNA] == AGENTS

    async def test_not_twice(self, world: World) -> None:
        said = {"text": "connecting you", "utter_action": "utter_connecting"}
        world.script.answers |= {"tech": [said, UNMADE], "break": [said, *BREAKS]}
        await world.user_says("tech")
        assert world.said() == ["connecting you"]
        await world.deliver(world.message("break", BEN))
        await passes(world)
        assert world.graph.threads[BEN] == INBOX
        assert world.said(BEN) == ["connecting you"]

    async def test_not_where_nobody_comes(self, world: World) -> None:
        await breaks(world)
        await world.wait(timedelta(minutes=10))
        world.script.answers["tech"] = [UNMADE]
        said = world.said()
        await world.user_says("tech")
        assert world.graph.threads[ANNA] == BOT
        assert world.said() == said

    async def test_not_where_the_team_is_closed(self) -> None:
        closed = {"hours": {"mon-fri": "15:00-16:00"}, "timezone": "UTC"}
        world = World(plans={"default": closed}, on_failure="default")
        world.script.answers["break"] = BREAKS
        world.script.responses["utter_connecting"] = {"text": "connecting you"}
        await world.start()
        await breaks(world)
        assert world.said() == ["re: closed"]
        await world.kill()

    async def test_a_response_that_can_not_be_made_keeps_nobody_from_coming(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        world.script.responses["utter_connecting"] = RuntimeError("what the user said")
        await breaks(world)
        assert world.graph.threads[ANNA] == INBOX
        assert "what the user said" not in caplog.text
