"""What another app says when it gives a thread back to the bot, or to begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.briefing.turns import told_with
from tests.scenario.scripted_assistant import HANDOVER, reason_of
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, TIMEOUT, World

LEAD_ADS = "413038776280800"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.start()
    yield world
    await world.kill()


async def returned(world: World, metadata: str | None) -> dict[str, Any]:
    await world.wait(SECOND)
    world.graph.threads[ANNA] = BOT
    await world.deliver(world.control_passed(metadata=metadata))
    [*_, end] = [turn for turn in world.tracker_store.turns if reason_of(turn)]
    handover: dict[str, Any] = end.metadata["handover"]
    return handover


async def test_what_the_agent_s_app_says_on_return_reaches_rasa(world: World) -> None:
    await world.hand_over()
    told = await returned(world, '{"ticket": 4711}')
    assert told["reason"] == "agent_returned"
    assert told["returned_with"] == {"text": '{"ticket": 4711}', "json": {"ticket": 4711}}


async def test_an_end_of_another_kind_has_none(world: World) -> None:
    await world.hand_over()
    await world.wait(TIMEOUT)
    [*_, end] = [turn for turn in world.tracker_store.turns if reason_of(turn)]
    assert "returned_with" not in end.metadata["handover"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", {"text": ""}),
        ("done", {"text": "done"}),
        ("{", {"text": "{"}),
        ("null", {"text": "null", "json": None}),
        ("7", {"text": "7", "json": 7}),
        ('["a"]', {"text": '["a"]', "json": ["a"]}),
        ("[" * 30 + "]" * 30, {"text": "[" * 30 + "]" * 30}),
        ("[" * 9000 + "]" * 9000, {"text": "[" * 9000 + "]" * 9000}),
    ],
)
def test_the_text_stands_as_it_came_and_as_json_if_it_is_that(
    text: str, told: dict[str, Any]
) -> None:
    assert told_with(text) == told


def given_to(world: World) -> list[Any]:
    return [turn for turn in world.tracker_store.turns if turn.text == "EXTERNAL: handover_given"]


async def given(world: World, metadata: str | None = "lead 7") -> None:
    world.graph.threads[ANNA] = BOT
    await world.deliver(world.control_passed(previous_owner=LEAD_ADS, metadata=metadata))


async def test_rasa_hears_of_a_thread_that_is_given_to_the_bot(world: World) -> None:
    world.script.intents |= {"handover_given"}
    world.script.answers["EXTERNAL: handover_given"] = ["Thank you for your interest"]
    await given(world)

    [turn] = given_to(world)
    told = turn.metadata["handover"]
    assert (told["from_app"], told["given_with"]) == (LEAD_ADS, {"text": "lead 7"})
    assert world.said() == ["Thank you for your interest"]


async def test_it_may_hand_it_over_at_once(world: World) -> None:
    world.script.intents |= {"handover_given"}
    world.script.answers["EXTERNAL: handover_given"] = [HANDOVER]
    await given(world)
    assert world.graph.threads[ANNA] == INBOX


async def test_a_domain_without_the_intent_hears_nothing(world: World) -> None:
    await given(world)
    assert world.tracker_store.turns == []


async def test_a_return_that_is_told_late_is_no_gift(world: World) -> None:
    world.script.intents |= {"handover_given"}
    await world.hand_over()
    late = world.control_passed(metadata="solved")
    world.graph.threads[ANNA] = BOT
    await world.wait(timedelta(minutes=4))  # who owns it is asked
    assert world.ends() == ["agent_returned"]

    await world.deliver(late)
    assert given_to(world) == []


async def test_nor_is_one_that_meta_dates_a_little_after_the_end(world: World) -> None:
    world.script.intents |= {"handover_given"}
    await world.hand_over()
    world.graph.threads[ANNA] = BOT
    await world.wait(timedelta(minutes=4))  # who owns it is asked
    assert world.ends() == ["agent_returned"]

    await world.deliver(world.control_passed(at=world.clock.now() + SECOND))
    assert given_to(world) == []


async def test_what_another_app_has_by_now_is_not_given(world: World) -> None:
    world.script.intents |= {"handover_given"}
    event = world.control_passed(previous_owner=LEAD_ADS)
    world.graph.threads[ANNA] = INBOX
    await world.deliver(event)
    assert given_to(world) == []
