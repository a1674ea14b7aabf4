"""`init` on a whole project: what it shows, asks, writes and leaves as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.validator import Validator

from cli.main import main
from tests.support.documents import examples
from tests.support.rasa_project import contents
from tests.unit.cli.init.init_on_project import Output, init, read, write


def answer(monkeypatch: pytest.MonkeyPatch, reply: str | BaseException) -> None:
    def replied(_question: str) -> str:
        if isinstance(reply, BaseException):
            raise reply
        return reply

    monkeypatch.setattr("builtins.input", replied)


def test_a_fresh_project_gets_what_a_handover_needs(project: Path) -> None:
    before = contents(project)
    assert init(project, "--yes") == 0
    changed = {name for name, found in contents(project).items() if before.get(name) != found}
    assert changed == {
        *("credentials.yml", "endpoints.yml", "domain.yml"),
        *("data/handover_rules.yml", "data/handover_nlu.yml", "actions/handover.py"),
    }


def test_rasa_finds_no_fault_in_the_result(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init(project, "--yes")
    monkeypatch.chdir(project)
    validator = Validator.from_importer(
        TrainingDataImporter.load_from_config("config.yml", "domain.yml", ["data"])
    )
    assert validator.verify_domain_validity()
    assert validator.verify_actions_in_stories_rules()
    assert validator.verify_intents_in_stories(ignore_warnings=False)
    assert validator.verify_utterances_in_stories(ignore_warnings=False)
    assert validator.verify_slot_mappings()
    assert validator.verify_story_structure(ignore_warnings=False)
    assert validator.verify_example_repetition_in_intents(ignore_warnings=False)


def test_the_example_of_a_second_plan_is_not_added(project: Path) -> None:
    init(project, "--yes")
    assert [name for name, found in contents(project).items() if b"sales" in found] == []


def test_a_dry_run_shows_it_and_writes_nothing(project: Path, capsys: Output) -> None:
    before = contents(project)
    assert init(project, "--dry-run", "--yes") == 0
    shown = capsys.readouterr().out
    assert "+++ data/handover_rules.yml" in shown
    assert shown.endswith("Nothing was written.\n")
    assert contents(project) == before


def test_a_dry_run_of_the_starter_writes_nothing(tmp_path: Path, capsys: Output) -> None:
    assert init(tmp_path, "--starter", "--dry-run") == 0
    assert "It would write a small assistant (config.yml" in capsys.readouterr().out
    assert contents(tmp_path) == {}


def test_a_second_run_has_nothing_to_add(project: Path, capsys: Output) -> None:
    init(project, "--yes")
    before = contents(project)
    capsys.readouterr()
    assert init(project) == 0
    assert capsys.readouterr().out == "Nothing to add.\n"
    assert contents(project) == before


@pytest.mark.parametrize("reply", ["n", "", "yes please", EOFError(), KeyboardInterrupt()])
def test_without_a_yes_nothing_is_written(
    project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, reply: str | BaseException
) -> None:
    answer(monkeypatch, reply)
    before = contents(project)
    assert init(project) == 1
    assert capsys.readouterr().out.endswith("Nothing was written.\n")
    assert contents(project) == before


@pytest.mark.parametrize("reply", ["y", "YES", " yes "])
def test_with_a_yes_it_is_written(
    project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    answer(monkeypatch, reply)
    assert init(project) == 0
    assert "action_handover" in read(project, "domain.yml")["actions"]
    assert "set MESSENGER_APP_ID, MESSENGER_APP_SECRET" in capsys.readouterr().out


def test_what_it_shows_is_what_it_writes(project: Path, capsys: Output) -> None:
    before = {name: found.decode().splitlines() for name, found in contents(project).items()}
    init(project, "--yes")
    shown = [line[1:] for line in capsys.readouterr().out.splitlines() if line.startswith("+")]
    for name, found in contents(project).items():
        new = [line for line in found.decode().splitlines() if line not in before.get(name, [])]
        assert [line for line in new if line not in shown] == []


def test_it_works_in_the_folder_that_it_is_called_in(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert main(["init", "--yes"]) == 0
    assert (project / "data" / "handover_rules.yml").is_file()


def test_rules_and_a_domain_that_were_changed_stay_as_they_are(
    project: Path, capsys: Output
) -> None:
    init(project, "--yes")
    for name in ("data/handover_rules.yml", "domain.yml"):
        text = (project / name).read_text().replace("utter_menu", "utter_choices")
        write(project, name, text.replace("One moment", "Wait"))
    before = contents(project)
    capsys.readouterr()
    init(project, "--yes")
    assert contents(project)["data/handover_rules.yml"] == before["data/handover_rules.yml"]
    told = "Note: data/handover_rules.yml already exists with other content, and stays as it is.\n"
    assert told in capsys.readouterr().out


def test_the_start_page_has_the_lines_that_it_adds(project: Path) -> None:
    before = {name: found.decode().splitlines() for name, found in contents(project).items()}
    init(project, "--yes")
    new = [
        line
        for name in ("credentials.yml", "endpoints.yml", "actions/handover.py")
        for line in (project / name).read_text().splitlines()
        if line not in before.get(name, []) and not line.startswith(("#", '"""', "__all__"))
    ]
    page, section = "docs/start.md", "What init adds"
    blocks = examples(page, section, "yaml") + examples(page, section, "python")
    lines = [line for block in blocks for line in block.splitlines()]
    assert list(filter(None, lines)) == list(filter(None, new))
