"""A project with a form that takes any words as its answer, as `init` leaves it, trained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent

from cli.assistant.languages import words_in
from cli.doctor.checks.understanding import CHECKS, UnderstandingFacts
from cli.doctor.findings import Outcome, examine
from cli.doctor.machine.reading import read_assistant
from cli.doctor.machine.understanding import read_words
from cli.main import main
from tests.scenario.assistant.trained_assistant import Conversation, load, serving_actions, train

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROJECT = {
    "config.yml": """
recipe: default.v1
assistant_id: parcels
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: LogisticRegressionClassifier
  - name: FallbackClassifier
    threshold: 0.4
policies:
  - name: RulePolicy
""",
    "domain.yml": """
version: "3.1"
intents: [send_parcel, where_is_it, hello, inform]
forms:
  parcel_form:
    required_slots:
      - recipient
      - street
slots:
  recipient:
    type: text
    mappings:
      - type: from_text
        conditions: [{active_loop: parcel_form, requested_slot: recipient}]
  street:
    type: text
    mappings:
      - type: from_text
        conditions: [{active_loop: parcel_form, requested_slot: street}]
responses:
  utter_ask_recipient: [{text: "Who gets it?"}]
  utter_ask_street: [{text: "In which street?"}]
  utter_sent: [{text: "To {recipient}, {street}."}]
  utter_hello: [{text: "Good day!"}]
  utter_where: [{text: "On its way."}]
""",
    "data/nlu.yml": """
version: "3.1"
nlu:
  - intent: send_parcel
    examples: |
      - I want to send a parcel
      - send a package
      - post this for me
      - ship a box
      - I have a parcel to send
      - can you deliver something for me
  - intent: where_is_it
    examples: |
      - where is my parcel
      - when does my package come
      - track a delivery
      - has it been delivered
      - where is my delivery now
  # What people answer to the form's questions: without it a name may be read as any intent.
  - intent: inform
    examples: |
      - John Smith
      - Mary Jones
      - Mr. Novak
      - my brother
      - the office
      - 5 Station Road
      - 221 Baker Street
  - intent: hello
    examples: |
      - hi
      - hello
      - good morning
      - hey there
""",
    "data/rules.yml": """
version: "3.1"
rules:
  - {rule: hello, steps: [{intent: hello}, {action: utter_hello}]}
  - {rule: where, steps: [{intent: where_is_it}, {action: utter_where}]}
  - {rule: send, steps: [{intent: send_parcel}, {action: parcel_form}, {active_loop: parcel_form}]}
  - rule: sent
    condition: [{active_loop: parcel_form}]
    steps:
      - action: parcel_form
      - active_loop: null
      - slot_was_set: [{requested_slot: null}]
      - action: utter_sent
""",
}
BACK = "You are talking to the bot again."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    project: Path = tmp_path_factory.mktemp("parcels")
    (project / "data").mkdir()
    for name, text in PROJECT.items():
        (project / name).write_text(text)
    assert main(["init", "--project", str(project), "--yes"]) == 0
    return train(
        project / "trained",
        domain=project / "domain.yml",
        data=[project / "data"],
        config=project / "config.yml",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(model: str) -> AsyncIterator[Agent]:
    async with serving_actions() as action_server:
        yield load(model, action_server)


@pytest_asyncio.fixture(loop_scope="module")
async def sending(agent: Agent) -> Conversation:
    """A conversation in which the form has asked its first question."""
    conversation = Conversation(agent=agent, user=uuid4().hex)
    assert await conversation.says("I want to send a parcel") == ["Who gets it?"]
    return conversation


@pytest.mark.parametrize(
    "wish", ["I want to talk to a person", "human", "can I speak with a real person"]
)
async def test_who_asks_for_a_person_gets_one_and_the_form_asks_nothing(
    sending: Conversation, wish: str
) -> None:
    *said, request = await sending.says(wish)
    assert len(said) == 1
    assert request["handover"]["plan"] == "default"
    assert await sending.slot("recipient") is None


async def test_nobody_is_promised_outside_the_hours_and_the_form_asks_again(
    sending: Conversation,
) -> None:
    closed = {"open": False, "opens_at": "2026-11-30T09:00:00+01:00"}
    sorry, *_, question = await sending.says("human", metadata={"handover": {"default": closed}})
    assert "They will be back on 2026-11-30" in sorry
    assert question == "Who gets it?"
    assert await sending.says("Ada Lovelace") == ["In which street?"]


async def test_nothing_is_said_when_an_operator_begins(sending: Conversation) -> None:
    assert await sending.handover_starts() == []
    assert await sending.slot("handover_active") is True


async def test_after_the_handover_the_form_goes_on(sending: Conversation) -> None:
    await sending.says("human")
    *_, question = await sending.handover_ends("agent_returned")
    assert question == "Who gets it?"
    assert await sending.says("Ada Lovelace") == ["In which street?"]
    assert await sending.says("12 Oak Street") == ["To Ada Lovelace, 12 Oak Street."]


@pytest.mark.parametrize("payload", ["/rate_good", "/rate_bad"])
async def test_a_tap_on_a_button_of_the_feedback_is_no_answer_to_the_form(
    sending: Conversation, payload: str
) -> None:
    await sending.says("human")
    await sending.handover_ends("timeout")

    assert (await sending.says(payload))[-1] == "Who gets it?"
    assert await sending.slot("recipient") is None


@pytest.mark.parametrize("word", ["menu", "back to bot"])
async def test_a_keyword_is_no_answer_to_the_form(sending: Conversation, word: str) -> None:
    assert (await sending.says(word))[-1] == "Who gets it?"
    assert await sending.slot("recipient") is None


@pytest.mark.parametrize(
    "answer",
    ["Peter Miller", "my mother", "Anna", "two friends of mine", "Dr. Kowalski", "the shop", "Bob"],
)
async def test_an_answer_is_an_answer(sending: Conversation, answer: str) -> None:
    assert await sending.says(answer) == ["In which street?"]
    assert await sending.slot("recipient") == answer


@pytest.mark.parametrize("check", ["forms", "nlu-keywords"])
async def test_doctor_finds_the_trained_model_well(model: str, check: str) -> None:
    keywords, words = ["menu", "back to bot"], words_in("en")
    assert words is not None
    facts = UnderstandingFacts(
        assistant=read_assistant(model, "domain.yml", []),
        readings=await read_words(model, [*keywords, *words.everyday], told_by="nlu-keywords"),
        keywords=keywords,
        everyday=words.everyday,
    )
    findings = examine("Assistant", CHECKS, facts)
    (found,) = (one for one in findings if one.check == check)
    assert found.outcome is Outcome.OK, found
