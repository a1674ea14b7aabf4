"""An assistant that says "back" once it hears that a handover has ended, on a real Rasa agent."""

from __future__ import annotations

from pathlib import Path

import pytest
import rasa.model_training
from rasa.core.agent import Agent
from rasa.shared.core.events import UserUttered

from channels.dialogue.assistant import Turn

FILES = {
    "config.yml": """
recipe: default.v1
assistant_id: small
language: tr
pipeline: [{name: KeywordIntentClassifier}]
policies: [{name: RulePolicy}]
""",
    "domain.yml": """
version: "3.1"
intents: [handover_ended]
responses: {utter_back: [{text: back}]}
""",
    "data.yml": """
version: "3.1"
nlu: [{intent: handover_ended, examples: "- ended\\n- over"}]
rules: [{rule: back, steps: [{intent: handover_ended}, {action: utter_back}]}]
""",
}
USER = "2001"


def train(folder: Path) -> str:
    """The path of its model, which is made in this folder."""
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RASA_TELEMETRY_ENABLED", "false")
        environment.setenv("RASA_CACHE_DIRECTORY", str(folder / "cache"))
        trained = rasa.model_training.train(
            domain=str(folder / "domain.yml"),
            config=str(folder / "config.yml"),
            training_files=[str(folder / "data.yml")],
            output=str(folder),
        )
    assert trained.model is not None
    return str(trained.model)


def turn(message_id: str, *, once: bool) -> Turn:
    parse_data = {
        "text": "ended",
        "intent": {"name": "handover_ended", "confidence": 1.0},
        "entities": [],
    }
    return Turn(
        channel="facebook",
        sender_id=USER,
        text="ended",
        message_id=message_id,
        parse_data=parse_data,
        once=once,
    )


async def heard(agent: Agent) -> list[str]:
    tracker = await agent.tracker_store.retrieve_full_tracker(USER)
    assert tracker is not None
    return [event.message_id for event in tracker.events if isinstance(event, UserUttered)]
