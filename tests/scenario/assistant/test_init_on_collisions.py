"""`rasa train` on projects that had names of ours, or another layout, before `init` was run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa.utils.endpoints import EndpointConfig

from tests.scenario.assistant.bakery import NLU, trained, write
from tests.scenario.assistant.trained_assistant import Conversation, load, serving_actions

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOMAIN = """\
version: "3.1"
intents: [ask_bread, {intents}]
responses:
  utter_bread: [{{text: "Rye and wheat."}}]
  utter_own: [{{text: "That is ours."}}]
"""
EXAMPLES = """\
- intent: {intent}
  examples: |
    - {example}
    - {example} now
"""
ANSWER = """\
- {kind}: the project's own {intent}
  steps:
  - intent: {intent}
  - action: utter_own
"""
HANDED_OVER = {"handover": {"plan": "default"}}


def bakery(project: Path, examples: dict[str, str], kind: str | None) -> None:
    """A project with intents of its own, and the rules or stories that answer them."""
    answers = {"rule": "rules:\n", "story": "stories:\n"}
    own = [EXAMPLES.format(intent=intent, example=text) for intent, text in examples.items()]
    files = {
        "domain.yml": DOMAIN.format(intents=", ".join(examples)),
        "data/nlu.yml": NLU + "".join(own),
    }
    if kind is not None:
        answered = [ANSWER.format(kind=kind, intent=intent) for intent in examples]
        files["data/own.yml"] = answers[kind] + "".join(answered)
    write(project, files)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def actions() -> AsyncIterator[EndpointConfig]:
    async with serving_actions() as endpoint:
        yield endpoint


def conversation(agent: Agent) -> Conversation:
    return Conversation(agent=agent, user=uuid4().hex)


@pytest.mark.parametrize("kind", ["rule", "story"])
@pytest.mark.parametrize(
    "examples",
    [
        {
            "ask_human": "talk to the baker",
            "back_to_bot": "start from scratch",
            "rate_good": "that was tasty",
        },
        {
            "human_handoff": "talk to a person",
            "rate_bad": "that was stale",
            "ask_to_wait": "let me think",
        },
    ],
    ids=", ".join,
)
async def test_what_the_project_answers_stays_its_own_and_contradicts_nothing(
    tmp_path: Path, actions: EndpointConfig, examples: dict[str, str], kind: str
) -> None:
    bakery(tmp_path, examples, kind)
    agent = load(trained(tmp_path), actions)
    said = {intent: await conversation(agent).says(f"/{intent}") for intent in examples}
    assert said == {intent: ["That is ours."] for intent in examples}


async def test_a_wish_of_another_name_without_an_answer_hands_over(
    tmp_path: Path, actions: EndpointConfig
) -> None:
    bakery(tmp_path, {"human_handoff": "I want to talk to a human"}, None)
    said = await conversation(load(trained(tmp_path), actions)).says("I want to talk to a human")
    assert said[-1] == HANDED_OVER


async def test_a_domain_in_a_folder_is_trained_with_what_was_added(
    tmp_path: Path, actions: EndpointConfig
) -> None:
    bakery(tmp_path, {"ask_cake": "which cake have you got"}, "rule")
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain.yml").rename(tmp_path / "domain" / "bakery.yml")
    said = await conversation(load(trained(tmp_path, "domain"), actions)).says("/ask_human")
    assert said[-1] == HANDED_OVER


async def test_responses_of_the_same_name_are_what_the_bot_says(
    tmp_path: Path, actions: EndpointConfig
) -> None:
    bakery(tmp_path, {"ask_cake": "which cake have you got"}, "rule")
    with (tmp_path / "domain.yml").open("a") as domain:
        domain.write('  utter_connecting: [{text: "Our baker comes."}]\n')
    said = await conversation(load(trained(tmp_path), actions)).says("/ask_human")
    assert said == ["Our baker comes.", HANDED_OVER]
