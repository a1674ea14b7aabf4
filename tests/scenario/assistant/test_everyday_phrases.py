"""What a project that `rasa init` writes makes of everyday phrases, once `init` has been run on it.

The pipeline is quicker than the one that Rasa chooses, with the same fallback.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

from cli.main import main
from tests.rasa_project import write_template

CONFIG = """\
recipe: default.v1
assistant_id: everyday
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: LogisticRegressionClassifier
    max_iter: 1000
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
"""
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
what
why
help
hm
maybe
no idea
extremely sad""".splitlines()

KNOWN_TO_FAIL = pytest.param(
    "one moment",
    marks=pytest.mark.xfail(reason="its letters are those of 'someone' and 'agent'", strict=True),
)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Agent:
    project: Path = tmp_path_factory.mktemp("everyday") / "project"
    write_template(project)
    (project / "config.yml").write_text(CONFIG)
    assert main(["init", "--project", str(project), "--yes"]) == 0
    nlu = train_nlu(str(project / "config.yml"), str(project / "data"), str(project / "models"))
    assert nlu is not None
    return Agent.load(nlu)


def test_there_are_sixty() -> None:
    assert len({*WISHES, *OTHERS, "one moment"}) == 60


@pytest.mark.parametrize("phrase", WISHES)
async def test_who_asks_for_a_person_is_understood(agent: Agent, phrase: str) -> None:
    assert (await agent.parse_message(phrase))["intent"]["name"] == "ask_human"


@pytest.mark.parametrize("phrase", [*OTHERS, KNOWN_TO_FAIL])
async def test_nobody_else_is_handed_over(agent: Agent, phrase: str) -> None:
    read = (await agent.parse_message(phrase))["intent"]["name"]
    assert read not in {"ask_human", "rate_good", "rate_bad"}
