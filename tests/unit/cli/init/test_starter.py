"""`init --starter`: an assistant in an empty folder, which Rasa takes and no project is lost to."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.validator import Validator

from channels.core.settings.settings import parse_settings
from cli.init.proposals.credentials import CHANNEL
from cli.main import main
from tests.support.documents import read_yaml
from tests.support.rasa_project import contents


def starter(directory: Path, *arguments: str) -> int:
    return main(["init", "--starter", "--project", str(directory), *arguments])


def test_rasa_finds_no_fault_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert starter(tmp_path, "--yes") == 0
    monkeypatch.chdir(tmp_path)
    validator = Validator.from_importer(
        TrainingDataImporter.load_from_config("config.yml", "domain.yml", ["data"])
    )
    assert validator.verify_domain_validity()
    assert validator.verify_actions_in_stories_rules()
    assert validator.verify_intents_in_stories(ignore_warnings=False)
    assert validator.verify_utterances_in_stories(ignore_warnings=False)
    assert validator.verify_story_structure(ignore_warnings=False)


def test_it_has_what_a_handover_needs_and_calls_the_emulator(tmp_path: Path) -> None:
    starter(tmp_path, "--yes")
    assert (tmp_path / "data" / "handover_rules.yml").is_file()
    assert "ActionHandover" in (tmp_path / "actions" / "handover.py").read_text()
    section = read_yaml((tmp_path / "credentials.yml").read_text())[CHANNEL]
    values = {key: "1234567890" if "${" in str(one) else one for key, one in section.items()}
    assert parse_settings(values).graph_url == "http://127.0.0.1:8600/v25.0"


def test_a_second_init_has_nothing_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    starter(tmp_path, "--yes")
    before = contents(tmp_path)
    capsys.readouterr()
    assert main(["init", "--project", str(tmp_path)]) == 0
    assert "Nothing to add." in capsys.readouterr().out
    assert contents(tmp_path) == before


def test_a_project_that_is_there_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "domain.yml").write_text("mine")
    assert starter(tmp_path, "--yes") == 1
    assert "There is a project in this folder already (domain.yml)." in capsys.readouterr().err
    assert contents(tmp_path) == {"domain.yml": b"mine"}


def test_nothing_is_written_unless_somebody_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert starter(tmp_path) == 1
    assert contents(tmp_path) == {}
