"""A turn of Rasa that never ends: it is abandoned, and neither users nor handovers wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest
from rasa.core.channels.channel import OutputChannel

from channels.core.events import Thread
from channels.core.records.dead import Part
from channels.dialogue.assistant import Turn
from channels.dialogue.output import MessengerOutput
from tests.scenario.scripted_assistant import ScriptedAssistant
from tests.scenario.world import ANNA, PAGE, SECOND, TIMEOUT, World

LIMIT = timedelta(seconds=20)
MOST = 5
CROWD = [Thread(page=PAGE, user=f"30{number}") for number in range(MOST)]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(max_turns=MOST, turn_timeout="20s")
    await world.start()
    yield world
    await world.kill()


async def hang(world: World) -> None:
    """Every place for a user's turn is taken by one that never ends."""
    world.script.answers["hang"] = ["one moment", asyncio.Event(), "never"]
    await world.deliver(*[world.message("hang", user) for user in CROWD])


async def test_turns_that_hang_hold_up_others_no_longer_than_the_limit(world: World) -> None:
    await hang(world)
    await world.user_says("hello")
    assert world.said() == []

    await world.wait(LIMIT)
    assert world.said() == ["re: hello"]


async def test_what_led_to_a_turn_that_hangs_is_set_aside_at_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.script.answers["hang"] = ["one moment", asyncio.Event(), "never"]
    await world.deliver(world.message("hang"), world.message("hello"))
    await world.wait(LIMIT)

    assert world.said() == ["one moment", "re: hello"]
    [dead] = await world.store.dead(limit=9)
    assert (dead.id.part, dead.kind, dead.error) == (Part.EVENT, "user_message", "TurnTimedOut")
    assert "'turn-timeout' in credentials.yml" in caplog.text
    assert "hang" not in caplog.text


async def test_what_was_set_aside_is_taken_up_again_when_asked_for(world: World) -> None:
    await hang(world)
    await world.wait(LIMIT)
    world.script.answers["hang"] = ["one moment", "done"]
    assert await world.engine.operations.retry_dead() == len(CROWD)

    await world.wait(SECOND)
    assert [world.said(user) for user in CROWD] == [["one moment", "done"]] * len(CROWD)
    assert await world.store.dead(limit=9) == []


async def test_a_handover_s_end_does_not_wait_for_users_whose_turns_hang(world: World) -> None:
    await world.hand_over()
    await world.wait(TIMEOUT - 2 * SECOND)
    await hang(world)
    await world.wait(2 * SECOND)

    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]


async def test_what_a_turn_waits_for_its_lock_does_not_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_lock = asyncio.Event()

    async def take_turn(_: ScriptedAssistant, __: Turn, output: MessengerOutput) -> bool:
        with output.turn_time.waiting():
            await has_lock.wait()
            with output.turn_time.waiting():  # for something else as well
                pass
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(ScriptedAssistant, "take_turn", take_turn)
    await world.deliver(world.message("hang"))
    for _ in range(3):
        await world.wait(LIMIT - SECOND)
    has_lock.set()
    await world.settle()
    await world.wait(SECOND)
    await world.wait(LIMIT - 2 * SECOND)
    assert await world.store.dead(limit=9) == []

    await world.wait(SECOND)
    assert [one.error for one in await world.store.dead(limit=9)] == ["TurnTimedOut"]


async def test_what_a_store_that_hangs_takes_to_answer_does_not_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = asyncio.Event()

    async def take_turn(_: ScriptedAssistant, __: Turn, output: MessengerOutput) -> bool:
        await output.turn_time.until_stored(answers.wait)
        return True

    monkeypatch.setattr(ScriptedAssistant, "take_turn", take_turn)
    await world.deliver(world.message("hello"))
    for _ in range(3):
        await world.wait(LIMIT)
    answers.set()
    await world.settle()
    assert await world.store.dead(limit=9) == []


async def test_what_a_turn_does_before_it_stores_something_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_acted = asyncio.Event()

    async def take_turn(_: ScriptedAssistant, turn: Turn, output: MessengerOutput) -> bool:
        await has_acted.wait()
        await output.send_text_message(turn.sender_id, "one moment")
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(ScriptedAssistant, "take_turn", take_turn)
    await world.deliver(world.message("hang"))
    await world.wait(LIMIT - SECOND)
    has_acted.set()
    await world.settle()
    await world.wait(SECOND)

    assert [one.error for one in await world.store.dead(limit=9)] == ["TurnTimedOut"]


async def test_a_turn_that_can_t_be_stopped_keeps_no_place_and_says_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.dialogue.turn_time.CANCEL_GRACE", timedelta())
    go_on = asyncio.Event()

    async def take_turn(_: ScriptedAssistant, turn: Turn, output: OutputChannel) -> bool:
        while not go_on.is_set():
            with suppress(asyncio.CancelledError):
                await go_on.wait()
        await output.send_text_message(turn.sender_id, "far too late")
        return True

    with monkeypatch.context() as patched:
        patched.setattr(ScriptedAssistant, "take_turn", take_turn)
        await world.deliver(*[world.message("hang", user) for user in CROWD])
    await world.wait(LIMIT)
    await world.user_says("hello")
    assert world.said(ANNA) == ["re: hello"]

    go_on.set()
    await world.settle()
    assert [world.said(user) for user in CROWD] == [[]] * len(CROWD)
