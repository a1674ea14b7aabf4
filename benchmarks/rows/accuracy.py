"""How much worse an assistant understands its users after `rasa-handover init`, and what it gains.

There are five small assistants: four written for this (`benchmarks/rows/projects/`), and the one
that `rasa init` writes. Each one's own examples are divided into four parts, and for each part a
model that was trained on the other three has to recognise the intents: with what `init` adds to the
training data and, as the baseline, without it. The other line says how many of ten ways to ask for
a person, which are in no training data, are understood.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import rasa
from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from ruamel.yaml import YAML

from cli.init.files import read_own_part
from cli.init.proposals.part import ASK_HUMAN
from cli.init.proposals.proposals import propose
from cli.init.text.project import Places

from ..figures.results import Bound, Goal, Line, Quantity, Row, Size
from ..processes.channel_server import log_as_rasa_run

FOLDS = 4
MOST_LOST = 0.5  # points of accuracy
FEWEST_UNDERSTOOD = 9
_PROJECTS = Path(__file__).with_name("projects")
_CONFIG = """\
recipe: default.v1
assistant_id: measured
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
    random_state: 1
"""
WISHES = (
    "could you put me through to a human being please",
    "I'd like to speak with a real person",
    "get me an agent",
    "human please",
    "can a live agent take over",
    "I want to chat with a person from your team",
    "let me talk to someone from your staff",
    "connect me to customer service",
    "I don't want to talk to a robot",
    "can I talk to a person about this",
)

_Examples = Mapping[str, Sequence[str]]


async def measure(size: Size) -> Row:
    projects = dict(_projects())
    names = list(projects)[: size.of(full=len(projects), quick=1)]
    # Times are not measured here, so each processor may take a project.
    with ProcessPoolExecutor(mp_context=get_context("spawn"), max_workers=os.cpu_count()) as pool:
        found = pool.map(_measured, names, [projects[name] for name in names])
        lines = [line for lines in found for line in lines]
    return Row(lines=tuple(lines), notes=("The parts are the same in each run.",))


def _measured(name: str, nlu: str) -> list[Line]:
    log_as_rasa_run()
    return asyncio.run(_lines(name, nlu))


async def _lines(name: str, nlu: str) -> list[Line]:
    own, added = _examples(nlu), _added(nlu)
    before, after = await _accuracy(own, {}), await _accuracy(own, added)
    understood = await _told(own, added, [(ASK_HUMAN, wish) for wish in WISHES])
    return [
        Line(
            what=f"{name}: intents told in its own examples, after `init`",
            baseline=Quantity(before, "%"),
            baseline_is="before",
            ours=Quantity(after, "%"),
            goal=Goal(Bound.AT_LEAST, before - MOST_LOST),
        ),
        Line(
            what=f"{name}: of {len(WISHES)} ways to ask for a person, understood",
            ours=Quantity(understood, ""),
            goal=Goal(Bound.AT_LEAST, FEWEST_UNDERSTOOD),
        ),
    ]


async def _accuracy(own: _Examples, added: _Examples) -> float:
    right = 0
    for fold in range(FOLDS):
        learned = {name: _without(lines, fold) for name, lines in own.items()}
        asked = [(name, line) for name, lines in own.items() for line in lines[fold::FOLDS]]
        right += await _told(learned, added, asked)
    return 100 * right / sum(map(len, own.values()))


def _without(lines: Sequence[str], fold: int) -> list[str]:
    return [line for place, line in enumerate(lines) if place % FOLDS != fold]


async def _told(own: _Examples, added: _Examples, asked: Sequence[tuple[str, str]]) -> int:
    """How many texts a model trained on this gives the right intent."""
    with tempfile.TemporaryDirectory() as directory:
        agent = _trained(Path(directory), {**own, **added})
        found = [(await agent.parse_message(text))["intent"]["name"] for _, text in asked]
    return sum(name == intent for name, (intent, _) in zip(found, asked, strict=True))


def _trained(directory: Path, examples: _Examples) -> Agent:
    (directory / "config.yml").write_text(_CONFIG)
    items = [
        {"intent": name, "examples": "".join(f"- {line}\n" for line in lines)}
        for name, lines in examples.items()
    ]
    with (directory / "nlu.yml").open("w") as file:
        YAML().dump({"version": "3.1", "nlu": items}, file)
    model = train_nlu(
        str(directory / "config.yml"), str(directory / "nlu.yml"), str(directory / "models")
    )
    return Agent.load(model)


def _projects() -> Iterator[tuple[str, str]]:
    for path in sorted(_PROJECTS.glob("*.yml")):
        yield path.stem, path.read_text()
    written = Path(rasa.__file__).parent / "cli" / "initial_project" / "data" / "nlu.yml"
    yield "rasa init", written.read_text()


def _examples(nlu: str) -> dict[str, list[str]]:
    return {
        str(item["intent"]): [line[1:].strip() for line in item["examples"].splitlines()]
        for item in YAML(typ="safe").load(nlu)["nlu"]
    }


def _added(nlu: str) -> _Examples:
    """What `init` adds to the training data of a project."""
    intents = "".join(f"- {name}\n" for name in _examples(nlu))
    files = {
        "config.yml": _CONFIG,
        "domain.yml": f"intents:\n{intents}",
        "data/nlu.yml": nlu,
    }
    proposals = propose(files, read_own_part())
    return next(_examples(one.after or "") for one in proposals if one.path == Places().examples)
