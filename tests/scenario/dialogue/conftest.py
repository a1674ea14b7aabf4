"""The small assistant, trained once.

Rasa is imported where it is asked for: pytest's first process reads this too, and runs no test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rasa.core.agent import Agent

    from channels.dialogue.assistant import RasaAssistant


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    from tests.scenario.dialogue.small_assistant import train

    return train(tmp_path_factory.mktemp("small"))


@pytest.fixture
def agent(model: str) -> Agent:
    from rasa.core.agent import Agent

    from tests.support.rasa_project import InMemoryTrackerStore

    agent = Agent.load(model)
    agent.tracker_store = InMemoryTrackerStore(agent.domain)
    agent.processor.tracker_store = agent.tracker_store
    return agent


@pytest.fixture
def assistant(agent: Agent) -> RasaAssistant:
    from channels.dialogue.assistant import RasaAssistant

    return RasaAssistant(agent=lambda: agent, on_new_message=agent.handle_message)
