"""`init` on the projects that Rasa Pro's own `rasa init` writes."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from rasa.core.config.configuration import Configuration
from rasa.shared.importers.importer import TrainingDataImporter

from channels.instruments.host import MANTLE_REFUSED
from cli.main import main
from tests.support.rasa_project import contents

_RASA = importlib.util.find_spec("rasa")
assert _RASA is not None
assert _RASA.origin is not None
TEMPLATES = Path(_RASA.origin).parent / "cli" / "project_templates"
NAMES = sorted(config.parent.name for config in TEMPLATES.glob("*/config.yml"))


@pytest.fixture(params=NAMES)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    directory = tmp_path / "project"
    shutil.copytree(TEMPLATES / request.param, directory, ignore=lambda *_: {"__pycache__"})
    return directory


def init(project: Path) -> int:
    return main(["init", "--project", str(project), "--yes"])


def test_rasa_pro_has_templates() -> None:
    assert NAMES


def test_a_project_gets_what_a_handover_needs(project: Path) -> None:
    assert init(project) == 0
    Configuration.initialise_endpoints(project / "endpoints.yml")
    domain = project / "domain"
    found = TrainingDataImporter.load_from_config(
        str(project / "config.yml"),
        str(domain if domain.is_dir() else project / "domain.yml"),
        [str(project / "data")],
    )
    assert "action_handover" in found.get_domain().user_actions
    assert "handover_ended" in found.get_domain().intents
    flows = found.get_user_flows()
    flows.validate()
    assert {"pattern_human_handoff", "handover_ended"} <= set(flows.flow_ids)


def test_its_configuration_stays_as_it_is(project: Path) -> None:
    before = (project / "config.yml").read_text()
    init(project)
    assert (project / "config.yml").read_text() == before


def test_a_flow_of_its_own_for_a_person_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    shutil.copytree(TEMPLATES / "finance", project)
    init(project)
    told = "Note: Your flow human_handoff in data/general/human_handoff.yml is for users who want"
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("command", ["init", "doctor", "sessions"])
def test_an_assistant_of_mantle_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    if not (TEMPLATES / "mantle").is_dir():
        pytest.skip("Rasa Pro before 3.20.5 has no Mantle")
    project = tmp_path / "project"
    shutil.copytree(TEMPLATES / "mantle", project)
    monkeypatch.chdir(project)
    before = contents(project)
    assert main([command]) != 0
    assert capsys.readouterr() == ("", f"{MANTLE_REFUSED}\n")
    assert contents(project) == before


def test_a_second_run_has_nothing_to_add(project: Path) -> None:
    init(project)
    before = contents(project)
    assert init(project) == 0
    assert contents(project) == before
