"""A pipeline with a component of the project's own, which only its folder has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.doctor.findings import Unknown
from cli.doctor.machine.understanding import read_words
from tests.scenario.assistant.trained_assistant import train

FILES = {
    "their_parts.py": """
from typing import Any, Dict, List

from rasa.engine.graph import GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Sure(GraphComponent):
    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage, resource, execution_context
    ) -> "Sure":
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            message.set("intent", {"name": "hello", "confidence": 1.0}, add_to_output=True)
        return messages
""",
    "config.yml": """
recipe: default.v1
assistant_id: theirs
language: en
pipeline: [{name: their_parts.Sure}]
policies: [{name: RulePolicy}]
""",
    "domain.yml": """
version: "3.1"
intents: [hello]
responses: {utter_hello: [{text: Good day!}]}
""",
    "data.yml": """
version: "3.1"
nlu: [{intent: hello, examples: "- hi"}]
rules: [{rule: hello, steps: [{intent: hello}, {action: utter_hello}]}]
""",
}


async def test_doctor_finds_it_where_rasa_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as trained:
        trained.syspath_prepend(str(tmp_path))
        model = train(
            tmp_path,
            domain=tmp_path / "domain.yml",
            data=[tmp_path / "data.yml"],
            config=tmp_path / "config.yml",
        )
    del sys.modules["their_parts"]
    read = await read_words(model, ["menu"], told_by="nlu-keywords")
    assert not isinstance(read, Unknown), read
    assert read["menu"].intent == "hello"
