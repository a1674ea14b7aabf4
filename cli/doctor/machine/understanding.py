"""Asks the trained model what it reads in texts. Nothing is recorded."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Collection, Mapping

from ..checks.understanding import Reading
from ..findings import Unknown, cannot_tell
from .quiet import quiet


async def read_words(
    model: str | Unknown, texts: Collection[str], *, told_by: str
) -> Mapping[str, Reading] | Unknown:
    """What the model reads in each of the texts; `told_by` names the check that says why not."""
    if isinstance(model, Unknown):
        return Unknown(told_by=model.told_by)
    try:
        with quiet():
            with contextlib.suppress(ImportError):
                # Rasa loads classifiers by skops, which looks through all modules that are there:
                # once TensorFlow is among them that takes six seconds, and before one.
                importlib.import_module("skops.io")
            from rasa.core.agent import Agent  # takes seconds, and there may be nothing to ask

            agent = Agent.load(model)
            return {text: _reading(await agent.parse_message(text)) for text in texts}
    except Exception as error:  # whatever a component of theirs may raise
        problem = cannot_tell(
            f"The model can't be asked what it reads ({type(error).__name__}).",
            "Run `rasa-handover doctor` where `rasa run` runs, with the same packages.",
        )
        return Unknown(told_by=told_by, verdict=problem)


def _reading(parsed: Mapping[str, Mapping[str, object]]) -> Reading:
    intent = parsed["intent"]
    name = intent.get("name")
    return Reading(
        intent=None if name is None else str(name),
        confidence=float(str(intent.get("confidence", 0))),
    )
