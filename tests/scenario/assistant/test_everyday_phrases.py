"""What the bots that docs/start.md makes do on everyday phrases: that of `init --starter`, and what
`rasa init` writes with the lines that `init` adds, on the pipeline that Rasa chooses.

Trained as `rasa train` does, but for a policy that has no say in it, and each phrase said in a
conversation of its own. Rasa's own pipeline trains for long: for each change, what `init` adds to
its project is tried with the starter's.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy

from cli.main import main
from tests.scenario.assistant.trained_assistant import Conversation, load, serving_actions, train
from tests.support.rasa_project import write_template

IN_ONE_LOOP = pytest.mark.asyncio(loop_scope="module")
# Rasa's own pipeline trains for a minute, on a machine that is free.
pytestmark = pytest.mark.timeout(600)

WISHES = """\
I want to talk to a person
I want to talk to a human
can I talk to a person
can I speak to a human
speak to an agent
talk to someone from your team
connect me with an agent
connect me to customer service
a human please
human
live agent
get me a real person""".splitlines()
OTHERS = """\
hello
hi there
hey
good morning
good evening
good
great
very good
I am fine
not so good
bad
sad
terrible
wonderful
perfect
yes
yes please
of course
sure
indeed
no
no thank you
never
not really
I don't think so
ok
thanks
thank you
thank you very much
bye
goodbye
see you later
good night
have a nice day
are you a bot?
are you a human?
am I talking to a bot?
menu
back to bot
main menu
one moment
what
why
help
hm
maybe
no idea
extremely sad""".splitlines()
MORE_OTHERS = """\
just a moment
a moment please
wait a moment
one second
moment
I need a moment
hold on""".splitlines()


def starter(project: Path) -> None:
    """In a new folder."""
    project.mkdir()
    assert main(["init", "--project", str(project), "--starter", "--yes"]) == 0


def template(project: Path) -> None:
    """In a project that `rasa init` has written."""
    write_template(project)
    assert main(["init", "--project", str(project), "--yes"]) == 0


def template_on_the_starters_pipeline(project: Path) -> None:
    """In a project that `rasa init` has written, but for the parts that train for long."""
    template(project)
    starter(other := project.with_name("starter"))
    shutil.copy(other / "config.yml", project)


@wraps(UnexpecTEDIntentPolicy.train)
def left_untrained(policy: Any, *_: object, **__: object) -> Any:
    """It trains for long, and can only find an intent unlikely, which nothing here answers."""
    return policy._resource


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[
        pytest.param(starter, id="starter"),
        pytest.param(template_on_the_starters_pipeline, id="template, starter's pipeline"),
        pytest.param(template, id="template", marks=pytest.mark.deep),
    ],
)
async def agent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Agent]:
    project = tmp_path_factory.mktemp("everyday") / "project"
    request.param(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UnexpecTEDIntentPolicy, "train", left_untrained)
        model = train(
            project,
            domain=project / "domain.yml",
            data=[project / "data"],
            config=project / "config.yml",
        )
    async with serving_actions() as action_server:
        yield load(model, action_server)


async def hands_over(agent: Agent, phrase: str) -> bool:
    """Whether the bot hands over when this is the first that it is told."""
    said = await Conversation(agent=agent, user=uuid4().hex).says(phrase)
    return any(isinstance(one, dict) and "handover" in one for one in said)


def test_there_are_sixty() -> None:
    assert len({*WISHES, *OTHERS}) == 60


@IN_ONE_LOOP
@pytest.mark.parametrize("phrase", WISHES)
async def test_who_asks_for_a_person_gets_one(agent: Agent, phrase: str) -> None:
    assert await hands_over(agent, phrase)


@IN_ONE_LOOP
@pytest.mark.parametrize("phrase", [*OTHERS, *MORE_OTHERS])
async def test_nobody_else_is_handed_over(agent: Agent, phrase: str) -> None:
    assert not await hands_over(agent, phrase)


@IN_ONE_LOOP
async def test_no_words_but_an_answer_count_as_feedback(agent: Agent) -> None:
    for phrase in OTHERS:
        conversation = Conversation(agent=agent, user=uuid4().hex)
        await conversation.says(phrase)
        assert await conversation.slot("handover_feedback") is None
