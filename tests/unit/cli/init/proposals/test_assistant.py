"""`init` on the assistant: its domain, its rules and its actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rasa_project import contents
from tests.unit.cli.init.init_on_project import Output, init, read, write


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
        own = "nlu:\n- intent: ask_human\n  examples: |\n    - the baker\n"
        write(project, "data/own.yml", own)
        init(project, "--yes")
        trained = [item["intent"] for item in read(project, "data/handover_nlu.yml")["nlu"]]
        assert trained == ["back_to_bot", "ask_to_wait"]

    def test_a_response_of_the_projects_own_is_noted_as_what_the_bot_says(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "domain.yml", "responses:\n  utter_menu:\n  - text: Today's menu is soup.\n")
        init(project, "--yes")
        told = "which stay as they are: utter_menu. The bot says yours, so check that they suit"
        assert told in capsys.readouterr().out

    def test_a_slot_of_the_same_name_stays_and_is_noted(
        self, project: Path, capsys: Output
    ) -> None:
        mine = "slots:\n  handover_plan:\n    type: any\n    mappings:\n    - type: custom\n"
        write(project, "domain.yml", mine)
        init(project, "--yes")
        assert read(project, "domain.yml")["slots"]["handover_plan"]["type"] == "any"
        told = "Note: The domain has slots with these names but other content, which stay as "
        assert told + "they are: handover_plan. The new rules go by ours" in capsys.readouterr().out

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


class TestWhatIsNotUnderstood:
    """Two messages in a row that were not understood bring a person, where nobody sees to that."""

    RULE = ("nlu_fallback", "action_rephrase_or_handover")
    OWN_PIPELINE = "recipe: default.v1\nlanguage: en\npipeline:\n- name: {}\n"

    def rules(self, project: Path) -> list[tuple[str, str]]:
        steps = [one["steps"] for one in read(project, "data/handover_rules.yml")["rules"]]
        return [(first["intent"], last["action"]) for first, *_, last in steps]

    @pytest.mark.parametrize(
        "config",
        [
            "recipe: default.v1\nlanguage: en\n",  # Rasa chooses a pipeline that has it
            OWN_PIPELINE.format("FallbackClassifier"),
            OWN_PIPELINE.format("rasa.nlu.classifiers.fallback_classifier.FallbackClassifier"),
        ],
    )
    def test_a_bot_that_notices_gets_the_rule_and_what_it_says(
        self, project: Path, config: str
    ) -> None:
        write(project, "config.yml", config)
        init(project, "--yes")
        assert self.RULE in self.rules(project)
        domain = read(project, "domain.yml")
        assert self.RULE[1] in domain["actions"]
        assert "utter_default" in domain["responses"]

    def test_one_that_does_not_gets_none(self, project: Path) -> None:
        write(project, "config.yml", self.OWN_PIPELINE.format("DIETClassifier"))
        init(project, "--yes")
        self.has_none(project)

    @pytest.mark.parametrize(
        "own",
        [
            "rules:\n- rule: mine\n  steps:\n  - intent: nlu_fallback\n  - action: utter_greet\n",
            "stories:\n- story: mine\n  steps:\n  - or: [{intent: nlu_fallback}, {intent: deny}]\n",
        ],
        ids=["a rule", "a story"],
    )
    def test_one_that_answers_it_by_itself_gets_none(self, project: Path, own: str) -> None:
        write(project, "data/mine.yml", own)
        init(project, "--yes")
        self.has_none(project)
        assert (project / "data" / "mine.yml").read_text() == own

    def has_none(self, project: Path) -> None:
        assert self.RULE not in self.rules(project)
        domain = read(project, "domain.yml")
        assert self.RULE[1] not in domain["actions"]
        assert "utter_default" not in domain["responses"]

    def test_a_second_run_has_nothing_to_add(self, project: Path, capsys: Output) -> None:
        init(project, "--yes")
        capsys.readouterr()
        init(project)
        assert capsys.readouterr().out.endswith("Nothing to add.\n")


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
        line = f"{self.LINE}  # noqa: F401 (importing it is enough)\r\n"
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
        "own",
        [
            'class Mine(Action):\n    def name(self):\n        return "action_handover"\n',
            'OF = "action_handover"\nclass Mine(Action):\n    def name(self):\n        return OF\n',
            "class Mine(Action):\n    OF: str = 'action_handover'\n    def name(s): return s.OF\n",
        ],
        ids=["written out", "of the module", "of the class"],
    )
    def test_an_action_of_the_same_name_is_told_to_be_renamed(
        self, project: Path, capsys: Output, own: str
    ) -> None:
        write(project, "actions/mine.py", f"from rasa_sdk import Action\n{own}")
        init(project, "--yes")
        assert not (project / "actions" / "handover.py").exists()
        told = "Note: actions/mine.py has an action of its own that is named action_handover"
        assert told in capsys.readouterr().out

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
