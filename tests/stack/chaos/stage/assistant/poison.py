"""A component of the chaos run's NLU: a message that it reads may kill the process."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from tests.stack.chaos.play.scripted_courses import DEATHS, POISON


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class Poison(GraphComponent):  # type: ignore[misc]  # rasa is untyped here
    """Stands for whatever brings a process down: a native library that crashes, memory that is
    used up. It writes down each death.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],  # noqa: ARG003
        model_storage: ModelStorage,  # noqa: ARG003
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> Poison:
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get("text") or ""
            if text.startswith(POISON):
                _die_of(text)
        return messages


def _die_of(text: str) -> None:
    with Path(os.environ[DEATHS]).open("a") as deaths:
        deaths.write(json.dumps({"text": text, "at": time.time()}) + "\n")
    os.kill(os.getpid(), signal.SIGKILL)
