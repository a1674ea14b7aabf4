"""`init` and how Rasa runs: `config.yml` with its policies, and `endpoints.yml` with the action
server and the place where conversations are kept. Pure.
"""

from __future__ import annotations

from typing import Any

from .project import Proposal
from .yaml_additions import add
from .yaml_document import parse

CONFIG_FILE = "config.yml"
ENDPOINTS_FILE = "endpoints.yml"

_POLICY = "RulePolicy"
_FLOW_POLICY = "FlowPolicy"
_RECIPE = "default.v1"
_OF_FLOWS = (
    f"{CONFIG_FILE} has the {_FLOW_POLICY}, and the rules and examples that are added are for an "
    "assistant of intents: where flows do the talking, let pattern_human_handoff call "
    "action_handover and a flow named handover_ended be the follow-up, as examples/calm does."
)
_ACTION_SERVER = {"url": "http://localhost:5055/webhook"}
_OF_THE_ACTIONS = "Where action_handover runs: rasa run actions."
_OF_THE_TRACKERS = "On disk, so that conversations outlive a restart."
_ON_DISK = {"type": "SQL", "dialect": "sqlite", "db": "tracker.db"}


def propose_config(text: str) -> Proposal:
    """Add the RulePolicy to a list of policies without it; Rasa's own choice of them has it."""
    document = parse(CONFIG_FILE, text)
    if document.data.get("recipe", _RECIPE) != _RECIPE:
        note = f"{CONFIG_FILE} is not of the recipe {_RECIPE}: see to it that {_POLICY} is in it."
        return _proposal(text, text, note)
    policies = document.data.get("policies")
    names = [_name_of(policy) for policy in policies or ()]
    notes = (_OF_FLOWS,) if _FLOW_POLICY in names else ()
    if not names or any(name.endswith(_POLICY) for name in names):  # a subclass follows rules too
        return _proposal(text, text, *notes)
    return _proposal(text, add(document, {"policies": [{"name": _POLICY}]}), *notes)


def propose_endpoints(text: str | None) -> Proposal:
    """Add the action server and the tracker store, each if none is configured.

    Without a tracker store Rasa keeps conversations in memory: after a restart it would know none
    of them, nor how their handovers ended.
    """
    after = _with_section(text or "", "action_endpoint", _ACTION_SERVER, _OF_THE_ACTIONS)
    after = _with_section(after, "tracker_store", _ON_DISK, _OF_THE_TRACKERS)
    return Proposal(path=ENDPOINTS_FILE, before=text, after=after)


def language_of(text: str) -> str:
    """The language that the assistant speaks, as config.yml has it; English is Rasa's default."""
    return str(parse(CONFIG_FILE, text).data.get("language") or "en")


def _name_of(policy: Any) -> str:
    name = policy.get("name") if isinstance(policy, dict) else policy
    return str(name).rpartition(".")[2]


def _proposal(before: str, after: str, *notes: str) -> Proposal:
    return Proposal(path=CONFIG_FILE, before=before, after=after, notes=notes)


def _with_section(text: str, key: str, value: dict[str, Any], heading: str) -> str:
    document = parse(ENDPOINTS_FILE, text)
    return text if document.data.get(key) else add(document, {key: value}, heading=heading)
