"""A project that goes by stories, after `init`: a handover is over when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.scenario.assistant.bakery import NLU, trained, write
from tests.scenario.assistant.trained_assistant import Conversation, load, serving_actions

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOMAIN = """\
intents: [ask_bread, thank]
responses:
  utter_bread: [{text: "Rye and wheat."}]
  utter_welcome: [{text: "Come again."}]
"""
THANKS = """\
- intent: thank
  examples: |
    - thanks
    - thank you
"""
STORIES = """\
stories:
- story: bread
  steps:
  - intent: ask_bread
  - action: utter_bread
  - intent: thank
  - action: utter_welcome
"""
CLOSED = {"handover": {"default": {"open": False, "opens_at": "2026-11-30T09:00:00+01:00"}}}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    project = tmp_path_factory.mktemp("bakery")
    files = {"domain.yml": DOMAIN, "data/nlu.yml": NLU + THANKS, "data/stories.yml": STORIES}
    write(project, files)
    return trained(project)


@pytest_asyncio.fixture(loop_scope="module")
async def conversation(model: str) -> AsyncIterator[Conversation]:
    async with serving_actions() as endpoint:
        yield Conversation(agent=load(model, endpoint), user=uuid4().hex)


async def goes_by_its_story(conversation: Conversation) -> None:
    assert await conversation.says("which bread have you got") == ["Rye and wheat."]
    assert await conversation.says("thanks") == ["Come again."]


@pytest.mark.parametrize("reason", ["timeout", "unanswered", "closed"])
async def test_the_story_goes_on_after_a_handover(conversation: Conversation, reason: str) -> None:
    await conversation.says("/ask_human")
    assert await conversation.handover_ends(reason) != []
    assert await conversation.slot("handover_end_reason") == reason
    await goes_by_its_story(conversation)


async def test_the_story_goes_on_where_nobody_is_there(conversation: Conversation) -> None:
    await conversation.says("/ask_human", metadata=CLOSED)
    assert await conversation.slot("handover_open") is False
    await goes_by_its_story(conversation)


async def test_the_next_end_is_told_from_the_last(conversation: Conversation) -> None:
    first = await conversation.handover_ends("timeout")
    await conversation.says("thanks")
    assert await conversation.handover_ends("idle") not in ([], first)
