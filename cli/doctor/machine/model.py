"""What a trained model contains: its domain, its policies, and the end reasons that its rules
answer. Pure.

A RulePolicy keeps a table from states, as JSON, to what the bot does next:
`[{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "handover_ended"},
"slots": {"handover_end_reason": [0.0, 1.0, …]}}]`, in which a categorical slot's value is the
place of the 1. (rasa 3.6, `rule_policy.json` in the model.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from channels.core.briefing.turns import END_REASON_ENTITY, HANDOVER_ENDED
from channels.core.sessions.session import EndReason

from ...assistant.forms import ignored_by, takes_words
from ..checks.assistant import DomainFacts, FormFacts, Slot
from ..checks.endpoints import ACTION, AVAILABILITY_ACTION

_DECIDES = "predict_action_probabilities"  # what a policy does in the graph


def domain_facts(domain: Mapping[str, Any]) -> DomainFacts:
    """What a domain has; it is as in a model's metadata, or as `Domain.as_dict` returns it."""
    return DomainFacts(
        intents=_names(domain.get("intents") or ()),
        entities=_names(domain.get("entities") or ()),
        actions=_names(domain.get("actions") or ()),
        slots={name: _slot(slot) for name, slot in (domain.get("slots") or {}).items()},
        forms={
            name: FormFacts(
                ignored=ignored_by(form), takes_words=takes_words(form, domain.get("slots") or {})
            )
            for name, form in (domain.get("forms") or {}).items()
        },
    )


def policies(predict_schema: Mapping[str, Any]) -> frozenset[str]:
    """The class names of the policies by which a model's graph decides what to do next."""
    nodes = [node for node in predict_schema["nodes"].values() if node.get("fn") == _DECIDES]
    return frozenset(str(node["uses"]).rpartition(".")[2] for node in nodes)


def _names(entries: Iterable[str | Mapping[str, Any]]) -> frozenset[str]:
    """An entry is a name, or a mapping from the name to how it is used."""
    return frozenset(one if isinstance(one, str) else next(iter(one)) for one in entries)


def _slot(slot: Mapping[str, Any]) -> Slot:
    mappings = slot.get("mappings") or ()
    return Slot(
        type=str(slot.get("type", "")),
        values=tuple(map(str, slot.get("values") or ())),
        filled_from=frozenset(
            mapping["entity"] for mapping in mappings if mapping.get("type") == "from_entity"
        ),
    )


def answered_reasons(rules: Iterable[str], values: Sequence[str]) -> frozenset[str]:
    """The reasons that some rule answers; `values` are the slot's, in the domain's order."""
    answered: set[str] = set()
    for states in rules:
        answered.update(_reasons(json.loads(states), values))
    return frozenset(answered)


def handing_over(rules: Mapping[str, str]) -> frozenset[str]:
    """The intents after which some rule runs `action_handover`, or an action named like it."""
    intents = (state.get("user", {}).get("intent") for state in _before_a_handover(rules))
    return frozenset(str(intent) for intent in intents if intent)


def handing_over_in(rules: Mapping[str, str]) -> frozenset[str]:
    """The forms in the middle of which some rule does so."""
    forms = (state.get("active_loop", {}).get("name") for state in _before_a_handover(rules))
    return frozenset(str(form) for form in forms if form)


def _before_a_handover(rules: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    return (json.loads(key)[-1] for key, action in rules.items() if _hands_over(action))


def _hands_over(action: str) -> bool:
    """Whether an action hands over; `action_handover_availability` only asks who is there."""
    return action.startswith(ACTION) and action != AVAILABILITY_ACTION


def _reasons(states: list[dict[str, Any]], values: Sequence[str]) -> Iterable[str]:
    """The reasons for which a rule begins with `handover_ended`, in any conversation."""
    first = states[0]
    if len(states) > 1 or first.get("user", {}).get("intent") != HANDOVER_ENDED:
        return ()
    conditions = dict(first.get("slots", {}))
    chosen = conditions.pop(END_REASON_ENTITY, None)
    if conditions or "active_loop" in first:
        return ()
    if chosen is None:
        return (reason.value for reason in EndReason)
    return (value for value, weight in zip(values, chosen, strict=False) if weight)
