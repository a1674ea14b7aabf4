"""`init` in an assistant of flows (CALM): the flows that a handover needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..text.project import Files, Places
from .actions import ACTION
from .training import is_for_a_person

_HUMAN_HANDOFF = "pattern_human_handoff"  # which CALM starts when a user wants a person
_ENDED = "handover_ended"
_OURS = {_HUMAN_HANDOFF, _ENDED}
_GAP = "\n\n"  # between flows


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """A flow of the project's own."""

    name: str
    file: str
    hands_over: bool


def flows_of(files: Files, places: Places) -> dict[str, Flow]:
    """The project's own flows by their names."""
    return {
        name: Flow(name=name, file=path, hands_over=f"'{ACTION}'" in str(steps))
        for path, text in files.items()
        if places.is_data(path) and path != places.flows and "flows:" in text
        for name, steps in _read(text).items()
    }


def without_flows(text: str, theirs: Mapping[str, Flow]) -> str | None:
    """Our file of flows without those that the project has itself, as Rasa refuses a second one of
    the same name; None if there is none left.
    """
    own = _OURS & theirs.keys()
    for name in own:
        before, _, block = text.partition(f"\n  {name}:\n")
        text = f"{before}\n{block.partition(_GAP)[2]}"
    return text if own < _OURS else None


def notes_on_flows(theirs: Mapping[str, Flow], steps: str) -> Iterator[str]:
    """What to do with flows of the project's own that have the purpose of ours."""
    for flow in theirs.values():
        if is_for_a_person(flow.name) and not flow.hands_over:
            yield (
                f"Your flow {flow.name} in {flow.file} is for users who want a person. End it with "
                f"{steps}, with nothing after them. With opening hours, have it ask first whether "
                "anybody is there, as examples/calm does."
            )
    if _ENDED in theirs:
        yield (
            f"{theirs[_ENDED].file} has a flow {_ENDED} of yours, so no other is added: check that "
            "it fits."
        )


def _read(text: str) -> dict[str, Any]:
    try:
        content = YAML(typ="safe").load(text)
    except (YAMLError, ValueError, RecursionError):
        return {}
    flows = content.get("flows") if isinstance(content, dict) else None
    return flows if isinstance(flows, dict) else {}
