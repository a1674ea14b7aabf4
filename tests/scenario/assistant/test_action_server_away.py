"""A real Rasa whose action server is away: the user who asks for a person gets one."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.utils.endpoints import EndpointConfig

from channels.dialogue.assistant import RasaAssistant, Turn
from tests.documents import examples
from tests.scenario.assistant.trained_assistant import ROOT, load, serving_actions, train

PAGE, SECTION = "docs/when-the-bot-breaks.md", "Without an action server"
RULE = """
version: "3.1"
rules:
  - rule: the user asks for a person
    steps:
      - intent: ask_human
      - action: utter_handover
"""
CONNECTING = "I'm connecting you to a person. They will answer you here."


class Output(CollectingOutputChannel):  # type: ignore[misc]  # Rasa's carries no types
    """What the channel's own output notes of a turn."""

    has_asked = False

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.has_asked = self.has_asked or "handover" in (message.get("custom") or {})
        await super().send_response(recipient_id, message)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("trained")
    return train(directory, domain=ROOT / "domain.yml", data=[ROOT / "data"])


async def said(agent: Agent, text: str) -> list[Any]:
    output = Output()

    async def on_new_message(message: Any) -> None:
        await agent.handle_message(message)

    assistant = RasaAssistant(agent=lambda: agent, on_new_message=on_new_message)
    turn = Turn(sender_id=uuid4().hex, channel="facebook", text=text, message_id=uuid4().hex)
    assert await assistant.take_turn(turn, output)
    return [
        part
        for message in output.messages
        for part in (message.get("text"), message.get("custom"))
        if part is not None
    ]


@pytest_asyncio.fixture(loop_scope="module")
async def away(model: str) -> AsyncIterator[Agent]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield load(model, EndpointConfig(f"http://127.0.0.1:{port}/webhook"))


async def test_the_user_reads_one_true_sentence_and_is_handed_over(away: Agent) -> None:
    assert await said(away, "human please") == [
        CONNECTING,
        {"handover": {"plan": "default", "bot_failed": True}},
    ]


async def test_the_plan_is_the_one_that_the_action_would_have(away: Agent) -> None:
    assert await said(away, "talk to sales") == [
        CONNECTING,
        {"handover": {"plan": "sales", "bot_failed": True}},
    ]


async def test_other_messages_hand_nobody_over(away: Agent) -> None:
    assert {"handover"} not in [set(one) for one in await said(away, "menu") if one]


async def test_an_action_that_runs_asks_once(model: str) -> None:
    async with serving_actions() as action_server:
        agent = load(model, action_server)
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
