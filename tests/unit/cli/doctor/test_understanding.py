"""What doctor makes of what the trained model reads, and of forms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.assistant.languages import languages, words_in
from cli.doctor.checks.assistant import AssistantFacts, DomainFacts, FormFacts, RuleFacts
from cli.doctor.checks.understanding import CHECKS, Reading, UnderstandingFacts
from cli.doctor.findings import Finding, Outcome, Unknown, cannot_tell, examine
from cli.doctor.machine.understanding import read_words

ORDER = FormFacts(ignored=["ask_human"], takes_words=True)
DOMAIN = DomainFacts(intents=[], entities=[], actions=[], slots={}, forms={"order": ORDER})
RULES = RuleFacts(answered=[], handing_over=["ask_human"], handing_over_in=["order"])
ASSISTANT = AssistantFacts(model="m.tar.gz", domain=DOMAIN, rules=RULES, return_intents=[])
READINGS = {
    "menu": Reading(intent="back_to_bot", confidence=0.9),
    "yes": Reading(intent="affirm", confidence=1),
}
FACTS = UnderstandingFacts(
    assistant=ASSISTANT, readings=READINGS, keywords=["menu"], everyday=["yes"]
)
A_WISH = {name: Reading(intent="ask_human", confidence=0.67) for name in READINGS}


def finding(name: str, facts: UnderstandingFacts) -> Finding:
    return next(one for one in examine("", CHECKS, facts) if one.check == name)


def with_form(form: FormFacts, rules: RuleFacts = RULES) -> UnderstandingFacts:
    domain = replace(DOMAIN, forms={"order": form})
    return replace(FACTS, assistant=replace(ASSISTANT, domain=domain, rules=rules))


def test_all_is_well_and_it_is_said_what_the_model_reads() -> None:
    assert {one.outcome for one in examine("", CHECKS, FACTS)} == {Outcome.OK}
    assert "'menu' is back_to_bot (0.90)" in finding("nlu-keywords", FACTS).detail
    assert "'yes' is affirm (1.00)" in finding("nlu-everyday-words", FACTS).detail


@pytest.mark.parametrize(
    ("name", "word"), [("nlu-keywords", "menu"), ("nlu-everyday-words", "yes")]
)
def test_words_that_the_model_takes_for_a_wish_for_a_person_are_wrong(name: str, word: str) -> None:
    found = finding(name, replace(FACTS, readings=A_WISH))
    assert found.outcome is Outcome.WRONG
    assert f"'{word}' is ask_human (0.67)" in found.detail


def test_a_wish_of_another_name_is_one_as_well() -> None:
    rules = replace(RULES, handing_over=["clerk"])
    readings = {**READINGS, "menu": Reading(intent="clerk", confidence=0.5)}
    facts = replace(with_form(ORDER, rules), readings=readings)
    assert finding("nlu-keywords", facts).outcome is Outcome.WRONG


def test_nothing_is_asked_of_no_keywords() -> None:
    facts = replace(FACTS, keywords=[])
    assert finding("nlu-keywords", facts).outcome is Outcome.OK


def test_a_language_without_words_can_not_be_told() -> None:
    assert finding("nlu-everyday-words", replace(FACTS, everyday=[])).outcome is Outcome.CANNOT_TELL


def test_a_model_that_can_not_be_asked_is_told_once() -> None:
    missing = Unknown(told_by="nlu-keywords", verdict=cannot_tell("It can't be asked."))
    facts = replace(FACTS, readings=missing)
    assert finding("nlu-keywords", facts).detail == "It can't be asked."
    assert finding("nlu-everyday-words", facts).depends_on == "nlu-keywords"


async def test_what_is_no_model_can_not_be_asked() -> None:
    found = await read_words("no/model.tar.gz", ["menu"], told_by="nlu-keywords")
    assert isinstance(found, Unknown)
    assert found.verdict is not None
    assert found.verdict.outcome is Outcome.CANNOT_TELL


class TestForms:
    def test_one_that_takes_the_wish_for_an_answer_is_wrong(self) -> None:
        found = finding("forms", with_form(FormFacts(ignored=["chitchat"], takes_words=True)))
        assert found.outcome is Outcome.WRONG
        assert "as its answer: order." in found.detail
        assert "Add ask_human to its ignored_intents: docs/forms.md" in found.remedy

    def test_one_that_takes_no_words_needs_to_ignore_nothing(self) -> None:
        facts = with_form(FormFacts(ignored=[], takes_words=False))
        assert finding("forms", facts).outcome is Outcome.OK

    def test_one_without_a_rule_of_its_own_is_wrong(self) -> None:
        found = finding("forms", with_form(ORDER, replace(RULES, handing_over_in=[])))
        assert found.outcome is Outcome.WRONG
        assert "right after the handover" in found.detail

    def test_whether_stories_do_what_no_rule_does_can_not_be_told(self) -> None:
        rules = replace(RULES, handing_over_in=[], policies=["MemoizationPolicy"])
        found = finding("forms", with_form(ORDER, rules))
        assert found.outcome is Outcome.CANNOT_TELL
        assert (
            "No rule hands over in the middle of order, but a story or a flow may" in found.detail
        )
        assert "docs/forms.md" in found.remedy

    def test_no_form_is_no_problem(self) -> None:
        facts = replace(FACTS, assistant=replace(ASSISTANT, domain=replace(DOMAIN, forms={})))
        assert finding("forms", facts).outcome is Outcome.OK

    def test_without_a_model_it_depends_on_it(self) -> None:
        assistant = replace(ASSISTANT, rules=Unknown(told_by="trained-model"))
        found = finding("forms", replace(FACTS, assistant=assistant))
        assert found.depends_on == "trained-model"


@pytest.mark.parametrize("language", languages())
def test_each_language_has_ten_everyday_phrases(language: str) -> None:
    words = words_in(language)
    assert words is not None
    assert len(words.everyday) == 10


@pytest.mark.parametrize("language", ["pt-BR", "pt_BR", "PT"])
def test_a_country_makes_no_other_language(language: str) -> None:
    assert words_in(language) == words_in("pt")


@pytest.mark.parametrize("language", ["xx", "", "../en", "Klingon"])
def test_of_another_language_there_are_no_words(language: str) -> None:
    assert words_in(language) is None
