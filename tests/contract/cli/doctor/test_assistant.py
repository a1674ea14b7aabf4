"""What the doctor says of the assistant: its model, or its domain where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cli.doctor.findings import Outcome
from tests.contract.live_page import MODEL, LivePage

Change = Callable[[dict[str, Any]], None]


def without(section: str, name: str) -> Change:
    """What takes a name out of a section of the domain, which has it."""

    def change(domain: dict[str, Any]) -> None:
        content = domain[section]
        content.remove(name) if isinstance(content, list) else content.pop(name)

    return change


async def test_without_a_model_the_domain_is_judged(page: LivePage) -> None:
    page.write_domain(page.without_model())
    assert "no trained model" in await page.wrong("trained-model")
    told = {one.check: one.outcome for one in await page.examined()}
    assert told["slot-handover-end-reason"] is Outcome.OK
    assert told["rules-handover-ended"] is Outcome.CANNOT_TELL


async def test_without_model_and_domain_it_is_reported_once(page: LivePage) -> None:
    page.without_model()
    assert "no trained model" in await page.wrong("trained-model")


async def test_a_domain_without_the_intent_is_found_without_a_model_too(page: LivePage) -> None:
    domain = page.without_model()
    domain["intents"].remove("handover_started")
    page.write_domain(domain)
    told = {one.check: one.outcome for one in await page.examined()}
    assert told["intent-handover-started"] is Outcome.WRONG


@pytest.mark.parametrize("size", [0, 100, 1000])
async def test_a_model_that_was_cut_off_is_wrong(page: LivePage, size: int) -> None:
    page.model = page.directory / "half.tar.gz"
    page.model.write_bytes(MODEL.read_bytes()[:size])
    assert "not a model of Rasa" in await page.wrong("trained-model")


async def test_a_model_of_mantle_is_refused(page: LivePage) -> None:
    def of_mantle(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            content["engine_version"] = "mantle"

    page.retrain(of_mantle)
    assert "engine Mantle" in await page.wrong("trained-model")


async def test_a_file_that_is_no_model_is_wrong(page: LivePage) -> None:
    page.model = page.directory / "broken.tar.gz"
    page.model.write_bytes(b"no archive")
    assert "not a model of Rasa" in await page.wrong("trained-model")


@pytest.mark.parametrize(
    ("check", "change", "told"),
    [
        (
            "intent-handover-ended",
            without("intents", "handover_ended"),
            "can't hear that a handover has ended",
        ),
        ("intent-handover-started", without("intents", "handover_started"), "must be told"),
        ("slot-handover-end-reason", without("slots", "handover_end_reason"), "no slot"),
        ("slot-handover-end-reason", without("entities", "handover_end_reason"), "no entity"),
        (
            "slot-handover-end-reason",
            lambda domain: domain["slots"]["handover_end_reason"]["values"].remove("idle"),
            "lacks the values idle",
        ),
        (
            "slot-handover-end-reason",
            lambda domain: domain["slots"]["handover_end_reason"].update(mappings=[]),
            "Nothing fills",
        ),
        ("slot-handover-active", without("slots", "handover_active"), "handover_active"),
        ("domain-action-handover", without("actions", "action_handover"), "no rule can hand over"),
        ("return-intents", without("intents", "show_menu"), "no show_menu"),
    ],
)
async def test_a_trained_domain_that_lacks_something_is_wrong(
    page: LivePage, check: str, change: Change, told: str
) -> None:
    def change_domain(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            change(content["domain"])

    page.retrain(change_domain)
    findings = {one.check: one for one in await page.examined()}
    assert findings[check].outcome is Outcome.WRONG
    assert told in findings[check].detail


async def test_a_slot_that_is_not_categorical_can_not_be_judged(page: LivePage) -> None:
    def make_it_text(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            content["domain"]["slots"]["handover_end_reason"]["type"] = "text"

    page.retrain(make_it_text)
    assert "of type text" in await page.untold("slot-handover-end-reason")


async def test_a_reason_that_no_rule_answers_is_wrong(page: LivePage) -> None:
    page.retrain(without_rule("utter_handover_idle"))
    assert "for the reasons idle:" in await page.wrong("rules-handover-ended")


async def test_a_reason_that_a_story_may_answer_can_not_be_judged(page: LivePage) -> None:
    forget_idle = without_rule("utter_handover_idle")

    def add_a_policy(name: str, content: dict[str, Any]) -> None:
        forget_idle(name, content)
        if name == "metadata.json":
            nodes = content["predict_schema"]["nodes"]
            memory = {"uses": "rasa.core.policies.memoization.MemoizationPolicy"}
            nodes["run_MemoizationPolicy1"] = {**nodes["run_RulePolicy0"], **memory}

    page.retrain(add_a_policy)
    assert "for the reasons idle;" in await page.untold("rules-handover-ended")


async def test_a_model_in_which_no_rule_hands_over_is_wrong(page: LivePage) -> None:
    page.retrain(without_rule("action_handover"))
    assert "No rule runs action_handover" in await page.wrong("rules-action-handover")


async def test_the_intents_that_rules_hand_over_for_are_told(page: LivePage) -> None:
    assert "for ask_human, ask_sales." in await page.ok("rules-action-handover")


async def test_a_model_that_can_not_be_asked_is_told_where_no_plan_has_keywords(
    page: LivePage,
) -> None:
    def forget_the_class(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            for node in content["predict_schema"]["nodes"].values():
                node["uses"] = "of.another.Rasa"

    page.retrain(forget_the_class)
    assert "The model can't be asked how it reads words" in await page.untold("nlu-everyday-words")


def without_rule(response: str) -> Callable[[str, dict[str, Any]], None]:
    """Let the trained rules be without the one that begins with this response."""

    def change(name: str, content: dict[str, Any]) -> None:
        if name == "rule_policy.json":
            rules = content["lookup"]["rules"]
            content["lookup"]["rules"] = {
                states: action for states, action in rules.items() if action != response
            }

    return change
