"""The assistant's files: each end reason has its rule, and Rasa can read what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import rasa.shared.utils.io
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.domain import Domain
from rasa.shared.exceptions import RasaException
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.validator import Validator

ROOT = Path(__file__).parents[3]

END_REASONS = {
    "timeout",
    "idle",
    "unanswered",
    "keyword",
    "intent",
    "agent_returned",
    "agent_released",
    "operator_request",
    "failed",
    "closed",
    "cancelled",
}
RESERVED_INTENTS = {"handover_ended", "handover_started"}
ENVIRONMENT = {
    "MESSENGER_VERIFY_TOKEN": "verify-me",
    "MESSENGER_APP_SECRET": "the-secret",
    "MESSENGER_PAGE_ACCESS_TOKEN": "the-token",
    "MESSENGER_APP_ID": "1000000000000001",
    "AGENT_APP_ID": "1000000000000002",
}


def _read(name: str) -> Any:
    return rasa.shared.utils.io.read_yaml_file(ROOT / name)


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(ROOT / "domain.yml")


@pytest.fixture(scope="module")
def handover_rules() -> list[dict[str, Any]]:
    return list(_read("data/handover_rules.yml")["rules"])


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return dict(_read("credentials.yml")["channels.MessengerInput"])


def _actions(rule: dict[str, Any]) -> list[str]:
    return [step["action"] for step in rule["steps"] if "action" in step]


def _intents(rule: dict[str, Any]) -> list[str]:
    return [step["intent"] for step in rule["steps"] if "intent" in step]


def _responses_by_reason(rules: list[dict[str, Any]]) -> dict[str, str]:
    return {
        rule["condition"][0]["slot_was_set"][0]["handover_end_reason"]: _actions(rule)[0]
        for rule in rules
        if _intents(rule) == ["handover_ended"]
    }


def test_rasa_finds_no_fault_in_the_assistant() -> None:
    validator = Validator.from_importer(
        TrainingDataImporter.load_from_config(
            str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
        )
    )

    assert validator.verify_domain_validity()
    assert validator.verify_actions_in_stories_rules()
    assert validator.verify_example_repetition_in_intents(ignore_warnings=False)
    assert validator.verify_intents_in_stories(ignore_warnings=False)
    assert validator.verify_utterances_in_stories(ignore_warnings=False)
    assert validator.verify_forms_in_stories_rules()
    assert validator.verify_form_slots()
    assert validator.verify_slot_mappings()
    assert validator.verify_story_structure(ignore_warnings=False)


def test_the_slot_knows_every_end_reason(domain: Domain) -> None:
    (slot,) = [slot for slot in domain.slots if slot.name == "handover_end_reason"]

    assert set(slot.values) - {"__other__"} == END_REASONS


def test_each_end_reason_has_a_rule_with_a_response_of_its_own(
    handover_rules: list[dict[str, Any]],
) -> None:
    responses = _responses_by_reason(handover_rules)

    assert responses == {reason: f"utter_handover_{reason}" for reason in END_REASONS}


def test_what_the_bot_says_differs_for_each_end_reason(domain: Domain) -> None:
    texts = [domain.responses[f"utter_handover_{reason}"][0]["text"] for reason in END_REASONS]

    assert len(set(texts)) == len(END_REASONS)


def test_nothing_follows_the_handover_in_its_turn(handover_rules: list[dict[str, Any]]) -> None:
    sequences = [_actions(rule) for rule in handover_rules if "action_handover" in _actions(rule)]

    assert sequences
    assert {sequence.index("action_handover") - len(sequence) for sequence in sequences} == {-1}


def test_no_button_sends_an_intent_reserved_for_the_channel(domain: Domain) -> None:
    intents = {
        button["payload"].removeprefix("/")
        for variations in domain.responses.values()
        for variation in variations
        for button in variation.get("buttons", ())
    }

    assert intents
    assert intents <= set(domain.intents) - RESERVED_INTENTS


def test_the_nlu_can_never_read_a_reserved_intent_out_of_a_text() -> None:
    files = ("data/nlu.yml", "data/handover_nlu.yml")
    trained = {entry["intent"] for name in files for entry in _read(name)["nlu"]}

    assert {"ask_human", "greet"} <= trained
    assert not trained & RESERVED_INTENTS


def test_the_bookkeeping_of_a_handover_leaves_other_rules_alone(domain: Domain) -> None:
    influential = {slot.name for slot in domain.slots if slot.has_features()}

    assert influential == {"handover_end_reason", "handover_open"}


def test_every_plan_a_slot_can_name_is_in_the_credentials(
    domain: Domain, credentials: dict[str, Any]
) -> None:
    (slot,) = [slot for slot in domain.slots if slot.name == "handover_plan"]

    assert {mapping["value"] for mapping in slot.mappings} == set(credentials["plans"])


def test_the_environment_fills_in_the_credentials_as_text(credentials: dict[str, Any]) -> None:
    assert (
        credentials["verify"],
        credentials["secret"],
        credentials["page-access-token"],
        credentials["app-id"],
        credentials["plans"]["sales"]["target-app"],
    ) == tuple(ENVIRONMENT.values())


@pytest.mark.parametrize("missing", ENVIRONMENT)
def test_an_unset_variable_is_named_when_the_credentials_are_read(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)

    with pytest.raises(RasaException, match=missing):
        _read("credentials.yml")


def test_the_tracker_is_kept_on_disk(
    domain: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))

    store = TrackerStore.create(endpoints.tracker_store, domain)

    assert isinstance(store, SQLTrackerStore)
    assert (tmp_path / "tracker.db").is_file()
