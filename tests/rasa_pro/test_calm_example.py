"""The CALM example, read by Rasa Pro's own readers; training and running it need a licence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import rasa
from rasa.shared.core.domain import Domain
from rasa.shared.core.flows import FlowsList
from rasa.shared.core.flows.yaml_flows_io import YAMLFlowsReader
from rasa.shared.utils.yaml import read_config_file

from channels.core.briefing.turns import END_REASON_ENTITY, HANDOVER_ENDED, HANDOVER_STARTED
from channels.core.sessions.session import EndReason
from channels.core.settings.sections import filled_in
from channels.core.settings.settings import parse_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "calm"


@pytest.fixture(scope="module")
def flows() -> FlowsList:
    flows = YAMLFlowsReader.read_from_file(EXAMPLE / "data" / "flows.yml")
    flows.validate()
    return flows


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(EXAMPLE / "domain.yml")


def test_the_handover_is_the_last_that_the_human_handoff_does(flows: FlowsList) -> None:
    steps = flows.flow_by_id("pattern_human_handoff").steps
    open_ones = [step for step in steps if step.action != "utter_closed_until"]
    assert [step.action for step in open_ones] == [
        "action_handoff_metric",
        "action_handover_availability",
        "utter_connecting",
        "action_handover",
    ]


def test_nobody_is_connected_while_nobody_is_there(flows: FlowsList, domain: Domain) -> None:
    steps = flows.flow_by_id("pattern_human_handoff").steps
    [asks] = [step for step in steps if step.action == "action_handover_availability"]
    by_id = {step.id: step for step in steps}
    branches = {
        getattr(link, "condition", "else"): by_id[link.target].action for link in asks.next.links
    }
    assert branches == {"slots.handover_open": "utter_connecting", "else": "utter_closed_until"}
    slots = {slot.name for slot in domain.slots}
    assert {"handover_open", "handover_opens_when"} <= slots


def test_rasas_own_metric_is_kept() -> None:
    """Rasa's `pattern_human_handoff`, which the example's takes the place of, begins with it."""
    default = Path(rasa.__file__).parent / "dialogue_understanding" / "patterns"
    found = (default / "default_flows_for_patterns.yml").read_text()
    pattern = found.partition("  pattern_human_handoff:\n")[2].partition("\n\n")[0]
    assert "- action: action_handoff_metric" in pattern


def test_the_flow_of_the_end_bears_the_events_name(flows: FlowsList) -> None:
    assert flows.flow_by_id(HANDOVER_ENDED) is not None


def test_what_a_user_writes_does_not_start_the_flow_of_the_end(flows: FlowsList) -> None:
    assert flows.flow_by_id(HANDOVER_ENDED).is_startable_only_via_link()


def test_the_domain_has_each_response_and_action_of_the_flows(
    flows: FlowsList, domain: Domain
) -> None:
    assert flows.utterances <= set(domain.responses)
    assert {"action_handover", "action_handover_availability"} <= set(domain.user_actions)


def test_the_domain_has_the_intent_of_the_end_and_no_other_of_the_channels(domain: Domain) -> None:
    assert HANDOVER_ENDED in domain.intents
    assert HANDOVER_STARTED not in domain.intents


def test_the_domain_has_the_slot_that_the_handover_sets(domain: Domain) -> None:
    assert "handover_active" in {slot.name for slot in domain.slots}


def test_the_slot_can_hold_each_reason(domain: Domain) -> None:
    (slot,) = (slot for slot in domain.slots if slot.name == END_REASON_ENTITY)
    assert {reason.value for reason in EndReason} <= set(slot.values)


def test_the_channel_accepts_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (
        "MESSENGER_VERIFY_TOKEN",
        "MESSENGER_APP_SECRET",
        "MESSENGER_PAGE_ACCESS_TOKEN",
        "MESSENGER_APP_ID",
    ):
        monkeypatch.setenv(variable, "100")
    (section,) = read_config_file(EXAMPLE / "credentials.yml").values()
    section = filled_in(section, os.environ)
    assert parse_settings(section).app_id == "100"
