"""A bakery's project that goes by rules and stories, as `init` leaves it, trained."""

from __future__ import annotations

from pathlib import Path

from cli.main import main
from tests.scenario.assistant.trained_assistant import train

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
NLU = """\
nlu:
- intent: ask_bread
  examples: |
    - which bread have you got
    - what bread do you sell
"""


def write(project: Path, files: dict[str, str]) -> None:
    """Write the files beside the config.yml that all of them have."""
    for name, text in {"config.yml": CONFIG, **files}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


def trained(project: Path, domain: str = "domain.yml") -> str:
    assert main(["init", "--project", str(project), "--yes"]) == 0
    return train(
        project / "trained",
        domain=project / domain,
        data=[project / "data"],
        config=project / "config.yml",
    )
