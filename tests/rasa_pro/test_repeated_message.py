"""Rasa Pro says again what it has answered to a message of the same id. The channel does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import rasa.core.processor
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_stores.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered

from channels.dialogue.assistant import RasaAssistant, Turn
from tests.scenario.collecting_output import CollectingOutput

Processor: Any = getattr(rasa.core.processor, "CalmMessageProcessor", None)
pytestmark = pytest.mark.skipif(Processor is None, reason="Rasa Pro before 3.20.5 repeats nothing")

USER = "24870165432109876"
MESSAGE_ID = "m_repeated"
HANDOVER = {"handover": {"plan": "default"}}


@pytest.fixture
async def agent() -> Agent:
    """An agent whose tracker has the message, its answer and the handover that it led to.

    What trains or loads a model of Rasa Pro needs a licence: the processor has none.
    """
    domain = Domain.empty()
    agent = Agent(domain=domain, tracker_store=InMemoryTrackerStore(domain))
    agent.lock_store = InMemoryLockStore()
    agent.processor = processor(agent)
    tracker = await agent.tracker_store.get_or_create_tracker(USER)
    tracker.update(UserUttered("a person, please", message_id=MESSAGE_ID))
    tracker.update(BotUttered("I'm connecting you."))
    tracker.update(BotUttered(None, {"custom": HANDOVER}))
    await agent.tracker_store.save(tracker)
    return agent


def processor(agent: Agent) -> Any:
    made = Processor.__new__(Processor)
    made._active_cancellation_tokens = {}
    made.model_metadata = SimpleNamespace(language="en")
    made.tracker_store = agent.tracker_store
    made.get_tracker = lambda sender_id, _=None: agent.tracker_store.get_or_create_tracker(
        sender_id
    )
    return made


def a_turn() -> Turn:
    return Turn(sender_id=USER, channel="facebook", text="a person, please", message_id=MESSAGE_ID)


async def test_rasa_itself_would_hand_over_again(agent: Agent) -> None:
    output = CollectingOutputChannel()
    await agent.handle_message(UserMessage("a person, please", output, USER, message_id=MESSAGE_ID))
    assert [one.get("custom") for one in output.messages] == [None, HANDOVER]


@pytest.mark.parametrize("times", [1, 2])
async def test_the_channel_says_nothing_again(agent: Agent, times: int) -> None:
    assistant = RasaAssistant(agent=lambda: agent, on_new_message=agent.handle_message)
    output = CollectingOutput()
    for _ in range(times):
        await assistant.take_turn(a_turn(), output)
    assert output.messages == []


async def test_other_channels_of_the_assistant_have_it_as_rasa_does_it(agent: Agent) -> None:
    assistant = RasaAssistant(agent=lambda: agent, on_new_message=agent.handle_message)
    await assistant.take_turn(a_turn(), CollectingOutput())
    output = CollectingOutputChannel()
    await agent.handle_message(UserMessage("again", output, USER, message_id=MESSAGE_ID))
    assert len(output.messages) == 2
