"""The small assistant, trained once."""

from __future__ import annotations

import pytest
from rasa.core.agent import Agent

from channels.dialogue.assistant import RasaAssistant
from tests.scenario.dialogue.small_assistant import train
from tests.support.rasa_project import InMemoryTrackerStore


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return train(tmp_path_factory.mktemp("small"))


@pytest.fixture
def agent(model: str) -> Agent:
    agent = Agent.load(model)
    agent.tracker_store = InMemoryTrackerStore(agent.domain)
    agent.processor.tracker_store = agent.tracker_store
    return agent


@pytest.fixture
def assistant(agent: Agent) -> RasaAssistant:
    return RasaAssistant(agent=lambda: agent, on_new_message=agent.handle_message)
