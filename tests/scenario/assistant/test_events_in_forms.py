"""What the channel's events do to forms that were written with no thought of them.

No form here ignores an intent, and none has a rule of its own for a handover.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa_sdk import Action
from rasa_sdk.forms import FormValidationAction, ValidationAction

from cli.doctor.findings import Unknown
from cli.doctor.machine.reading import read_assistant
from tests.scenario.assistant.trained_assistant import (
    ROOT,
    Conversation,
    load,
    serving_actions,
    train,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIXTURES = ROOT / "tests" / "fixtures" / "forms"
BACK = "You are back with the bot."


class ActionExtractCity(Action):  # type: ignore[misc]
    """An action that a slot mapping names; it knows no message without words."""

    def name(self) -> str:
        return "action_extract_city"

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:  # noqa: ARG002
        if tracker.get_slot("requested_slot") != "city":
            return []
        return [{"event": "slot", "name": "city", "value": tracker.latest_message["text"]}]


class ValidateSlots(ValidationAction):  # type: ignore[misc]
    """Rasa's own way to extract a slot outside any form."""

    def extract_mood(self, dispatcher: Any, tracker: Any, domain: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"mood": "calm" if "!" not in tracker.latest_message["text"] else "angry"}


class ValidateTableForm(FormValidationAction):  # type: ignore[misc]
    """As Rasa's documentation has it: whether a word stands in what the user said."""

    def name(self) -> str:
        return "validate_table_form"

    async def extract_outdoors(self, dispatcher: Any, tracker: Any, domain: Any) -> dict[str, Any]:  # noqa: ARG002
        if tracker.get_slot("requested_slot") != "outdoors":
            return {}
        return {"outdoors": "outside" in tracker.latest_message["text"]}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return train(
        tmp_path_factory.mktemp("trained"),
        domain=FIXTURES / "domain.yml",
        data=[FIXTURES / "data.yml"],
        config=FIXTURES / "config.yml",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(model: str) -> AsyncIterator[Agent]:
    async with serving_actions() as action_server:
        yield load(model, action_server)


@pytest.fixture
def conversation(agent: Agent) -> Conversation:
    return Conversation(agent=agent, user=uuid4().hex)


QUESTIONS = {
    "recipient": ("gift", "Who is it for?"),  # from_text
    "guests": ("party", "Who comes?"),  # a list from_text
    "consent": ("newsletter", "May we write to you?"),  # from each intent but one
    "city": ("travel", "Where to?"),  # by an action that the mapping names
    "outdoors": ("table", "Inside or outside?"),  # by the form's own action
}


@pytest.mark.parametrize("slot", QUESTIONS)
async def test_an_event_is_no_answer(conversation: Conversation, slot: str) -> None:
    form, question = QUESTIONS[slot]
    assert await conversation.says(form) == [question]
    await conversation.handover_starts()
    await conversation.handover_ends("agent_returned")

    assert await conversation.slot(slot) is None
    assert await conversation.form() == f"{form}_form"


async def test_an_act_besides_writing_is_no_answer(conversation: Conversation) -> None:
    await conversation.says("newsletter")
    await conversation.hears_of("opt_in", message_id=uuid4().hex)

    assert await conversation.slot("consent") is None
    assert await conversation.form() == "newsletter_form"


@pytest.mark.parametrize("slot", QUESTIONS)
async def test_the_follow_up_comes_in_a_form(conversation: Conversation, slot: str) -> None:
    await conversation.says(QUESTIONS[slot][0])

    assert (await conversation.handover_ends("timeout"))[0] == BACK
    assert await conversation.slot("handover_end_reason") == "timeout"


@pytest.mark.parametrize("slot", ["recipient", "guests", "consent", "city"])
async def test_the_form_asks_again_after_the_follow_up(
    conversation: Conversation, slot: str
) -> None:
    form, question = QUESTIONS[slot]
    await conversation.says(form)

    assert await conversation.handover_ends("timeout") == [BACK, question]


async def test_the_users_next_message_is_the_answer(conversation: Conversation) -> None:
    await conversation.says("gift")
    await conversation.handover_starts()
    await conversation.handover_ends("idle")

    assert await conversation.says("aunt Mary") == ["A gift for aunt Mary."]


@pytest.mark.parametrize("slot", ["last_words", "mood", "is_angry"])
async def test_a_slot_that_each_message_fills_keeps_what_the_user_said(
    conversation: Conversation, slot: str
) -> None:
    await conversation.says("gift!")
    said = await conversation.slot(slot)
    await conversation.handover_starts()
    await conversation.handover_ends("idle")

    assert said is not None
    assert await conversation.slot(slot) == said


@pytest.mark.parametrize(("begun", "expected"), [("gift", True), ("travel", None)])
async def test_a_mapping_that_names_the_event_holds_under_its_conditions(
    conversation: Conversation, begun: str, expected: bool | None
) -> None:
    await conversation.says(begun)
    await conversation.handover_ends("idle")

    assert await conversation.slot("gift_interrupted") is expected


async def test_an_event_has_no_text(conversation: Conversation) -> None:
    await conversation.says("gift")
    await conversation.handover_starts()
    await conversation.handover_ends("idle")

    assert await conversation.heard() == ["gift", None, None]


async def test_doctor_sees_which_forms_take_words_and_have_no_rule(model: str) -> None:
    facts = read_assistant(model, "domain.yml", [])

    assert not isinstance(facts.domain, Unknown)
    assert not isinstance(facts.rules, Unknown)
    assert {name for name, form in facts.domain.forms.items() if form.takes_words} == set(
        facts.domain.forms
    )
    assert facts.rules.handing_over_in == frozenset()
