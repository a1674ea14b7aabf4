"""A follow-up that Meta would refuse waits for the user, and for nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from rasa.core.channels.channel import OutputChannel

from channels.core.errors import WindowClosed
from channels.core.events import Array, ControlTaken, Event
from channels.core.sessions.session import MESSAGING_WINDOW
from channels.engine.engine import Engine
from tests.fakes.store import MemoryStore
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, World

AGENT = "777"
DAYS = {"default": {"timeout": "30d", "keywords": ["menu"], "owner-probe": "1d"}}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(plans=DAYS)
    await world.start()
    yield world
    await world.kill()


async def is_returned_too_late(world: World) -> None:
    """The agent passes the thread back when the user's last message is more than a day old."""
    await world.hand_over()
    await world.wait(MESSAGING_WINDOW)
    await world.agent_returns()
    assert world.ends() == ["agent_returned"]
    assert world.said() == []


async def test_a_held_follow_up_comes_just_before_the_answer_to_the_user(world: World) -> None:
    await is_returned_too_late(world)
    await world.wait(MESSAGING_WINDOW)
    await world.user_says("hello")

    assert world.heard() == ["human", "<agent_returned>", "hello"]
    assert world.said() == ["re: agent_returned", "re: hello"]


async def test_a_reminder_of_a_held_follow_up_is_sent_once_the_user_has_written(
    world: World,
) -> None:
    kept: list[OutputChannel] = []
    world.script.answers["agent_returned"] = ["shall I remind you?", kept.append]
    await is_returned_too_late(world)
    await world.user_says("yes")
    await kept[0].send_text_message(ANNA.user, "I remind you")
    await world.settle()

    assert world.said() == ["shall I remind you?", "re: yes", "I remind you"]


async def test_a_held_follow_up_outlives_its_worker(world: World) -> None:
    await is_returned_too_late(world)
    await world.kill()
    await world.start()
    await world.user_says("hello")

    assert world.said() == ["re: agent_returned", "re: hello"]


async def test_a_user_who_shows_a_release_a_day_later_hears_the_follow_up_first(
    world: World,
) -> None:
    await world.hand_over()
    world.graph.threads[ANNA] = None
    await world.wait(MESSAGING_WINDOW - SECOND)
    await world.user_says("hello")

    assert world.said() == ["re: agent_released", "re: hello"]


async def test_a_follow_up_that_the_end_itself_holds_comes_before_the_answer_that_ended_it(
    world: World,
) -> None:
    await world.hand_over()
    late = world.message("hello", array=Array.MESSAGING)  # which Meta delivers a day later
    await world.wait(MESSAGING_WINDOW + SECOND)
    world.graph.threads[ANNA] = None
    await world.deliver(late)

    assert world.said() == ["re: agent_released", "re: hello"]


async def test_the_window_counts_from_the_user_where_an_operator_begins(world: World) -> None:
    await world.user_says("hello")
    await world.wait(MESSAGING_WINDOW)
    world.graph.sent.clear()
    world.graph.threads[ANNA] = INBOX
    await world.operator_says("Your parcel is back in our shop.")
    assert await world.operator_asks()
    assert world.said() == []

    await world.user_says("thank you")
    assert world.said() == ["re: operator_request", "re: thank you"]


async def test_the_window_counts_from_the_user_where_rasa_begins_on_its_own(world: World) -> None:
    await world.user_says("hello")
    await world.wait(MESSAGING_WINDOW - SECOND)
    world.graph.sent.clear()
    await world.engine.output().send_response(ANNA.user, dict(HANDOVER))
    await world.agent_returns()
    assert world.said() == []

    await world.user_says("hello again")
    assert world.said() == ["re: agent_returned", "re: hello again"]


def event_of_a_takeover(world: World, kind: str) -> Event:
    if kind == "echo":
        return world.echo("I have found your parcel.")
    if kind == "standby":
        return world.message("where is it?", array=Array.STANDBY)
    now = world.clock.now()
    return ControlTaken(
        key="taken",
        thread=ANNA,
        array=Array.MESSAGING,
        at=now,
        received_at=now,
        previous_owner=BOT,
        new_owner=AGENT,
    )


@pytest.mark.parametrize("kind", ["echo", "standby", "take"])
async def test_a_held_follow_up_is_not_said_once_somebody_has_taken_the_thread(
    world: World, kind: str
) -> None:
    await is_returned_too_late(world)
    await world.wait(timedelta(hours=1))
    world.graph.threads[ANNA] = AGENT
    await world.deliver(event_of_a_takeover(world, kind))

    assert world.heard() == ["human", "<agent_returned>", "EXTERNAL: handover_started"]
    assert world.said() == []
    assert (await world.session()).is_adopted

    await world.user_says("menu")
    assert world.ends() == ["agent_returned", "keyword"]
    assert world.said() == ["re: keyword"]
    assert world.graph.threads[ANNA] == BOT


@pytest.mark.parametrize("kind", ["echo", "standby", "take"])
async def test_a_late_event_of_the_handover_brings_out_no_held_follow_up(
    world: World, kind: str
) -> None:
    await is_returned_too_late(world)
    await world.deliver(event_of_a_takeover(world, kind))

    assert world.said() == []
    await world.user_says("hello")
    assert world.said() == ["re: agent_returned", "re: hello"]


class StoreOfAQuickUser(MemoryStore):
    """The user writes in the moment in which Meta has refused the bot's words."""

    async def hold(self, position: int) -> None:
        await super().hold(position)
        await self.engine._delivery.user_wrote(ANNA)

    engine: Engine


async def test_words_that_are_held_for_a_moment_are_not_overtaken() -> None:
    store = StoreOfAQuickUser(worker="one")
    world = World(lambda _: store, plans=DAYS)
    world.script.answers["both"] = ["one", "two", "three"]
    await world.start()
    store.engine = world.engine
    world.graph.fail("send", WindowClosed("It is sent outside of allowed window"))
    await world.user_says("both")
    await world.wait(SECOND)

    assert world.said() == ["one", "two", "three"]
    await world.kill()
