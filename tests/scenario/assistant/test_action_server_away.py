"""A real Rasa whose action server is away: the user who asks for a person gets one."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.utils.endpoints import EndpointConfig

from channels.dialogue.assistant import RasaAssistant, Turn
from tests.scenario.assistant.trained_assistant import (
    ROOT,
    load,
    repository_model,
    serving_actions,
    train,
)
from tests.scenario.collecting_output import CollectingOutput
from tests.support.documents import examples

PAGE, SECTION = "docs/when-the-bot-breaks.md", "Without an action server"
AVAILABILITY_SLOTS = (
    "handover_open",
    "handover_opens_at",
    "handover_opens_when",
    "handover_waiting",
    "handover_expected_wait",
)
RULE = """
version: "3.1"
rules:
  - rule: the user asks for a person
    steps:
      - intent: ask_human
      - action: utter_handover
"""
OPEN = {
    "open": True,
    "opens_at": None,
    "waiting": 2,
    "expected_wait_seconds": 61,
    "operator_seen_seconds": None,
}
CLOSED = {**OPEN, "open": False, "opens_at": "2026-11-30T09:00:00+01:00"}
CONNECTING = "I'm connecting you to a person. They will answer you here."


class Output(CollectingOutput):
    """With `may_ask` off it hands nobody over."""

    may_ask = True

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        await super().send_response(recipient_id, message)
        self.has_asked = self.has_asked and self.may_ask

    async def stand_in(self, recipient_id: str, plan: str | None) -> None:
        await self.send_response(recipient_id, {"custom": {"handover": {"in place of": plan}}})


async def said(
    agent: Agent, text: str, *, told: Mapping[str, Any] = OPEN, may_ask: bool = True
) -> list[Any]:
    """What the user reads, and what is asked for, where the channel tells that of each plan."""
    output = Output()
    output.may_ask = may_ask
    assistant = RasaAssistant(agent=lambda: agent, on_new_message=agent.handle_message)
    turn = Turn(
        sender_id=uuid4().hex,
        channel="facebook",
        text=text,
        message_id=uuid4().hex,
        metadata={"handover": {"default": told, "sales": told}},
    )
    assert await assistant.take_turn(turn, output)
    return parts_of(output)


def parts_of(output: Output) -> list[Any]:
    return [
        part
        for message in output.messages
        for part in (message.get("text"), message.get("custom"))
        if part is not None
    ]


def watch_turns_of(agent: Agent) -> None:
    RasaAssistant(agent=lambda: agent, on_new_message=agent.handle_message).watch_turns()


@pytest_asyncio.fixture(loop_scope="module")
async def away() -> AsyncIterator[Agent]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield load(repository_model(), EndpointConfig(f"http://127.0.0.1:{port}/webhook"))


async def test_the_user_reads_one_true_sentence_and_is_handed_over(away: Agent) -> None:
    assert await said(away, "human please") == [
        CONNECTING,
        {"handover": {"in place of": "default"}},
    ]


async def test_the_plan_is_the_one_that_the_action_would_have(away: Agent) -> None:
    assert await said(away, "talk to sales") == [
        CONNECTING,
        {"handover": {"in place of": "sales"}},
    ]


async def test_nobody_is_promised_outside_the_hours(away: Agent) -> None:
    closed, menu, *asked = await said(away, "talk to sales", told=CLOSED)
    assert "They will be back on 2026-11-30, 09:00." in closed
    assert menu == "This is what I can do for you:"
    assert asked == []


async def test_what_is_not_understood_brings_a_person_at_once(away: Agent) -> None:
    assert await said(away, "asdf qwer") == [{"handover": {"in place of": "default"}}]


async def test_where_nobody_may_come_the_bot_says_what_it_can(away: Agent) -> None:
    asked, answer = await said(away, "asdf qwer", may_ask=False)
    assert asked == {"handover": {"in place of": "default"}}
    assert "I did not understand that" in answer


async def test_a_turn_is_saved_though_what_the_bot_can_always_say_can_not_be_said(
    away: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(away.processor.nlg, "generate", fail)
    sender, output = uuid4().hex, Output()
    output.may_ask = False
    watch_turns_of(away)
    with pytest.raises(ConnectionError):
        await away.processor.handle_message(UserMessage("asdf qwer", output, sender))
    tracker = await away.tracker_store.retrieve(sender)
    assert tracker is not None
    assert tracker.latest_message.text == "asdf qwer"


@pytest.mark.parametrize("told", [OPEN, CLOSED, {}])
@pytest.mark.parametrize("text", ["human please", "talk to sales"])
async def test_the_slots_are_those_that_the_action_would_have_set(
    away: Agent, text: str, told: Mapping[str, Any]
) -> None:
    async with serving_actions() as action_server:
        expected = await slots_after(load(repository_model(), action_server), text, told)
    assert await slots_after(away, text, told) == expected


async def slots_after(agent: Agent, text: str, told: Mapping[str, Any]) -> dict[str, Any]:
    sender = uuid4().hex
    watch_turns_of(agent)
    metadata = {"handover": {"default": told, "sales": told}}
    await agent.handle_message(UserMessage(text, Output(), sender, metadata=metadata))
    tracker = await agent.tracker_store.retrieve(sender)
    assert tracker is not None
    return {name: tracker.get_slot(name) for name in AVAILABILITY_SLOTS}


async def test_a_turn_that_rasa_takes_on_its_own_hands_over_too(away: Agent) -> None:
    watch_turns_of(away)
    output, tracker = Output(), await away.processor.fetch_tracker_and_update_session("user")
    await away.trigger_intent("ask_human", [], output, tracker)
    assert parts_of(output) == [CONNECTING, {"handover": {"in place of": "default"}}]


async def test_an_action_that_is_executed_by_itself_answers_for_itself_alone(away: Agent) -> None:
    watch_turns_of(away)
    output = Output()
    for action in ("action_handover", "utter_menu"):
        await away.execute_action("user", action, output, None, None)
    asked, menu = parts_of(output)
    assert asked == {"handover": {"in place of": "default"}}
    assert menu == "This is what I can do for you:"


async def test_a_tracker_that_is_saved_once_more_asks_for_nobody_else(away: Agent) -> None:
    watch_turns_of(away)
    output, tracker = Output(), await away.processor.fetch_tracker_and_update_session("user")
    await away.trigger_intent("ask_human", [], output, tracker)
    await away.processor.save_tracker(tracker)
    assert parts_of(output) == [CONNECTING, {"handover": {"in place of": "default"}}]


async def test_one_that_is_executed_once_more_hands_over_once_more(away: Agent) -> None:
    watch_turns_of(away)
    output = Output()
    for _ in range(2):
        await away.execute_action("user", "action_handover", output, None, None)
    assert parts_of(output) == [{"handover": {"in place of": "default"}}] * 2


async def test_where_nobody_may_come_rasa_says_nothing_on_its_own(away: Agent) -> None:
    watch_turns_of(away)
    output = Output()
    output.may_ask, output.has_ended = False, True
    await away.handle_message(UserMessage("asdf qwer", output, uuid4().hex))
    assert parts_of(output) == [{"handover": {"in place of": "default"}}]


async def test_other_messages_hand_nobody_over(away: Agent) -> None:
    assert {"handover"} not in [set(one) for one in await said(away, "menu") if one]


async def test_an_action_that_runs_asks_once() -> None:
    async with serving_actions() as action_server:
        agent = load(repository_model(), action_server)
        assert await said(agent, "human please") == [
            CONNECTING,
            {"handover": {"plan": "default"}},
        ]


async def test_a_response_hands_over_without_any_action_server(tmp_path: Path) -> None:
    [response] = [block for block in examples(PAGE, SECTION, "yaml") if "utter_handover" in block]
    domain = tmp_path / "domain"
    domain.mkdir()
    (domain / "shown.yml").write_text(f'version: "3.1"\n{response}')
    (domain / "repository.yml").write_text((ROOT / "domain.yml").read_text())
    (tmp_path / "rules.yml").write_text(RULE)
    data = [ROOT / "data" / "nlu.yml", ROOT / "data" / "handover_nlu.yml", tmp_path / "rules.yml"]
    agent = load(train(tmp_path, domain=domain, data=data), None)
    assert await said(agent, "human please") == [CONNECTING, {"handover": {"plan": "default"}}]
