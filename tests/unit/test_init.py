"""`init` on a project's folder: what it shows, asks, writes and refuses."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from documents import examples
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.validator import Validator
from rasa_project import contents, write_template
from ruamel.yaml import YAML

from channels.cli import main

MARK = "S3CRET"  # stands in every value that nobody may see

Output = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `rasa init` writes."""
    directory = tmp_path / "project"
    write_template(directory)
    return directory


def init(project: Path, *arguments: str) -> int:
    return main(["init", "--project", str(project), *arguments])


def answer(monkeypatch: pytest.MonkeyPatch, reply: str | BaseException) -> None:
    def replied(_question: str) -> str:
        if isinstance(reply, BaseException):
            raise reply
        return reply

    monkeypatch.setattr("builtins.input", replied)


def read(project: Path, name: str) -> Any:
    return YAML(typ="safe", pure=True).load((project / name).read_text(encoding="utf-8"))


def write(project: Path, name: str, text: str) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_bytes(text.encode())


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
    told = "Note: data/handover_rules.yml is there with other content, and stays as it is.\n"
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


class TestFiles:
    def test_a_folder_that_is_no_project_is_told_so(self, tmp_path: Path, capsys: Output) -> None:
        assert init(tmp_path, "--yes") == 1
        printed = capsys.readouterr().err
        assert printed.startswith(f"{tmp_path} is no Rasa project: it needs config.yml, and ")
        assert list(tmp_path.iterdir()) == []

    def test_a_file_with_a_mistake_stops_it_before_it_writes(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "credentials.yml", f"facebook:\n  secret: '{MARK}\n")
        before = contents(project)
        assert init(project, "--yes") == 1
        told = "credentials.yml can't be read: there is a mistake in its YAML in line 3. Mend it "
        printed = capsys.readouterr()
        assert printed.err.startswith(told)
        assert MARK not in printed.out + printed.err
        assert contents(project) == before

    def test_an_actions_module_with_a_mistake_is_told(self, project: Path, capsys: Output) -> None:
        write(project, "actions/handover.py", "class:\n")
        before = contents(project)
        assert init(project, "--yes") == 1
        assert capsys.readouterr().err.startswith("actions/handover.py can't be read: it is not ")
        assert contents(project) == before

    def test_a_read_only_file_is_told_and_none_is_written(
        self, project: Path, capsys: Output
    ) -> None:
        (project / "domain.yml").chmod(0o444)
        before = contents(project)
        assert init(project, "--yes") == 1
        assert "domain.yml is read-only, so nothing was written." in capsys.readouterr().err
        assert contents(project) == before

    def test_a_disk_that_fails_leaves_the_files_as_they_were(
        self, project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        before = contents(project)
        assert init(project, "--yes") == 1
        assert "can't be written: No space left on device." in capsys.readouterr().err
        assert contents(project) == before

    def test_a_file_keeps_its_mode(self, project: Path) -> None:
        (project / "credentials.yml").chmod(0o600)
        init(project, "--yes")
        assert stat.S_IMODE((project / "credentials.yml").stat().st_mode) == 0o600

    def test_a_link_stays_a_link(self, project: Path, tmp_path: Path) -> None:
        real = (project / "credentials.yml").rename(tmp_path / "elsewhere.yml")
        (project / "credentials.yml").symlink_to(real)
        init(project, "--yes")
        assert (project / "credentials.yml").is_symlink()
        assert b"MessengerInput" in real.read_bytes()

    def test_bytes_that_are_no_utf_8_stay_and_can_be_shown(
        self, project: Path, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        (project / "actions" / "__init__.py").unlink()
        text = b"# -*- coding: latin-1 -*-\nNAME = 'J\xfcrgen'\n"
        (project / "actions.py").write_bytes(text)
        assert init(project, "--yes") == 0
        assert (project / "actions.py").read_bytes().startswith(text)
        assert b"J?rgen" in capsysbinary.readouterr().out


class TestCredentials:
    FACEBOOK = (
        "rest:\n\nfacebook: # the Page\n"
        f"    verify: '{MARK}-verify' # {MARK} too\n    secret: {MARK}-secret\n"
        f"    page-access-token: ${{TOKEN}}\n# {MARK} in a comment\nslack:\n    x: {MARK}\n"
    )

    def test_rasas_own_channel_becomes_ours_and_keeps_its_values(self, project: Path) -> None:
        write(project, "credentials.yml", self.FACEBOOK)
        init(project, "--yes")
        assert (project / "credentials.yml").read_text() == (
            "rest:\n\nrasa_handover.channels.MessengerInput: # the Page\n"
            f"    verify: '{MARK}-verify' # {MARK} too\n    secret: {MARK}-secret\n"
            "    page-access-token: ${TOKEN}\n    app-id: ${MESSENGER_APP_ID}\n    plans:\n"
            "        default:\n            target-app: page-inbox\n            timeout: 30m\n"
            "            keywords: [menu, back to bot]\n"
            f"# {MARK} in a comment\nslack:\n    x: {MARK}\n"
        )

    def test_no_secret_is_shown(self, project: Path, capsys: Output) -> None:
        write(project, "credentials.yml", self.FACEBOOK)
        write(project, "endpoints.yml", f"event_broker:\n  password: {MARK}\n")
        init(project, "--yes")
        shown = capsys.readouterr().out
        assert "+rasa_handover.channels.MessengerInput" in shown
        assert MARK not in shown

    @pytest.mark.parametrize("folder", ["channels", "rasa_handover.channels", "my.copy"])
    def test_a_section_of_ours_stays_as_it_is(self, project: Path, folder: str) -> None:
        text = f"{folder}.MessengerInput:\n  verify: x\n"
        write(project, "credentials.yml", text)
        init(project, "--yes")
        assert (project / "credentials.yml").read_text() == text

    def test_two_channels_at_one_address_are_noted(self, project: Path, capsys: Output) -> None:
        write(project, "credentials.yml", "facebook:\nchannels.MessengerInput:\n  verify: x\n")
        init(project, "--yes")
        assert "both answer under /webhooks/facebook: remove facebook." in capsys.readouterr().out

    def test_a_section_in_braces_is_told_to_be_written_out(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "credentials.yml", f"facebook: {{secret: {MARK}}}\n")
        assert init(project, "--yes") == 1
        printed = capsys.readouterr().err
        assert printed.startswith("credentials.yml: write the section facebook as plain keys")
        assert MARK not in printed

    def test_a_project_without_the_file_gets_it(self, project: Path) -> None:
        (project / "credentials.yml").unlink()
        init(project, "--yes")
        text = (project / "credentials.yml").read_text()
        assert "\nrasa_handover.channels.MessengerInput:\n  verify: ${" in text


class TestEndpointsAndConfig:
    def test_an_action_server_and_a_tracker_store_stay_as_they_are(self, project: Path) -> None:
        text = "action_endpoint: {url: http://elsewhere}\ntracker_store:\n    type: mongod\n"
        write(project, "endpoints.yml", text)
        init(project, "--yes")
        assert (project / "endpoints.yml").read_text() == text

    def test_policies_that_follow_no_rules_get_the_one_that_does(self, project: Path) -> None:
        write(project, "config.yml", "policies:\n- name: TEDPolicy # learns\n")
        init(project, "--yes")
        assert (project / "config.yml").read_text() == (
            "policies:\n- name: TEDPolicy # learns\n- name: RulePolicy\n"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "language: en\n",
            "policies:\n",
            "policies: [{name: RulePolicy}]\n",
            "policies:\n- name: rasa.core.policies.rule_policy.RulePolicy\n",
        ],
        ids=["Rasa's own choice", "empty", "there", "there by its path"],
    )
    def test_policies_that_follow_rules_stay_as_they_are(self, project: Path, text: str) -> None:
        write(project, "config.yml", text)
        init(project, "--yes")
        assert (project / "config.yml").read_text() == text

    def test_another_recipe_is_noted(self, project: Path, capsys: Output) -> None:
        write(project, "config.yml", "recipe: graph.v1\n")
        init(project, "--yes")
        assert "Note: config.yml is not of the recipe default.v1" in capsys.readouterr().out

    def test_flows_are_noted(self, project: Path, capsys: Output) -> None:
        write(project, "config.yml", "recipe: default.v1\npolicies:\n- name: FlowPolicy\n")
        init(project, "--yes")
        assert "Note: config.yml has the FlowPolicy" in capsys.readouterr().out

    def test_another_language_is_noted(self, project: Path, capsys: Output) -> None:
        write(project, "config.yml", "language: de\n")
        init(project, "--yes")
        assert "Note: The assistant speaks 'de', but" in capsys.readouterr().out


class TestDomain:
    def test_a_folder_of_files_gets_one_more_without_what_is_there(self, project: Path) -> None:
        (project / "domain.yml").unlink()
        write(project, "domain/chat.yml", "intents:\n- ask_human\n- greet\n")
        write(project, "domain/more.yaml", "responses:\n  utter_menu:\n  - text: Choose.\n")
        before = contents(project)
        init(project, "--yes")
        new = read(project, "domain/handover.yml")
        assert "ask_human" not in new["intents"]
        assert "utter_menu" not in new["responses"]
        assert "utter_connecting" in new["responses"]
        names = ("domain/chat.yml", "domain/more.yaml")
        assert [contents(project)[name] for name in names] == [before[name] for name in names]

    def test_an_intent_of_the_projects_own_gets_no_examples(self, project: Path) -> None:
        write(project, "domain.yml", "intents:\n- ask_human:\n    use_entities: []\n")
        init(project, "--yes")
        trained = [item["intent"] for item in read(project, "data/handover_nlu.yml")["nlu"]]
        assert trained == ["rate_good", "rate_bad"]

    def test_a_slot_of_the_same_name_stays_and_is_noted(
        self, project: Path, capsys: Output
    ) -> None:
        mine = "slots:\n  handover_plan:\n    type: any\n    mappings:\n    - type: custom\n"
        write(project, "domain.yml", mine)
        init(project, "--yes")
        assert read(project, "domain.yml")["slots"]["handover_plan"]["type"] == "any"
        told = "Note: The domain has slots of these names with other content, and they stay as "
        assert told + "they are: handover_plan.\n" in capsys.readouterr().out

    @pytest.mark.parametrize("minutes", [0, 1441])
    def test_a_session_that_outlives_metas_day_is_noted(
        self, project: Path, capsys: Output, minutes: int
    ) -> None:
        write(project, "domain.yml", f"session_config:\n  session_expiration_time: {minutes}\n")
        init(project, "--yes")
        told = f"Note: session_expiration_time in domain.yml is {minutes}. Make it 1440 minutes"
        assert told in capsys.readouterr().out

    def test_windows_line_ends_stay(self, project: Path) -> None:
        text = (project / "domain.yml").read_text().replace("\n", "\r\n")
        write(project, "domain.yml", text)
        init(project, "--yes")
        after = (project / "domain.yml").read_bytes()
        assert after.count(b"\n") == after.count(b"\r\n") > text.count("\n")


class TestRules:
    OWN = 'version: "3.1"\nrules:\n- rule: mine\n  steps:\n  - intent: handover_ended\n'

    def test_rules_of_the_projects_own_get_no_others_beside_them(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "data/mine.yml", self.OWN)
        init(project, "--yes")
        assert not (project / "data" / "handover_rules.yml").exists()
        told = "data/mine.yml has rules for handover_ended, so data/handover_rules.yml is not added"
        assert told in capsys.readouterr().out

    def test_a_comment_is_no_rule(self, project: Path) -> None:
        write(project, "data/mine.yml", "# - intent: handover_ended\nrules: []\n")
        init(project, "--yes")
        assert (project / "data" / "handover_rules.yml").exists()


class TestActions:
    LINE = "from rasa_handover.actions import ActionHandover"

    def test_a_project_without_actions_gets_a_package(self, project: Path) -> None:
        for path in (project / "actions").iterdir():
            path.unlink()
        (project / "actions").rmdir()
        init(project, "--yes")
        assert (project / "actions" / "__init__.py").is_file()
        assert self.LINE in (project / "actions" / "handover.py").read_text()

    @pytest.mark.parametrize("name", ["actions.py", "actions/handover.py"])
    def test_a_module_gets_the_line_below_its_imports(self, project: Path, name: str) -> None:
        if name == "actions.py":
            (project / "actions" / "__init__.py").unlink()
        text = '"""Mine."""\r\n\r\nimport os\r\nfrom a import (\r\n    b,\r\n)\r\n\r\nX = 1\r\n'
        write(project, name, text)
        init(project, "--yes")
        line = f"{self.LINE}  # noqa: F401 (to be imported is enough)\r\n"
        after = (project / name).read_bytes().decode()
        assert after == text.replace(")\r\n", f")\r\n{line}")

    @pytest.mark.parametrize("text", ["", "#!/usr/bin/env python\nX = 1", "import os"])
    def test_a_module_without_imports_gets_the_line_at_its_end(
        self, project: Path, text: str
    ) -> None:
        write(project, "actions/handover.py", text)
        init(project, "--yes")
        *kept, line = (project / "actions" / "handover.py").read_text().splitlines()
        assert kept == text.splitlines()
        assert line.startswith(self.LINE)

    @pytest.mark.parametrize(
        "text",
        [
            LINE,
            "import rasa_handover.actions as a\nclass Mine(a.ActionHandover): ...\n",
            "class ActionHandover: ...\n",
        ],
        ids=["imported", "subclassed", "copied"],
    )
    def test_a_project_that_has_the_action_gets_no_line(self, project: Path, text: str) -> None:
        write(project, "actions/mine.py", text)
        init(project, "--yes")
        assert not (project / "actions" / "handover.py").exists()
