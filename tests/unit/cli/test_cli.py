"""The command line: the request that it prints, and how it fails."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from channels.instruments import host
from cli.command import Listed
from cli.main import COMMANDS, main
from cli.version import VERSION

USER = "24870165432109876"
MARK = "S3CRET"  # is in every value that nobody may see
CREDENTIALS = f"""
rest:
channels.MessengerInput:
  verify: {MARK}-verify
  secret: {MARK}-secret
  page-access-token: {MARK}-token
  admin-token: {MARK}-admin-token
  store: postgresql://user:{MARK}@host/db
  app-id: 1000000000000001
  graph-url: https://graph.example/v25.0
"""
REQUEST = """\
curl -X POST https://graph.example/v25.0/me/pass_thread_control \\
  -H 'Authorization: Bearer PAGE_ACCESS_TOKEN_OF_THE_AGENTS_APP' \\
  -H 'Content-Type: application/json' \\
  -d '{"recipient": {"id": "24870165432109876"}, "target_app_id": "1000000000000001"}'
"""
PROJECT = Path(__file__).parents[3]

Output = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Rasa project, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("UNSET", raising=False)
    return tmp_path


def write(project: Path, credentials: str) -> None:
    (project / "credentials.yml").write_text(credentials)


def test_the_module_prints_the_request(project: Path) -> None:
    write(project, CREDENTIALS)
    command = [sys.executable, "-m", "cli", "return-request", USER]
    command += ["--credentials", str(project / "credentials.yml")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.stdout == REQUEST
    assert done.returncode == 0
    assert MARK not in done.stderr


def test_the_request_is_one_command_for_the_shell(project: Path, capsys: Output) -> None:
    write(project, CREDENTIALS)
    assert main(["return-request", USER]) == 0
    *command, body = shlex.split(capsys.readouterr().out.replace("\\\n", ""))
    assert command == [
        *("curl", "-X", "POST", "https://graph.example/v25.0/me/pass_thread_control"),
        *("-H", "Authorization: Bearer PAGE_ACCESS_TOKEN_OF_THE_AGENTS_APP"),
        *("-H", "Content-Type: application/json"),
        "-d",
    ]
    assert json.loads(body) == {
        "recipient": {"id": USER},
        "target_app_id": "1000000000000001",
    }


def test_an_address_that_a_shell_would_read_otherwise_is_quoted(
    project: Path, capsys: Output
) -> None:
    write(project, CREDENTIALS.replace("graph.example/", "graph.example/$HOME/it's;ls/"))
    assert main(["return-request", USER]) == 0
    address = shlex.split(capsys.readouterr().out.replace("\\\n", ""))[3]
    assert address == "https://graph.example/$HOME/it's;ls/v25.0/me/pass_thread_control"


def test_the_section_is_found_under_the_name_of_the_installed_package(
    project: Path, capsys: Output
) -> None:
    write(project, CREDENTIALS.replace("channels.", "rasa_handover.channels."))
    assert main(["return-request", USER]) == 0
    assert capsys.readouterr().out == REQUEST


def test_values_may_come_from_the_environment(
    project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESSENGER_APP_ID", "42")
    write(project, CREDENTIALS.replace("1000000000000001", "${MESSENGER_APP_ID}"))
    assert main(["return-request", USER]) == 0
    assert '"target_app_id": "42"' in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_without_credentials_it_says_where_to_go(capsys: Output) -> None:
    assert main(["return-request", USER]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "There is no credentials.yml here. Go to the folder of your Rasa project, or name the "
        "file with --credentials.\n"
    )


@pytest.mark.parametrize("credentials", ["", "rest:\n7: x\n"], ids=["empty", "other channels"])
def test_credentials_without_the_channel_are_told_to_have_it(
    project: Path, capsys: Output, credentials: str
) -> None:
    write(project, credentials)
    assert main(["return-request", USER]) == 1
    told = "credentials.yml has no section whose name ends in .MessengerInput.\n"
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("other", ["facebook", "shop_channel.MessengerInput"])
def test_another_section_that_answers_at_the_same_address_is_told_of(
    project: Path, capsys: Output, other: str
) -> None:
    write(project, f"{CREDENTIALS}\n{other}:\n  verify: x\n")
    assert main(["return-request", USER]) == 1
    told = f"MessengerInput and {other}, and both answer under /webhooks/facebook, so `rasa run` "
    assert told in capsys.readouterr().err


def test_a_section_without_keys_is_told_to_have_some(project: Path, capsys: Output) -> None:
    write(project, "channels.MessengerInput:\n")
    assert main(["return-request", USER]) == 1
    told = "channels.MessengerInput in credentials.yml is empty. Indent its keys under it.\n"
    assert capsys.readouterr() == ("", told)


NO_MAPPING = "it has to be YAML, in UTF-8, with a mapping from names to settings."


@pytest.mark.parametrize(
    ("credentials", "cause"),
    [
        (f"verify: x\nsecret: '{MARK}\n", "there is a mistake in its YAML in line 3."),
        (f"secret: {MARK}\nsecret: {MARK}\n", "there is a mistake in its YAML in line 2."),
        (f"secret: {MARK}\x00\n", "there is a mistake in its YAML."),
        (f"- secret: {MARK}\n", NO_MAPPING),
        (f"secret: {MARK}\nverify: ${{UNSET}}\n", "set the environment variables ${UNSET} first."),
    ],
    ids=["open quote", "doubled key", "control character", "list", "unset variable"],
)
def test_a_file_that_can_not_be_read_is_told_without_its_lines(
    project: Path, capsys: Output, credentials: str, cause: str
) -> None:
    write(project, credentials)
    assert main(["return-request", USER]) == 1
    assert capsys.readouterr() == ("", f"credentials.yml can't be read: {cause}\n")


def test_all_variables_that_are_missing_are_told_at_once(project: Path, capsys: Output) -> None:
    section = "verify: ${A_1}\n  secret: '${B_2}'\n  app-id: ${A_1}\n  pages:\n    '1':"
    page = "page-access-token: ${C_3}"
    write(project, f"channels.MessengerInput:\n  {section}\n      {page}\n")
    assert main(["return-request", USER]) == 1
    told = "set the environment variables ${A_1}, ${B_2}, ${C_3} first."
    assert capsys.readouterr() == ("", f"credentials.yml can't be read: {told}\n")


def test_a_variable_in_quotes_is_missed_too(project: Path, capsys: Output) -> None:
    write(project, CREDENTIALS.replace("1000000000000001", "'${UNSET}'"))
    assert main(["return-request", USER]) == 1
    assert "set the environment variables ${UNSET} first." in capsys.readouterr().err


def test_a_text_of_a_plan_may_look_like_a_variable(project: Path, capsys: Output) -> None:
    write(project, CREDENTIALS + "  plans: {default: {metadata: {greeting: '${NAME_OF_USER}'}}}\n")
    assert main(["return-request", USER]) == 0
    assert capsys.readouterr().out == REQUEST


def test_a_user_of_a_page_may_be_told_as_rasa_tells_them(project: Path, capsys: Output) -> None:
    write(project, CREDENTIALS)
    assert main(["return-request", f"111222333444555:{USER}"]) == 0
    assert capsys.readouterr().out == REQUEST


@pytest.mark.parametrize("command", ["return", "forget", "return-request"])
@pytest.mark.parametrize("user", ["1:2:3", ":1", "1:", "Ada", "1" * 33])
def test_a_user_that_is_none_is_a_wrong_call_everywhere(
    capsys: Output, command: str, user: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, user])
    assert left.value.code == 2
    assert "a user is a number, or PAGE:USER" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_forget_asks_first(capsys: Output, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setenv("HANDOVER_ADMIN_TOKEN", "a-token-of-24-characters")
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert main(["forget", USER, "--url", "http://127.0.0.1:9"]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith(
        f"Erase everything that the plugin keeps about {USER}? It can't be undone."
    )
    assert printed.err == "Nothing was erased. (--yes erases without asking.)\n"


def test_the_bot_can_be_asked_though_other_variables_are_not_set(
    project: Path, capsys: Output
) -> None:
    write(project, CREDENTIALS.replace(f"{MARK}-secret", "${UNSET}"))
    assert main(["sessions", "--url", "http://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err.startswith("No bot answers at")


@pytest.mark.parametrize(
    ("credentials", "told"),
    [
        (None, "There is no credentials.yml here. Set HANDOVER_ADMIN_TOKEN to the bot's"),
        ("rest:\n", "credentials.yml has no 'admin-token', so the bot"),
        ("channels.MessengerInput:\n", "credentials.yml has no 'admin-token', so the bot"),
        (
            "channels.MessengerInput: {admin-token: short}",
            "'admin-token' in credentials.yml has",
        ),
        (
            "channels.MessengerInput: {admin-token: '${UNSET}'}",
            "'admin-token' in credentials.yml is UNSET, which is not set.",
        ),
        ("a: 'b\n", "credentials.yml can't be read: there is a mistake in its YAML in line 2."),
    ],
)
def test_where_the_admin_token_could_come_from_is_told(
    project: Path, capsys: Output, credentials: str | None, told: str
) -> None:
    if credentials is not None:
        write(project, credentials)
    assert main(["sessions"]) == 1
    assert capsys.readouterr().err.startswith(told)


def test_the_file_that_is_named_wins_over_the_environment(
    project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDOVER_ADMIN_TOKEN", "short")
    write(project, CREDENTIALS)
    assert main(["sessions"]) == 1
    assert capsys.readouterr().err.startswith("HANDOVER_ADMIN_TOKEN has fewer than 16")
    call = ["sessions", "--url", "http://127.0.0.1:9"]
    assert main([*call, "--credentials", "credentials.yml"]) == 1
    assert capsys.readouterr().err.startswith("No bot answers at")


def test_the_bare_command_gives_its_help(capsys: Output) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.startswith("usage: ")) == ("", True)
    assert all(command.summary.split()[0] in printed.err for command in COMMANDS)


@pytest.mark.parametrize("call", ["--help", f"return-request {USER}"])
def test_who_reads_a_few_lines_only_gets_no_traceback(project: Path, call: str) -> None:
    write(project, CREDENTIALS)
    command = f"{sys.executable} -m cli {call} --credentials {project}/credentials.yml | true"
    if call == "--help":
        command = f"{sys.executable} -m cli --help | true"
    done = subprocess.run(
        ["bash", "-c", command], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_a_wrong_setting_is_told_without_a_secret(project: Path, capsys: Output) -> None:
    write(project, CREDENTIALS.replace("postgresql:", "mysql:"))
    assert main(["return-request", USER]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("channels.MessengerInput.store names no kind of database ")
    assert MARK not in printed.out + printed.err


def test_a_folder_is_no_credentials_file(project: Path, capsys: Output) -> None:
    assert main(["return-request", USER, "--credentials", str(project)]) == 1
    assert capsys.readouterr().err == f"{project} can't be read: Is a directory.\n"


@pytest.mark.parametrize("user", ["ada", "", "12 34", "-5", "٣٤"])
def test_a_user_id_that_is_no_number_is_a_wrong_call(capsys: Output, user: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["return-request", user])
    assert left.value.code == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("arguments", [["return-request"], ["give-back", USER]])
def test_a_call_without_a_known_command_and_its_user_is_a_wrong_call(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def _listed(command: Listed) -> str:
    return f"{command.name} {command.summary}"


def test_help_lists_every_command_with_its_summary(capsys: Output) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert [line for line in map(_listed, COMMANDS) if line not in printed] == []


@pytest.mark.parametrize(
    ("started", "name"),
    [
        ("/project/cli/__main__.py", "python -m cli"),
        ("/usr/bin/rasa-handover", "rasa-handover"),
    ],
)
def test_help_names_the_program_as_it_was_called(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, started: str, name: str
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out.startswith(f"usage: {name} [-h] [--version] COMMAND")


def test_the_version_is_told_with_what_it_runs_on(capsys: Output) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    host = r"rasa(-pro)? \d+\.\d+\.\d+"
    assert re.fullmatch(
        rf"rasa-handover {re.escape(VERSION)} \({host}, Python 3\.\d+\.\d+\)\n",
        capsys.readouterr().out,
    )


def test_the_changelog_has_the_version() -> None:
    text = (PROJECT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)[:2] == ["Unreleased", VERSION]


@pytest.mark.parametrize("arguments", [["sessions"], ["doctor"], ["init", "--yes"]])
def test_an_older_rasa_is_refused_by_every_command(
    project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    older = {"rasa": "3.4.2"}
    monkeypatch.setattr(host, "_version", older.get)
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "rasa-handover can't work in rasa 3.4.2: it needs rasa 3.6, or Rasa Pro. Install it with "
        "`pip install rasa==3.6.21`, on Python 3.10.\n"
    )
    assert list(project.iterdir()) == []


def test_a_console_that_has_not_every_character_ends_no_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="latin-1"))
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    print("█ é", flush=True)
    assert printed.getvalue().endswith(b"\\u2588 \xe9\n")
