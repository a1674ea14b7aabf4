"""Handovers in the middle of a form, and after Rasa's session has expired.

The assistant is the repository's own with a form, and with all that its page says to add for
it: the form's entry in the domain, the rules, the action and the responses are read from there.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa.shared.core.events import SessionStarted
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.utils.io import write_text_file, write_yaml
from rasa.validator import Validator
from ruamel.yaml import YAML

from tests.scenario.assistant.trained_assistant import (
    ROOT,
    Conversation,
    load,
    serving_actions,
    train,
)
from tests.support.documents import examples

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE, SECTION = "docs/forms.md", "When a form is under way"
FIXTURES = ROOT / "tests" / "fixtures" / "form_assistant"

CONNECTING = "I'm connecting you to a person. They will answer you here."
WHAT = "What would you like?"
WHERE = "Where shall we bring it?"
UNFINISHED = "Your order is not complete yet."
ORDERED = "a pizza to 1 Main Street: it is on its way."
MENU = "This is what I can do for you:"
FEEDBACK = "How was the chat with our team?"

NOBODY_THERE = ["unanswered", "failed", "closed", "cancelled"]
CHATTED = [
    "timeout",
    "idle",
    "keyword",
    "intent",
    "agent_returned",
    "agent_released",
    "operator_request",
]


def _sources(directory: Path) -> tuple[Path, list[Path]]:
    """The assistant's domain and training data, with the page's examples among them."""
    domain, shown = directory / "domain", directory / "shown"
    domain.mkdir()
    shown.mkdir()
    shutil.copy(ROOT / "domain.yml", domain / "repository.yml")
    shutil.copy(FIXTURES / "domain.yml", domain / "form.yml")
    rules: list[dict[str, Any]] = []
    for number, example in enumerate(examples(PAGE, SECTION, "yaml")):
        content = YAML(typ="safe").load(example)
        if isinstance(content, list):
            rules += content
        else:
            write_text_file(example, domain / f"shown{number}.yml")
    write_yaml({"version": "3.1", "rules": rules}, shown / "rules.yml")
    return domain, [ROOT / "data", FIXTURES / "nlu.yml", FIXTURES / "rules.yml", shown]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    return _sources(tmp_path_factory.mktemp("form_assistant"))


@pytest.fixture(scope="module")
def model(sources: tuple[Path, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> str:
    domain, data = sources
    return train(tmp_path_factory.mktemp("trained"), domain=domain, data=data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(model: str) -> AsyncIterator[Agent]:
    actions = ModuleType("order_actions")
    for example in examples(PAGE, SECTION, "python"):
        exec(example, vars(actions))  # noqa: S102
    async with serving_actions() as action_server:
        yield load(model, action_server)


@pytest.fixture
def conversation(agent: Agent) -> Conversation:
    return Conversation(agent=agent, user=uuid4().hex)


@pytest_asyncio.fixture(loop_scope="module")
async def ordering(conversation: Conversation) -> Conversation:
    """A conversation in the middle of an order: the second of two questions is open."""
    await conversation.says("order")
    assert await conversation.says("a pizza") == [WHERE]
    return conversation


@pytest_asyncio.fixture(loop_scope="module")
async def two_days_later(ordering: Conversation) -> Conversation:
    """A person was asked for in the middle of an order, and the session has expired since."""
    await ordering.says("human please")
    return await ordering.moved_back(timedelta(days=2))


def _text(conversation: Conversation, response: str) -> str:
    text: str = conversation.agent.domain.responses[response][0]["text"]
    return text


async def test_rasa_finds_no_fault_in_the_form_and_the_pages_examples(
    sources: tuple[Path, list[Path]],
) -> None:
    domain, data = sources
    validator = Validator.from_importer(
        TrainingDataImporter.load_from_config(
            str(ROOT / "config.yml"), str(domain), [str(path) for path in data]
        )
    )

    assert validator.verify_domain_validity()
    assert validator.verify_actions_in_stories_rules()
    assert validator.verify_intents_in_stories(ignore_warnings=False)
    assert validator.verify_forms_in_stories_rules()
    assert validator.verify_form_slots()
    assert validator.verify_slot_mappings()
    assert validator.verify_story_structure(ignore_warnings=False)


async def test_an_order_without_a_handover_is_completed(ordering: Conversation) -> None:
    assert await ordering.says("1 Main Street") == [ORDERED]


@pytest.mark.parametrize(
    ("text", "plan"), [("human please", "default"), ("talk to sales", "sales")]
)
async def test_a_person_is_asked_for_in_the_form_and_nothing_follows_the_handover(
    ordering: Conversation, text: str, plan: str
) -> None:
    assert await ordering.says(text) == [CONNECTING, {"handover": {"plan": plan}}]


async def test_the_form_stays_active_while_a_person_has_the_thread(ordering: Conversation) -> None:
    await ordering.says("human please")

    assert await ordering.form() == "order_form"


async def test_asking_for_a_person_is_no_answer_to_the_forms_question(
    ordering: Conversation,
) -> None:
    await ordering.says("human please")

    assert await ordering.slot("order_address") is None


async def test_nothing_is_said_when_somebody_else_begins_a_handover_in_the_form(
    ordering: Conversation,
) -> None:
    assert await ordering.handover_starts() == []
    assert await ordering.form() == "order_form"


@pytest.mark.parametrize("reason", sorted({*CHATTED} - {"agent_released"}))
async def test_after_a_chat_with_a_person_the_form_asks_its_question_again(
    ordering: Conversation, reason: str
) -> None:
    await ordering.says("human please")

    assert await ordering.handover_ends(reason) == [
        _text(ordering, f"utter_handover_{reason}"),
        UNFINISHED,
        WHERE,
    ]


async def test_when_the_agent_let_go_the_users_message_is_no_answer_to_the_form(
    ordering: Conversation,
) -> None:
    await ordering.says("human please")

    assert await ordering.handover_ends("agent_released") == [
        _text(ordering, "utter_handover_agent_released"),
        UNFINISHED,
    ]
    assert (await ordering.says("hello there"))[-1] == MENU
    assert await ordering.slot("order_address") is None


async def test_when_the_agent_let_go_the_user_goes_on_by_choice(ordering: Conversation) -> None:
    await ordering.says("human please")
    await ordering.handover_ends("agent_released")

    assert (await ordering.says("/order"))[-1] == WHERE
    assert await ordering.says("1 Main Street") == [ORDERED]


@pytest.mark.parametrize("reason", NOBODY_THERE)
async def test_when_nobody_was_there_the_form_asks_its_question_again(
    ordering: Conversation, reason: str
) -> None:
    await ordering.says("human please")

    assert await ordering.handover_ends(reason) == [
        _text(ordering, f"utter_handover_{reason}"),
        MENU,
        WHERE,
    ]


async def test_the_end_of_a_handover_is_no_answer_to_the_forms_question(
    ordering: Conversation,
) -> None:
    await ordering.says("human please")
    await ordering.handover_ends("timeout")

    assert await ordering.slot("order_address") is None


@pytest.mark.parametrize("reason", ["timeout", "keyword", "agent_returned", "failed"])
async def test_the_user_goes_on_by_answering_the_forms_question(
    ordering: Conversation, reason: str
) -> None:
    await ordering.says("human please")
    await ordering.handover_ends(reason)

    assert await ordering.says("1 Main Street") == [ORDERED]


async def test_the_user_goes_on_after_a_handover_that_somebody_else_began(
    ordering: Conversation,
) -> None:
    await ordering.handover_starts()
    await ordering.handover_ends("agent_returned")

    assert await ordering.says("1 Main Street") == [ORDERED]


async def test_a_tap_on_go_on_brings_the_question_back(ordering: Conversation) -> None:
    await ordering.says("human please")
    await ordering.handover_ends("keyword")

    assert (await ordering.says("/order"))[-1] == WHERE


@pytest.mark.parametrize("text", ["/order_anew", "start the order anew"])
async def test_the_user_starts_again_instead(ordering: Conversation, text: str) -> None:
    await ordering.says("human please")
    await ordering.handover_ends("keyword")

    assert await ordering.says(text) == [WHAT]
    assert await ordering.slot("order_item") is None


async def test_a_person_can_be_asked_for_again_and_again_in_one_form(
    conversation: Conversation,
) -> None:
    await conversation.says("order")
    for reason, question in [("keyword", WHAT), ("timeout", WHAT)]:
        await conversation.says("human please")
        assert (await conversation.handover_ends(reason))[-1] == question
    await conversation.says("a pizza")
    for reason, question in [("failed", WHERE), ("agent_returned", WHERE)]:
        await conversation.says("human please")
        assert (await conversation.handover_ends(reason))[-1] == question

    assert await conversation.says("1 Main Street") == [ORDERED]


async def test_after_the_order_the_bot_asks_for_feedback_again(ordering: Conversation) -> None:
    await ordering.says("human please")
    await ordering.handover_ends("keyword")
    await ordering.says("1 Main Street")
    await ordering.says("human please")

    assert (await ordering.handover_ends("keyword"))[-1] == FEEDBACK


@pytest.mark.parametrize("reason", CHATTED)
async def test_an_expired_session_does_not_keep_the_follow_up_from_the_user(
    two_days_later: Conversation, reason: str
) -> None:
    said = await two_days_later.handover_ends(reason)

    assert said == [_text(two_days_later, f"utter_handover_{reason}"), UNFINISHED]
    events = (await two_days_later.tracker()).events
    assert len([event for event in events if isinstance(event, SessionStarted)]) == 2


async def test_an_expired_session_ends_the_form_and_keeps_its_slots(
    two_days_later: Conversation,
) -> None:
    await two_days_later.handover_ends("timeout")

    assert await two_days_later.form() is None
    assert await two_days_later.slot("order_item") == "a pizza"


@pytest.mark.parametrize("text", ["/order", "go on with the order"])
async def test_the_user_goes_on_where_the_expired_session_was(
    two_days_later: Conversation, text: str
) -> None:
    await two_days_later.handover_ends("timeout")

    assert (await two_days_later.says(text))[-1] == WHERE
    assert await two_days_later.says("1 Main Street") == [ORDERED]


async def test_the_user_starts_again_after_the_session_has_expired(
    two_days_later: Conversation,
) -> None:
    await two_days_later.handover_ends("keyword")

    assert await two_days_later.says("/order_anew") == [WHAT]
    assert await two_days_later.slot("order_item") is None


async def test_somebody_else_begins_a_handover_after_the_session_has_expired(
    ordering: Conversation,
) -> None:
    later = await ordering.moved_back(timedelta(days=2))

    assert await later.handover_starts() == []
    assert (await later.handover_ends("agent_returned"))[-1] == UNFINISHED


@pytest.mark.parametrize("reason", CHATTED)
async def test_outside_the_form_the_bot_still_asks_for_feedback(
    conversation: Conversation, reason: str
) -> None:
    await conversation.says("human please")

    assert await conversation.handover_ends(reason) == [
        _text(conversation, f"utter_handover_{reason}"),
        FEEDBACK,
    ]


async def test_outside_the_form_asking_for_a_person_is_as_before(
    conversation: Conversation,
) -> None:
    assert await conversation.says("human please") == [
        CONNECTING,
        {"handover": {"plan": "default"}},
    ]
    assert await conversation.form() is None
