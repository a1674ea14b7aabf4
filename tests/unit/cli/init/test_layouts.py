"""`init` on projects that are laid out in other ways than `rasa init` does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rasa_project import contents
from tests.unit.cli.init.init_on_project import Output, init, read, write

ACTION = (
    "from rasa_sdk import Action\n\n\nclass Hours(Action):\n    def name(self):\n"
    '        return "action_hours"\n'
)
FORM_ACTION = "import rasa_sdk\n\n\nclass Form(rasa_sdk.forms.FormValidationAction): ...\n"
LINE = "from rasa_handover.actions import ActionHandover"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which nothing but the configuration has its usual place."""
    directory = tmp_path / "bakery"
    directory.mkdir()
    write(directory, "config.yml", "recipe: default.v1\nlanguage: en\npipeline:\npolicies:\n")
    write(directory, "domain.yml", "version: '3.1'\nintents:\n- ask_bread\n")
    return directory


def importing(project: Path) -> list[str]:
    """The modules that import the action."""
    modules = ((name, text.decode()) for name, text in contents(project).items())
    return [name for name, text in modules if name.endswith(".py") and LINE in text]


class TestActions:
    @pytest.mark.parametrize(
        ("files", "options", "expected"),
        [
            ({"actions/__init__.py": "", "actions/actions.py": ACTION}, [], "actions/actions.py"),
            ({"actions/__init__.py": "", "actions/hours.py": ACTION}, [], "actions/hours.py"),
            ({"actions/a.py": ACTION, "actions/b.py": FORM_ACTION}, [], "actions/handover.py"),
            ({"actions.py": ACTION}, [], "actions.py"),
            ({"actions.py": ACTION, "actions/x.txt": ""}, [], "actions.py"),
            (
                {"bot/server/actions.py": ACTION, "bot/tools.py": "X = 1"},
                [],
                "bot/server/actions.py",
            ),
            ({"bot/a.py": ACTION, "bot/b.py": FORM_ACTION}, [], "bot/handover.py"),
            (
                {"actions/__init__.py": "", "actions/actions.py": ACTION, "actions/old.py": ACTION},
                ["--actions", "actions.actions"],
                "actions/actions.py",
            ),
            ({"srv/own.py": ACTION, "b.py": ACTION}, ["--actions", "srv.own"], "srv/own.py"),
            ({"srv/own.py": ACTION, "b.py": ACTION}, ["--actions", "srv/own.py"], "srv/own.py"),
            ({"srv/a.py": ACTION, "srv/b.py": ACTION}, ["--actions", "srv"], "srv/handover.py"),
            ({".venv/lib/actions.py": ACTION, "env/pyvenv.cfg": "", "env/x.py": ACTION}, [], None),
        ],
    )
    def test_the_action_is_imported_where_the_action_server_imports(
        self, project: Path, files: dict[str, str], options: list[str], expected: str | None
    ) -> None:
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            write(project, name, text)
        init(project, "--yes", *options)
        assert importing(project) == [expected or "actions/handover.py"]

    def test_a_module_that_is_not_there_is_told(self, project: Path, capsys: Output) -> None:
        assert init(project, "--yes", "--actions", "my.actions") == 1
        assert capsys.readouterr().err.startswith("There is no module or package my.actions in ")

    def test_an_action_server_of_another_machine_is_noted(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "endpoints.yml", "action_endpoint: {url: 'http://actions:5055/webhook'}\n")
        init(project, "--yes")
        assert "is not on this machine (actions): install the plugin" in capsys.readouterr().out

    def test_the_next_step_names_the_module(self, project: Path, capsys: Output) -> None:
        write(project, "bot/own.py", ACTION)
        init(project, "--yes")
        assert "`rasa run actions --actions bot.own`" in capsys.readouterr().out


class TestDomain:
    def test_a_folder_has_to_be_said_to_rasa_train(self, project: Path, capsys: Output) -> None:
        (project / "domain").mkdir()
        (project / "domain.yml").rename(project / "domain" / "bread.yml")
        init(project, "--yes")
        assert "run `rasa train --domain domain`, then" in capsys.readouterr().out
        assert "action_handover" in read(project, "domain/handover.yml")["actions"]

    @pytest.mark.parametrize("name", ["bot/domain.yml", "bot/domain/bread.yml"])
    def test_one_that_is_elsewhere_is_guessed_and_can_be_said(
        self, project: Path, capsys: Output, name: str
    ) -> None:
        (project / name).parent.mkdir(parents=True)
        (project / "domain.yml").rename(project / name)
        assert init(project, "--yes") == 1
        place = name.removesuffix("/bread.yml")
        assert f"if it is {place}, say so with --domain" in capsys.readouterr().err
        assert init(project, "--yes", "--domain", place) == 0
        assert f"rasa train --domain {place}`" in capsys.readouterr().out

    def test_a_folder_without_a_domain_is_none(self, project: Path, capsys: Output) -> None:
        (project / "domain.yml").unlink()
        (project / "domain").mkdir()
        assert init(project, "--yes") == 1
        assert "domain/ is missing" in capsys.readouterr().err

    def test_what_a_mac_keeps_beside_its_files_is_left_alone(self, project: Path) -> None:
        (project / "domain").mkdir()
        (project / "domain.yml").rename(project / "domain" / "bread.yml")
        (project / "domain" / "._bread.yml").write_bytes(b"\0\5\x16\7\xff")
        assert init(project, "--yes") == 0


