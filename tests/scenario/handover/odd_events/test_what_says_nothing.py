"""What users do besides writing: taking back, editing, what Meta does not show, other acts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from channels.core.events import (
    Act,
    Array,
    Edited,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
    message_key,
)
from tests.scenario.scripted_assistant import HANDOVER, reason_of
from tests.scenario.world import ANNA, BOT, INBOX, PAGE, SECOND, World

MINUTE = timedelta(minutes=1)
IDLE = {"default": {"timeout": "2h", "idle-timeout": "10m", "keywords": ["menu"]}}


async def started(**settings: Any) -> World:
    world = World(transcript=True, **settings)
    await world.start()
    return world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await started(plans=IDLE)
    yield world
    await world.kill()


def in_meta_s_name(message: UserMessage) -> UserMessage:
    """The message with the key that the webhook gives it."""
    key = message_key(PAGE, message.array, message.mid or "")
    return msgspec.structs.replace(message, key=key)


def about(world: World, message: UserMessage) -> dict[str, Any]:
    told = world.message("-")
    return {
        "thread": message.thread,
        "array": message.array,
        "at": told.at,
        "received_at": told.received_at,
        "mid": message.mid,
    }


def taken_back(world: World, message: UserMessage) -> TakenBack:
    return TakenBack(key=f"{message.key}/deleted", **about(world, message))


def edited(world: World, message: UserMessage, text: str) -> Edited:
    return Edited(key=f"{message.key}/edit 1", text=text, number=1, **about(world, message))


def sign(world: World, thread: Thread = ANNA) -> SignOfLife:
    told = msgspec.structs.asdict(world.message("-", thread))
    return SignOfLife(
        **{name: told[name] for name in ("key", "array", "at", "mid")},
        thread=thread,
        received_at=told["received_at"],
    )


def act(world: World, name: str = "optin", **fields: Any) -> Act:
    told = msgspec.structs.asdict(world.message("-"))
    common = {part: told[part] for part in ("key", "array", "at", "received_at")}
    return Act(**{**common, **fields}, thread=ANNA, name=name, details={"ref": "cart"})


def transcript(world: World) -> list[str]:
    [*_, end] = [turn for turn in world.tracker_store.turns if reason_of(turn)]
    return [line["text"] for line in end.metadata["handover"]["transcript"]["lines"]]


# Taken back and edited


async def test_what_waits_behind_a_turn_and_is_taken_back_never_reaches_rasa(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = [go_on, "done"]
    secret = in_meta_s_name(world.message("my card number"))
    await world.deliver(world.message("slow"), secret)
    await world.deliver(taken_back(world, secret))
    go_on.set()
    await world.user_says("hello")

    assert world.heard() == ["slow", "hello"]


async def test_what_waits_behind_a_turn_and_is_edited_reaches_rasa_as_it_is_now(
    world: World,
) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = [go_on, "done"]
    typo = in_meta_s_name(world.message("helo"))
    await world.deliver(world.message("slow"), typo)
    await world.deliver(edited(world, typo, "hello"))
    go_on.set()
    await world.settle()

    assert world.heard() == ["slow", "hello"]
    assert world.said() == ["done", "re: hello"]


async def test_a_deletion_that_comes_before_its_message_counts_as_well(world: World) -> None:
    secret = in_meta_s_name(world.message("my card number"))
    await world.deliver(taken_back(world, secret))
    await world.deliver(secret)

    assert world.heard() == []


async def test_an_edit_of_what_rasa_has_heard_is_not_answered(world: World) -> None:
    message = in_meta_s_name(world.message("helo"))
    await world.deliver(message)
    await world.deliver(edited(world, message, "hello"))

    assert world.heard() == ["helo"]
    assert world.said() == ["re: helo"]


async def test_the_transcript_and_the_agent_follow(world: World) -> None:
    gone, typo = (in_meta_s_name(world.message(text)) for text in ("my card number", "helo"))
    await world.deliver(gone, typo)
    await world.deliver(taken_back(world, gone), edited(world, typo, "hello"))
    await world.user_says("human")
    [passed] = [call for call in world.graph.calls if call.verb == "pass_control"]
    await world.wait(SECOND)
    later, wrong = (in_meta_s_name(world.message(text)) for text in ("and my PIN", "goodbye"))
    await world.deliver(later, wrong)
    await world.deliver(taken_back(world, later), edited(world, wrong, "good day"))
    await world.agent_returns()

    assert "card" not in passed.arguments["metadata"]
    assert '"last_messages":["hello","human"]' in passed.arguments["metadata"]
    assert transcript(world) == ["good day"]


async def test_editing_a_message_into_a_keyword_ends_the_handover(world: World) -> None:
    await world.hand_over()
    message = in_meta_s_name(world.message("mneu"))
    await world.deliver(message)
    assert world.ends() == []
    await world.deliver(edited(world, message, "menu"))

    assert world.ends() == ["keyword"]


async def test_nothing_of_it_is_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = in_meta_s_name(world.message("my secret"))
    await world.deliver(secret, edited(world, secret, "another secret"), taken_back(world, secret))

    assert "secret" not in caplog.text


# Signs of life


async def test_what_meta_does_not_show_keeps_a_handover_from_being_idle(world: World) -> None:
    session = await world.hand_over()
    for _ in range(3):
        await world.wait(8 * MINUTE)
        await world.deliver(sign(world))

    assert world.ends() == []
    assert (await world.session()).user_messages == session.user_messages + 3
    await world.wait(11 * MINUTE)
    assert world.ends() == ["idle"]


async def test_taking_back_is_a_sign_of_life_but_no_message(world: World) -> None:
    await world.hand_over()
    message = in_meta_s_name(world.message("oh"))
    await world.deliver(message)
    await world.wait(8 * MINUTE)
    await world.deliver(taken_back(world, message))
    await world.wait(8 * MINUTE)

    assert world.ends() == []
    assert (await world.session()).user_messages == 1


async def test_what_meta_does_not_show_is_not_answered(world: World) -> None:
    await world.deliver(sign(world))
    assert world.heard() == []
    assert world.said() == []


async def test_what_meta_does_not_show_tells_that_somebody_took_the_thread(world: World) -> None:
    await world.user_says("hello")
    world.graph.threads[ANNA] = INBOX
    await world.deliver(sign(world))

    assert (await world.session()).is_adopted


# One thing, told twice


async def test_a_tap_on_both_arrays_counts_once(world: World) -> None:
    await world.hand_over()
    await world.deliver(
        world.postback(title="Help", payload="/help", mid="m", array=Array.MESSAGING),
        world.postback(title="Help", mid="m", array=Array.STANDBY),
        world.message("and this", mid="m2"),
        world.postback(title="Help", mid="m", array=Array.STANDBY),
    )

    assert (await world.session()).user_messages == 2


async def test_a_tap_that_ended_a_handover_on_standby_is_not_routed_by_its_other_copy(
    world: World,
) -> None:
    await world.hand_over()
    await world.deliver(
        world.postback(title="Menu", mid="m", array=Array.STANDBY),
        world.postback(title="Menu", payload="/menu", mid="m", array=Array.MESSAGING),
    )

    assert world.ends() == ["keyword"]
    assert world.heard()[-1] == "<keyword>"
    await world.deliver(world.postback(title="Menu", payload="/menu", mid="m3"))
    assert world.heard()[-1] == "/menu"


async def test_a_word_that_ended_a_handover_on_standby_is_not_answered_by_its_other_copy(
    world: World,
) -> None:
    await world.hand_over()
    for array in (Array.STANDBY, Array.MESSAGING):
        await world.deliver(world.message("menu", mid="m", array=array))

    assert world.ends() == ["keyword"]
    assert world.heard()[-1] == "<keyword>"
    await world.deliver(world.message("menu", mid="m2"))
    assert world.heard()[-1] == "menu"


async def test_what_an_agent_heard_is_answered_if_it_comes_to_the_bot_after_the_end(
    world: World,
) -> None:
    await world.hand_over()
    heard = [world.message("hello", mid="m", array=array) for array in Array]
    await world.deliver(heard[1], world.message("menu", mid="m2", array=Array.STANDBY), heard[0])

    assert world.heard()[-2:] == ["<keyword>", "hello"]


async def test_a_message_on_both_arrays_just_after_a_handover_is_answered_once(
    world: World,
) -> None:
    await world.hand_over()
    await world.agent_returns()
    await world.wait(SECOND)
    for array in Array:
        await world.deliver(world.message("thanks", mid="m", array=array))

    assert world.heard()[-2:] == ["<agent_returned>", "thanks"]


# Acts


EVENTS = {"optin": "opted_in", "referral": "came_by_link"}


async def acting(**settings: Any) -> World:
    world = await started(events=EVENTS, **settings)
    world.script.intents |= {"opted_in"}
    return world


async def test_an_act_reaches_rasa_as_its_intent() -> None:
    world = await acting()
    world.script.answers["EXTERNAL: opted_in"] = ["Thank you"]
    await world.deliver(act(world))

    [turn] = world.tracker_store.turns
    assert turn.parse_data is not None
    assert turn.parse_data["intent"] == {"name": "opted_in", "confidence": 1.0}
    assert turn.metadata["optin"] == {"ref": "cart"}
    assert turn.metadata["is_external"] is True
    assert world.said() == ["Thank you"]
    await world.kill()


async def test_an_act_may_lead_to_a_handover() -> None:
    world = await acting()
    world.script.answers["EXTERNAL: opted_in"] = ["connecting", HANDOVER]
    await world.deliver(act(world))

    assert world.graph.threads[ANNA] == INBOX
    await world.kill()


async def test_an_act_during_a_handover_is_a_sign_of_life_alone() -> None:
    world = await acting(plans=IDLE)
    await world.hand_over()
    turns = len(world.tracker_store.turns)
    await world.wait(8 * MINUTE)
    await world.deliver(act(world, array=Array.MESSAGING))
    await world.wait(8 * MINUTE)

    assert world.ends() == []
    assert len(world.tracker_store.turns) == turns
    assert (await world.session()).user_messages == 0
    await world.kill()


async def test_an_act_after_a_silent_release_brings_the_bot_back_at_once() -> None:
    world = await acting()
    world.script.answers["EXTERNAL: opted_in"] = ["Thank you"]
    await world.hand_over()
    world.graph.threads[ANNA] = None
    await world.wait(SECOND)
    await world.deliver(act(world))

    assert world.ends() == ["agent_released"]
    assert world.said()[-1] == "Thank you"
    await world.kill()


async def test_an_act_whose_intent_the_domain_lacks_is_told_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await acting()
    await world.deliver(act(world, "referral"))

    assert world.tracker_store.turns == []
    assert "'referral'" in caplog.text
    assert "Add the intent to the domain" in caplog.text
    await world.kill()


async def test_after_a_crash_an_act_is_told_once() -> None:
    world = await acting()
    told = act(world)
    await world.deliver(told)
    await world.kill()
    await world.replace_dead()
    await world.deliver(told)

    assert len(world.tracker_store.turns) == 1
    assert world.graph.threads.get(ANNA) in (None, BOT)
    await world.wait(SECOND)
    await world.kill()
