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
    """What the model reads in each text; if it can't, the check `told_by` says why."""
    if isinstance(model, Unknown):
        return Unknown(told_by=model.told_by)
    try:
        with quiet():
            with contextlib.suppress(ImportError):
                # Rasa loads classifiers with skops, which searches all loaded modules: once
                # TensorFlow is among them, that takes six seconds, and before that, one.
                importlib.import_module("skops.io")
            from rasa.core.agent import Agent  # takes seconds, and there may be nothing to ask

            agent = Agent.load(model)
            return {text: _reading(await agent.parse_message(text)) for text in texts}
    except Exception as error:  # whatever one of the project's components may raise
        problem = cannot_tell(
            f"The model can't be asked how it reads words ({type(error).__name__}).",
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
