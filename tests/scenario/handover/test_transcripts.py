"""What was said while the bot was silent reaches Rasa with the end, if `transcript` is on."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.briefing.transcript import MOST_LINES
from channels.core.events import Array, Attachment
from channels.core.meta.ownership import Owner
from tests.scenario.engine.failures.places import Place, deaths_of
from tests.scenario.engine.failures.stories import STORIES, HarshWorld, play
from tests.scenario.scripted_assistant import reason_of
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, TIMEOUT, World

HOUR = timedelta(hours=1)
CAT = Attachment(type="image", url="https://cdn.example/cat.jpg")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world with one worker that keeps transcripts."""
    world = World(transcript=True)
    yield await started(world)
    await world.kill()


async def started(world: World) -> World:
    await world.start()
    return world


def told(world: World) -> dict[str, Any]:
    """The transcript that Rasa got with the last handover's end."""
    [*_, end] = [turn for turn in world.tracker_store.turns if reason_of(turn)]
    transcript: dict[str, Any] = end.metadata["handover"]["transcript"]
    return transcript


def told_lines(world: World) -> list[tuple[str, str]]:
    return [(line["speaker"], line["text"]) for line in told(world)["lines"]]


async def test_rasa_gets_what_user_and_operator_said(world: World) -> None:
    await world.hand_over()
    await world.user_says("my order is late")
    await world.operator_says("Good day")
    await world.user_says("menu")

    assert told_lines(world) == [
        ("user", "my order is late"),
        ("operator", "Good day"),
        ("user", "menu"),
    ]
    assert told(world)["truncated"] is False


async def test_what_was_said_to_the_bot_is_not_part_of_it(world: World) -> None:
    await world.user_says("hello")
    await world.hand_over()
    await world.operator_says("Good day")
    world.graph.threads[ANNA] = None
    await world.wait(TIMEOUT / 2)
    await world.user_says("are you there?")

    assert told_lines(world) == [("operator", "Good day")]
    assert world.said()[-1] == "re: are you there?"


async def test_what_was_said_to_the_bot_and_came_after_the_handover_is_part_of_it(
    world: World,
) -> None:
    early = world.message("wait, one more thing")
    await world.hand_over()
    await world.deliver(early)
    await world.user_says("menu")

    assert told_lines(world) == [("user", "wait, one more thing"), ("user", "menu")]


async def test_each_handover_has_its_own(world: World) -> None:
    for text in ("first", "second"):
        await world.hand_over()
        await world.operator_says(text)
        await world.wait(TIMEOUT)

        assert told_lines(world) == [("operator", text)]


async def test_a_handover_in_which_nobody_spoke_has_an_empty_one(world: World) -> None:
    await world.hand_over()
    await world.wait(TIMEOUT)

    assert told(world) == {"truncated": False, "lines": []}


async def test_attachments_and_taps_are_part_of_it(world: World) -> None:
    await world.hand_over()
    await world.deliver(world.echo("Look:", attachments=(CAT,)))
    await world.deliver(world.postback(title="Order status"))
    await world.wait(TIMEOUT)

    assert told_lines(world) == [
        ("operator", "Look:\n[image] https://cdn.example/cat.jpg"),
        ("user", "Order status"),
    ]


async def test_a_tap_that_comes_on_both_arrays_is_one_line(world: World) -> None:
    await world.hand_over()
    await world.deliver(
        world.postback(title="Help", payload="/help", mid="m", array=Array.MESSAGING),
        world.postback(title="Help", mid="m", array=Array.STANDBY),
    )
    await world.wait(TIMEOUT)

    assert told_lines(world) == [("user", "Help")]


async def test_the_words_by_which_an_operator_takes_a_thread_are_part_of_it(world: World) -> None:
    await world.user_says("hello")
    world.graph.threads[ANNA] = INBOX
    await world.operator_says("Let me take over")
    await world.user_says("thank you")
    await world.wait(TIMEOUT)

    assert told_lines(world) == [("operator", "Let me take over"), ("user", "thank you")]


@pytest.mark.parametrize("owner", [None, Owner.UNKNOWN], ids=["told", "untold"])
async def test_an_operators_last_words_that_come_after_the_end_are_kept(
    world: World, owner: Owner | None
) -> None:
    session = await world.hand_over()
    await world.wait(SECOND)
    late = world.echo("Good bye")
    await world.user_says("menu")
    world.graph.odd_owner = owner
    await world.deliver(late)

    lines = await world.store.transcript(session.id, limit=9)
    assert sorted(line.text for line in lines) == ["Good bye", "menu"]
    assert await world.store.open_session(ANNA) is None


async def test_of_a_long_talk_rasa_gets_the_end(world: World) -> None:
    await world.hand_over()
    for number in range(MOST_LINES + 5):
        await world.operator_says(str(number))
    await world.wait(TIMEOUT)

    assert told_lines(world)[0] == ("operator", "5")
    assert told_lines(world)[-1] == ("operator", str(MOST_LINES + 4))
    assert told(world)["truncated"] is True


async def test_unless_asked_for_nothing_is_kept_or_told() -> None:
    world = await started(World())
    session = await world.hand_over()
    await world.operator_says("Good day")
    await world.wait(TIMEOUT)

    assert await world.store.transcript(session.id, limit=9) == []
    assert "transcript" not in world.tracker_store.turns[-1].metadata["handover"]
    await world.kill()


async def test_what_was_said_is_forgotten_when_its_time_is_over() -> None:
    plans = {"default": {"timeout": "1d"}}
    world = await started(World(transcript=True, transcript_retention="1h", plans=plans))
    session = await world.hand_over()
    await world.operator_says("Good day")
    await world.wait(HOUR / 2)
    await world.operator_says("Are you still there?")
    await world.wait(HOUR / 2)
    await world.wait(SECOND)

    kept = await world.store.transcript(session.id, limit=9)
    assert [line.text for line in kept] == ["Are you still there?"]
    await world.kill()


async def test_nobodys_words_are_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await world.hand_over()
    await world.user_says("my secret order")
    await world.operator_says("my secret answer")
    await world.agent_returns()

    assert len(told_lines(world)) == 2
    assert "secret" not in caplog.text


DEATHS = [pytest.param(place, id=str(place)) for place in deaths_of("keyword", transcript=True)]


@pytest.mark.parametrize("place", DEATHS)
async def test_a_worker_that_dies_loses_and_doubles_no_line(place: Place) -> None:
    world = HarshWorld(transcript=True)
    await play(world, STORIES["keyword"], wire := place.wire())
    assert wire.was_cut

    assert told_lines(world) == [("operator", "Good day"), ("user", "menu")]
    assert world.graph.threads[ANNA] == BOT
    await world.kill()
