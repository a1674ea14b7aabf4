"""In an assistant with flows, an event of the channel starts the flow that has its name."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_stores.tracker_store import InMemoryTrackerStore
from rasa.dialogue_understanding.commands import StartFlowCommand
from rasa.dialogue_understanding.commands.command import Command
from rasa.shared.core.domain import Domain
from rasa.shared.core.flows import FlowsList
from rasa.shared.core.flows.yaml_flows_io import YAMLFlowsReader

from channels.core.briefing.turns import HANDOVER_ENDED, HANDOVER_STARTED, external_parse_data
from channels.core.sessions.session import EndReason
from channels.dialogue.assistant import RasaAssistant, Turn
from tests.scenario.collecting_output import CollectingOutput

FLOWS = Path(__file__).parents[2] / "examples" / "calm" / "data" / "flows.yml"


async def heard_by_rasa(parse_data: dict[str, Any] | None) -> UserMessage:
    """What Rasa gets for a turn, in an assistant that has the example's flows."""
    flows = YAMLFlowsReader.read_from_file(FLOWS)
    heard: list[UserMessage] = []

    async def get_flows() -> FlowsList:
        return flows

    async def on_new_message(message: UserMessage) -> None:
        heard.append(message)

    processor = SimpleNamespace(
        get_flows=get_flows,
        run_action_extract_slots=get_flows,
        model_metadata=SimpleNamespace(language="en"),
    )
    agent = SimpleNamespace(
        processor=processor,
        tracker_store=InMemoryTrackerStore(Domain.empty()),
        lock_store=InMemoryLockStore(),
        is_ready=lambda: True,
    )
    assistant = RasaAssistant(agent=lambda: agent, on_new_message=on_new_message)
    turn = Turn(
        sender_id="2001", channel="facebook", text="", message_id="1", parse_data=parse_data
    )
    await assistant.take_turn(turn, CollectingOutput())
    (message,) = heard
    return message


@pytest.mark.parametrize("reason", EndReason)
async def test_the_end_starts_its_flow(reason: EndReason) -> None:
    message = await heard_by_rasa(external_parse_data(HANDOVER_ENDED, reason))
    commands = [Command.command_from_json(command) for command in message.parse_data["commands"]]
    assert commands == [StartFlowCommand(flow="handover_ended")]


@pytest.mark.parametrize(
    "parse_data",
    [external_parse_data(HANDOVER_ENDED, EndReason.IDLE), external_parse_data(HANDOVER_STARTED)],
)
async def test_an_event_has_no_text(parse_data: dict[str, Any]) -> None:
    message = await heard_by_rasa(parse_data)
    assert (message.text, message.parse_data["text"]) == (None, None)


async def test_an_event_without_a_flow_starts_none() -> None:
    message = await heard_by_rasa(external_parse_data(HANDOVER_STARTED))
    assert "commands" not in message.parse_data


async def test_a_users_words_are_left_to_rasa() -> None:
    message = await heard_by_rasa(None)
    assert message.parse_data is None
