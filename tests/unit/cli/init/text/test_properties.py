"""`init` on domains such as people write: what it proposes is all there is to add."""

from __future__ import annotations

import yaml
from hypothesis import given, settings

from cli.init.files import read_own_part
from cli.init.proposals.part import SECTIONS
from cli.init.proposals.proposals import propose
from cli.init.text.project import Files
from tests.support.profile import EXAMPLES
from tests.unit.cli.init.text.yaml_files import files

PART = read_own_part()


def after(project: Files) -> Files:
    """The project with all that is proposed for it."""
    proposed = {proposal.path: proposal.after for proposal in propose(project, PART)}
    return project | {path: text for path, text in proposed.items() if text is not None}


@settings(max_examples=EXAMPLES // 5)
@given(domain=files())
def test_a_second_run_has_nothing_to_add(domain: str) -> None:
    project = after({"config.yml": "", "domain.yml": domain})
    assert [proposal for proposal in propose(project, PART) if proposal.changes] == []


@settings(max_examples=EXAMPLES // 5)
@given(domain=files())
def test_all_that_a_handover_needs_is_in_the_domain(domain: str) -> None:
    found = yaml.safe_load(after({"config.yml": "", "domain.yml": domain})["domain.yml"])
    assert {name: set(PART.domain.data[name]) - set(found[name]) for name in SECTIONS} == {
        name: set() for name in SECTIONS
    }
