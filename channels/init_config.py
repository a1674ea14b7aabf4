"""`init` and `config.yml`: the policy that follows rules. Pure."""

from __future__ import annotations

from typing import Any

from .project import Proposal
from .yaml_additions import add
from .yaml_document import parse

CONFIG_FILE = "config.yml"

_POLICY = "RulePolicy"
_RECIPE = "default.v1"


def propose_config(text: str) -> Proposal:
    """Add the RulePolicy to a list of policies without it; Rasa's own choice of them has it."""
    document = parse(CONFIG_FILE, text)
    if document.data.get("recipe", _RECIPE) != _RECIPE:
        note = f"{CONFIG_FILE} is not of the recipe {_RECIPE}: see to it that {_POLICY} is in it."
        return _proposal(text, text, note)
    policies = document.data.get("policies")
    if not policies or any(_is_rule_policy(policy) for policy in policies):
        return _proposal(text, text)
    return _proposal(text, add(document, {"policies": [{"name": _POLICY}]}))


def language_of(text: str) -> str:
    """The language that the assistant speaks, as config.yml has it; English is Rasa's default."""
    return str(parse(CONFIG_FILE, text).data.get("language") or "en")


def _is_rule_policy(policy: Any) -> bool:
    name = policy.get("name") if isinstance(policy, dict) else policy
    return str(name).rpartition(".")[2] == _POLICY


def _proposal(before: str, after: str, *notes: str) -> Proposal:
    return Proposal(path=CONFIG_FILE, before=before, after=after, notes=notes)
