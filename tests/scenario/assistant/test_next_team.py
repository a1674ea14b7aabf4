"""A trained Rasa whose follow-up hands over again, by the slot and the rule that its page shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa.shared.utils.io import write_yaml

from tests.scenario.assistant.trained_assistant import (
    ROOT,
    Conversation,
    load,
    serving_actions,
    train,
)
from tests.support.documents import examples, read_yaml

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE, SECTION = "docs/endings.md", "On to the next team"
RULES = ROOT / "data" / "handover_rules.yml"
CONNECTING = "I'm connecting you to a person. They will answer you here."


def _shown(key: str) -> Any:
    """What the page's one example with that key has there."""
    contents = map(read_yaml, examples(PAGE, SECTION, "yaml"))
    [found] = [content[key] for content in contents if key in content]
    return found


def _sources(directory: Path) -> tuple[Path, list[Path]]:
    domain = read_yaml((ROOT / "domain.yml").read_text())
    domain["slots"] |= _shown("slots")
    write_yaml(domain, directory / "domain.yml")
    [shown] = _shown("rules")
    rules = read_yaml(RULES.read_text())["rules"]
    replaced = [rule for rule in rules if rule["rule"] == shown["rule"]]
    assert len(replaced) == 1
    rules = [shown if rule in replaced else rule for rule in rules]
    write_yaml({"version": "3.1", "rules": rules}, directory / RULES.name)
    others = [file for file in (ROOT / "data").iterdir() if file.name != RULES.name]
    return directory / "domain.yml", [*others, directory / RULES.name]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    domain, data = _sources(tmp_path_factory.mktemp("next_team"))
    model = train(tmp_path_factory.mktemp("trained"), domain=domain, data=data)
    async with serving_actions() as action_server:
        yield load(model, action_server)


@pytest.fixture
def conversation(agent: Agent) -> Conversation:
    return Conversation(agent=agent, user=uuid4().hex)


def handover_by(plan: str) -> list[Any]:
    return [CONNECTING, {"handover": {"plan": plan}}]


async def test_a_team_that_does_not_answer_is_followed_by_the_next(
    conversation: Conversation,
) -> None:
    assert await conversation.says("I want to talk to a person") == handover_by("default")
    assert await conversation.handover_ends("unanswered") == handover_by("inbox")
    assert await conversation.slot("handover_active") is True


async def test_the_next_teams_handover_ends_like_any_other(conversation: Conversation) -> None:
    await conversation.says("I want to talk to a person")
    await conversation.handover_ends("unanswered")
    [back, *_] = await conversation.handover_ends("keyword")

    assert back == "As you asked, you are back with the bot."
    assert await conversation.slot("handover_active") is False


async def test_who_asks_again_begins_with_the_first_team(conversation: Conversation) -> None:
    await conversation.says("I want to talk to a person")
    await conversation.handover_ends("unanswered")
    await conversation.handover_ends("timeout")

    assert await conversation.says("I want to talk to a person") == handover_by("default")
