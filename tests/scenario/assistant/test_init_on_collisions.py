"""`rasa train` on projects that had names of ours, or another layout, before `init` was run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.utils.endpoints import EndpointConfig

from cli.main import main
from tests.scenario.assistant.trained_assistant import Conversation, load, serving_actions, train

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = """\
recipe: default.v1
assistant_id: bakery
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: LogisticRegressionClassifier
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
"""
DOMAIN = """\
version: "3.1"
intents: [ask_bread, {intent}]
responses:
  utter_bread: [{{text: "Rye and wheat."}}]
  utter_own: [{{text: "That is ours."}}]
"""
NLU = """\
nlu:
- intent: ask_bread
  examples: |
    - which bread have you got
    - what bread do you sell
- intent: {intent}
  examples: |
    - {example}
    - {example} now
"""
ANSWER = """\
- {kind}: the project's own
  steps:
  - intent: {intent}
  - action: utter_own
"""
HANDED_OVER = {"handover": {"plan": "default"}}


def write(project: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


def bakery(project: Path, intent: str, example: str, kind: str | None) -> None:
    """A project with an intent of its own, and the rule or story that answers it."""
    answers = {"rule": "rules:\n", "story": "stories:\n"}
    files = {
        "config.yml": CONFIG,
        "domain.yml": DOMAIN.format(intent=intent),
        "data/nlu.yml": NLU.format(intent=intent, example=example),
    }
    if kind is not None:
        files["data/own.yml"] = answers[kind] + ANSWER.format(kind=kind, intent=intent)
    write(project, files)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def actions() -> AsyncIterator[EndpointConfig]:
    async with serving_actions() as endpoint:
        yield endpoint


def trained(project: Path, domain: str = "domain.yml") -> str:
    assert main(["init", "--project", str(project), "--yes"]) == 0
    return train(
        project / "trained",
        domain=project / domain,
        data=[project / "data"],
        config=project / "config.yml",
    )


def conversation(model: str, actions: EndpointConfig) -> Conversation:
    return Conversation(agent=load(model, actions), user=uuid4().hex)


@pytest.mark.parametrize("kind", ["rule", "story"])
@pytest.mark.parametrize(
    ("intent", "example"),
    [
        ("ask_human", "talk to the baker"),
        ("human_handoff", "talk to a person"),
        ("back_to_bot", "start from scratch"),
        ("rate_good", "that was tasty"),
        ("rate_bad", "that was stale"),
        ("ask_to_wait", "let me think"),
    ],
)
async def test_what_the_project_answers_stays_its_own_and_contradicts_nothing(
    tmp_path: Path, actions: EndpointConfig, intent: str, example: str, kind: str
) -> None:
    bakery(tmp_path, intent, example, kind)
    said = await conversation(trained(tmp_path), actions).says(f"/{intent}")
    assert said == ["That is ours."]


async def test_a_wish_of_another_name_without_an_answer_hands_over(
    tmp_path: Path, actions: EndpointConfig
) -> None:
    bakery(tmp_path, "human_handoff", "I want to talk to a human", None)
    said = await conversation(trained(tmp_path), actions).says("I want to talk to a human")
    assert said[-1] == HANDED_OVER


async def test_a_domain_in_a_folder_is_trained_with_what_was_added(
    tmp_path: Path, actions: EndpointConfig
) -> None:
    bakery(tmp_path, "ask_cake", "which cake have you got", "rule")
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain.yml").rename(tmp_path / "domain" / "bakery.yml")
    said = await conversation(trained(tmp_path, "domain"), actions).says("/ask_human")
    assert said[-1] == HANDED_OVER


async def test_responses_of_the_same_name_are_what_the_bot_says(
    tmp_path: Path, actions: EndpointConfig
) -> None:
    bakery(tmp_path, "ask_cake", "which cake have you got", "rule")
    with (tmp_path / "domain.yml").open("a") as domain:
        domain.write('  utter_connecting: [{text: "Our baker comes."}]\n')
    said = await conversation(trained(tmp_path), actions).says("/ask_human")
    assert said == ["Our baker comes.", HANDED_OVER]