class TestData:
    def test_it_is_read_and_added_to_where_it_was_said(self, project: Path, capsys: Output) -> None:
        nlu = "nlu:\n- intent: clerk\n  examples: |\n    - talk to a human\n    - I want a person\n"
        write(project, "source/nlu.yml", nlu)
        init(project, "--yes", "--data", "source")
        assert not (project / "data").exists()
        assert "intent: clerk" in (project / "source" / "handover_rules.yml").read_text()
        assert "run `rasa train --data source`" in capsys.readouterr().out

    def test_several_places_are_read_and_the_first_folder_gets_what_is_new(
        self, project: Path
    ) -> None:
        write(project, "nlu.yml", "nlu:\n- intent: clerk\n  examples: |\n    - live agent\n")
        write(project, "talks/stories.yml", "stories: []\n")
        init(project, "--yes", "--data", "nlu.yml", "talks")
        assert "live agent" not in (project / "talks" / "handover_nlu.yml").read_text()

    def test_files_alone_get_what_is_new_beside_them(self, project: Path) -> None:
        (project / "deep" / "er").mkdir(parents=True)
        write(project, "deep/er/nlu.yml", "nlu: []\n")
        init(project, "--yes", "--data", "deep/er/nlu.yml")
        assert (project / "deep" / "er" / "handover_rules.yml").is_file()

    @pytest.mark.parametrize("option", ["--data", "--domain"])
    def test_the_projects_own_folder_is_read_too(
        self, project: Path, capsys: Output, option: str
    ) -> None:
        write(project, "credentials.yml", "rasa_handover.channels.MessengerInput:\n")
        init(project, "--yes", option, ".")
        write(project, "handover_rules.yml", "rules: []\n")
        before = contents(project)
        capsys.readouterr()
        assert init(project, "--yes", option, ".") == 0
        assert capsys.readouterr().out.endswith("Nothing to add.\n")
        assert contents(project) == before

    def test_a_project_whose_data_was_not_found_is_asked_for_the_place(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "nlu.yml", "nlu:\n- intent: clerk\n  examples: |\n    - live agent\n")
        told = "If they are elsewhere, name the place with --data"
        init(project, "--dry-run")
        assert told in capsys.readouterr().out
        init(project, "--dry-run", "--data", "nlu.yml")
        assert told not in capsys.readouterr().out

    def test_a_linked_folder_is_read_as_rasa_reads_it(self, project: Path, tmp_path: Path) -> None:
        nlu = "nlu:\n- intent: clerk\n  examples: |\n    - talk to a human\n    - I want a person\n"
        write(tmp_path, "shared/nlu.yml", nlu)
        (project / "data").mkdir()
        (project / "data" / "shared").symlink_to(tmp_path / "shared")
        init(project, "--yes")
        assert "intent: clerk" in (project / "data" / "handover_rules.yml").read_text()

    def test_data_that_is_not_there_is_told(self, project: Path, capsys: Output) -> None:
        assert init(project, "--yes", "--data", "sources") == 1
        assert capsys.readouterr().err.endswith("correct --data.\n")


class TestOtherFiles:
    PLACES = ("config", "credentials", "endpoints")

    def test_a_folder_of_settings_is_guessed(self, project: Path, capsys: Output) -> None:
        (project / "config").mkdir()
        (project / "config.yml").rename(project / "config" / "config.yml")
        assert init(project, "--yes") == 1
        assert "if it is config/config.yml, say so with --config" in capsys.readouterr().err

    def test_in_a_folder_above_the_project_it_is_shown_the_way(
        self, project: Path, capsys: Output
    ) -> None:
        (project / "data").mkdir()
        assert init(project.parent, "--yes") == 1
        shown = capsys.readouterr().err
        assert f"but {project.name} in it is: go there, or name it with --project" in shown
        assert "--config" not in shown

    def test_each_has_an_option(self, project: Path, capsys: Output) -> None:
        (project / "config").mkdir()
        (project / "config.yml").rename(project / "config" / "bot.yml")
        options = {"config": "bot.yml", "credentials": "keys.yml", "endpoints": "servers.yml"}
        said = [word for key, name in options.items() for word in (f"--{key}", f"config/{name}")]
        assert init(project, "--yes", *said) == 0
        shown = capsys.readouterr().out
        assert "rasa train --config config/bot.yml`" in shown
        run = "rasa run --credentials config/keys.yml --endpoints config/servers.yml`"
        assert run in shown
        assert "set MESSENGER_APP_ID" in shown
        assert not (project / "credentials.yml").exists()

    def test_secrets_of_a_file_of_another_name_are_not_shown(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "keys.yml", "facebook:\n  secret: S3CRET\n")
        init(project, "--yes", "--credentials", "keys.yml")
        assert "S3CRET" not in capsys.readouterr().out

    def test_a_second_run_has_nothing_to_add(self, project: Path, capsys: Output) -> None:
        write(project, "bot/own.py", ACTION)
        write(project, "source/nlu.yml", "nlu: []\n")
        init(project, "--yes", "--data", "source")
        capsys.readouterr()
        assert init(project, "--data", "source") == 0
        assert capsys.readouterr().out == "Nothing to add.\n"
