"""What a trained model's rules and its domain are read as."""

from __future__ import annotations

import json
from typing import Any

from channels.core.sessions.session import EndReason
from cli.doctor.checks.assistant import DomainFacts, Slot
from cli.doctor.machine.model import answered_reasons, domain_facts, policies

VALUES = ["timeout", "idle", "keyword"]
LISTEN = {"action_name": "action_listen"}


def state(**changes: Any) -> dict[str, Any]:
    return {"prev_action": LISTEN, "user": {"intent": "handover_ended"}, **changes}


def answered(*states: dict[str, Any]) -> frozenset[str]:
    return answered_reasons([json.dumps(states)], VALUES)


def test_a_rule_answers_the_reason_of_its_condition() -> None:
    slots = {"handover_end_reason": [0.0, 1.0, 0.0, 0.0]}
    assert answered(state(slots=slots)) == {"idle"}


def test_a_rule_without_a_condition_answers_every_reason() -> None:
    assert answered(state()) == {reason.value for reason in EndReason}


def test_the_entity_beside_the_intent_changes_nothing() -> None:
    user = {"intent": "handover_ended", "entities": ["handover_end_reason"]}
    assert len(answered(state(user=user))) == len(EndReason)


def test_a_rule_of_another_intent_answers_nothing() -> None:
    assert answered(state(user={"intent": "greet"})) == frozenset()


def test_a_rule_of_a_form_or_of_another_slot_does_not_hold_everywhere() -> None:
    slots = {"handover_end_reason": [1.0], "order_item": [1.0]}
    assert answered(state(slots=slots)) == frozenset()
    assert answered(state(active_loop={"name": "order_form"})) == frozenset()


def test_what_comes_later_in_a_rule_is_no_beginning() -> None:
    assert answered(state(), state(prev_action={"action_name": "utter_x"})) == frozenset()


def test_names_in_a_domain_may_have_settings() -> None:
    slot = {
        "type": "categorical",
        "values": ["idle", True],
        "mappings": [
            {"type": "from_entity", "entity": "handover_end_reason"},
            {"type": "from_intent", "intent": "greet", "value": "x"},
        ],
    }
    domain = {
        "intents": ["greet", {"handover_ended": {"use_entities": []}}],
        "entities": [{"handover_end_reason": {"roles": ["x"]}}],
        "actions": ["action_handover", {"action_more": {"send_domain": True}}],
        "slots": {"handover_end_reason": slot},
    }
    assert domain_facts(domain) == DomainFacts(
        intents=frozenset({"greet", "handover_ended"}),
        entities=frozenset({"handover_end_reason"}),
        actions=frozenset({"action_handover", "action_more"}),
        slots={
            "handover_end_reason": Slot(
                type="categorical",
                values=("idle", "True"),
                filled_from=frozenset({"handover_end_reason"}),
            )
        },
    )


def test_an_empty_domain_has_nothing() -> None:
    nothing: frozenset[str] = frozenset()
    empty = DomainFacts(intents=nothing, entities=nothing, actions=nothing, slots={})
    assert domain_facts({"intents": None}) == empty


def test_policies_are_what_decides_in_the_models_graph() -> None:
    decides = {"fn": "predict_action_probabilities"}
    rules = {"uses": "rasa.core.policies.rule_policy.RulePolicy", **decides}
    flows = {"uses": "rasa.core.policies.flow_policy.FlowPolicy", **decides}
    ensemble = {"uses": "rasa.core.policies.ensemble.Ensemble", "fn": "combine_predictions"}
    nodes = {"rules": rules, "all": ensemble}
    assert policies({"nodes": nodes}) == {"RulePolicy"}
    assert policies({"nodes": {**nodes, "flows": flows}}) == {"RulePolicy", "FlowPolicy"}
