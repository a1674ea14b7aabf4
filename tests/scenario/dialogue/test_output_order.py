"""What the bot says around a handover: all of it before, none of it while an agent talks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.situation import Situation, context_token
from channels.core.events import Thread
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, BOT, INBOX, PLAN, TIMEOUT, World

BUTTONS = {"text": "How was it?", "buttons": [{"title": "Good", "payload": "/good"}]}
IMAGE = {"image": "https://example.org/cat.png"}
CUSTOM = {"custom": {"attachment": {"type": "image", "payload": {"url": "https://example.org/"}}}}
KINDS: dict[str, dict[str, Any]] = {
    "text": {"text": "one more thing"},
    "buttons": BUTTONS,
    "image": IMAGE,
    "custom": CUSTOM,
}


def passes(world: World) -> int:
    return world.calls("pass_control")


async def says(world: World, output: OutputChannel, text: str) -> None:
    """Rasa says something on its own."""
    await output.send_response(ANNA.user, {"text": text, "utter_action": "utter_news"})
    await world.settle()


async def test_all_that_comes_before_the_handover_is_delivered_before_it(world: World) -> None:
    world.script.answers["human"] = ["one", BUTTONS, IMAGE, "four", HANDOVER]
    await world.user_says("human")

    verbs = [call.verb for call in world.graph.calls if call.verb in ("send", "pass_control")]
    assert verbs == [*["send"] * 4, "pass_control"]
    assert world.calls("send") == len(world.graph.sent)


async def test_a_text_beside_the_request_is_delivered_before_the_handover(world: World) -> None:
    world.script.answers["human"] = [{"text": "connecting", **HANDOVER}]
    await world.user_says("human")

    assert world.said() == ["connecting"]
    assert world.graph.threads[ANNA] == INBOX


@pytest.mark.parametrize("key", ["handover", "handover_feedback"])
async def test_a_message_in_the_same_custom_payload_is_delivered(world: World, key: str) -> None:
    world.script.answers["human"] = [{"custom": {key: {"plan": "default"}, "text": "connecting"}}]
    await world.user_says("human")
    assert world.said() == ["connecting"]


@pytest.mark.parametrize("custom", [[HANDOVER["custom"]], [{"text": "one"}, HANDOVER["custom"]]])
async def test_a_list_of_custom_objects_hands_over_where_one_of_them_asks_for_it(
    world: World, custom: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    world.script.answers["human"] = [{"text": "zero", "custom": custom}]
    await world.user_says("human")

    assert world.said() == ["zero", "one"][: len(custom)]
    assert world.graph.threads[ANNA] == INBOX
    assert "neither text" not in caplog.text


async def test_a_name_that_utf8_can_not_carry_keeps_no_response_from_being_sent(
    world: World,
) -> None:
    world.script.answers["hello"] = [{"text": "hi", "utter_action": "utter_\ud83d"}]
    await world.user_says("hello")
    assert (world.said(), world.heard()) == (["hi"], ["hello"])


@pytest.mark.parametrize("response", KINDS.values(), ids=KINDS)
async def test_what_comes_after_the_handover_is_not_sent_and_a_warning_names_it(
    world: World, response: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    world.script.answers["human"] = [HANDOVER, {**response, "utter_action": "utter_bye"}]
    await world.user_says("human")

    assert world.calls("send") == 0
    assert world.heard() == ["human"]
    [warning] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "utter_bye was not sent" in warning.getMessage()
    assert "before action_handover" in warning.getMessage()


async def test_the_turn_after_the_handover_s_end_may_speak_again(world: World) -> None:
    world.script.answers["human"] = [HANDOVER, "one more thing"]
    await world.hand_over()
    await world.agent_returns()
    await world.user_says("hello")

    assert world.said() == ["re: agent_returned", "re: hello"]


async def test_a_second_request_in_the_same_turn_changes_nothing(world: World) -> None:
    world.script.answers["human"] = [HANDOVER, HANDOVER]
    await world.user_says("human")

    assert passes(world) == 1
    assert len(await world.store.open_sessions(limit=9)) == 1


# What Rasa says on its own


async def test_what_rasa_says_on_its_own_is_sent(world: World) -> None:
    await says(world, world.engine.output(), "news")

    assert world.said() == ["news"]


async def test_rasa_on_its_own_does_not_speak_while_an_agent_has_the_thread(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.hand_over()
    await says(world, world.engine.output(), "news")

    assert world.calls("send") == 0
    assert "utter_news was not sent, because a live agent has the thread" in caplog.text


async def test_rasa_on_its_own_can_hand_over(world: World) -> None:
    await world.user_says("hello")
    await world.engine.output().send_response(ANNA.user, dict(HANDOVER))
    await world.settle()
    assert world.graph.threads[ANNA] == INBOX

    await world.agent_returns()
    assert world.ends() == ["agent_returned"]


async def test_a_second_request_while_a_handover_is_open_changes_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    session = await world.hand_over()
    await world.engine.output().send_response(ANNA.user, dict(HANDOVER))
    await world.settle()

    assert passes(world) == 0
    assert await world.store.open_session(ANNA) == session
    assert "it goes on unchanged" in caplog.text


async def test_a_reminder_does_not_speak_while_an_agent_has_the_thread(world: World) -> None:
    """Rasa keeps the output of the turn that set the reminder."""
    kept: list[OutputChannel] = []
    world.script.answers["remind me"] = ["I will", kept.append]
    await world.user_says("remind me")
    await world.hand_over()
    await says(world, kept[0], "news")

    assert world.calls("send") == 0


async def test_a_reminder_of_the_turn_that_handed_over_is_sent_after_the_end(
    world: World,
) -> None:
    kept: list[OutputChannel] = []
    world.script.answers["human"] = [HANDOVER, kept.append]
    await world.hand_over()
    await says(world, kept[0], "too early")
    await world.agent_returns()
    await says(world, kept[0], "news")

    assert world.said() == ["re: agent_returned", "news"]


async def test_a_reminder_of_the_turn_that_handed_over_can_hand_over_again(world: World) -> None:
    kept: list[OutputChannel] = []
    world.script.answers["human"] = [HANDOVER, kept.append]
    await world.hand_over()
    await world.agent_returns()
    await kept[0].send_response(ANNA.user, dict(HANDOVER))
    await world.settle()

    assert world.graph.threads[ANNA] == INBOX


# Follow-ups


async def test_a_follow_up_has_every_kind_of_response(world: World) -> None:
    world.script.answers["timeout"] = list(KINDS.values())
    await world.hand_over()
    await world.wait(TIMEOUT)

    sent = [message for _, message in world.graph.sent]
    assert [next(iter(message)) for message in sent] == ["text", *["attachment"] * 3]


async def test_the_follow_up_comes_before_the_answer_to_what_the_user_writes_then(
    world: World,
) -> None:
    await world.hand_over()
    world.graph.threads[ANNA] = BOT
    await world.deliver(world.control_passed(), world.message("hello"))

    assert world.said() == ["re: agent_returned", "re: hello"]


async def test_what_is_said_to_one_user_is_sent_to_nobody_else(world: World) -> None:
    ben = Thread(page=ANNA.page, user="2002")
    await world.deliver(world.message("hello"), world.message("good day", ben))

    assert (world.said(), world.said(ben)) == (["re: hello"], ["re: good day"])


async def test_the_agent_is_told_what_the_turn_has_left_in_the_tracker() -> None:
    world = World(
        public_url="https://bot.example.com",
        plans={"default": {**PLAN, "context-slots": ["order_id"]}},
    )
    await world.start()
    saved = asyncio.Event()
    world.script.answers["human"] = [HANDOVER, saved]
    await world.user_says("human")
    assert passes(world) == 0, "the turn goes on, and its tracker is not saved yet"
    world.script.situation = Situation(intent="ask_human", slots={"order_id": "4711"})
    saved.set()
    await world.settle()

    [call] = [call for call in world.graph.calls if call.verb == "pass_control"]
    told = json.loads(str(call.arguments["metadata"]))
    assert (told["intent"], told["slots"]) == ("ask_human", {"order_id": "4711"})
    session = await world.session()
    assert told["context_url"] == (
        f"https://bot.example.com/webhooks/facebook/handovers/{session.id}/context"
        f"?token={context_token(session.id, 's')}"
    )
    await world.kill()
