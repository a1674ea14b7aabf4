"""The commands that ask a running bot, and Graph: what they print, and how they fail."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import main
from emulator import default_config
from tests.contract.operators.operator_stage import (
    BOT,
    STRANGER,
    OperatorStage,
    credentials_of,
    operator_stage,
)

ANNA, BEN = "24870165432600001", "24870165432600002"
AGENT = default_config().apps[1]
NOBODY_THERE = "http://127.0.0.1:9"  # nobody listens at the port "discard"

Output = pytest.CaptureFixture[str]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OperatorStage]:
    async with operator_stage(tmp_path) as running:
        yield running


@pytest.fixture
def command(stage: OperatorStage, capsys: Output) -> Any:
    """Runs a command; its status, and what it printed on each stream."""

    async def run(*arguments: str, **changes: Any) -> tuple[int, str, str]:
        section = {**credentials_of(stage), **changes}
        file = stage.directory / "credentials.yml"
        file.write_text(yaml.safe_dump({"channels.MessengerInput": section}))
        capsys.readouterr()
        status = await asyncio.to_thread(main, [*arguments, "--credentials", str(file)])
        return (status, *capsys.readouterr())

    return run


def at(stage: OperatorStage) -> tuple[str, str]:
    return "--url", stage.url.removesuffix("/webhooks/facebook")


async def test_sessions_tells_who_has_whose_thread(stage: OperatorStage, command: Any) -> None:
    assert await command("sessions", *at(stage)) == (0, "No handover is open.\n", "")
    await stage.is_with_operator(ANNA, says="Good morning")
    status, printed, _ = await command("sessions", *at(stage))
    heads, row = printed.splitlines()
    assert (status, heads.split()) == (0, ["USER", "PLAN", "OWNER", "SINCE", "TIME", "LEFT"])
    assert row.startswith(f"{ANNA}  default  Page Inbox  ")
    assert " min" in row


async def test_sessions_as_json_is_the_answer_of_the_api(
    stage: OperatorStage, command: Any
) -> None:
    await stage.is_with_operator(ANNA)
    shown = await stage.calls("GET", f"/handovers/{ANNA}")
    while True:
        status, printed, _ = await command("sessions", "--json", *at(stage))
        before, shown = shown, await stage.calls("GET", f"/handovers/{ANNA}")
        if shown == before:  # or the bot has done something meanwhile, such as look at the session
            break
    assert (status, json.loads(printed)["handovers"]) == (0, [shown[1]])


async def test_return_ends_the_handover(stage: OperatorStage, command: Any) -> None:
    await stage.is_with_operator(ANNA)
    status, printed, _ = await command("return", ANNA, *at(stage))
    assert (status, printed) == (0, f"The bot takes the thread of {ANNA} back.\n")
    await stage.until(ANNA, lambda one: one is None)


async def test_forget_erases_only_what_is_at_rest(stage: OperatorStage, command: Any) -> None:
    await stage.is_with_operator(ANNA)
    status, printed, error = await command("forget", "--yes", ANNA, *at(stage))
    assert (status, printed) == (1, "")
    assert "Return the thread" in error
    await stage.returns(ANNA)
    error = "being handled"
    while "being handled" in error:  # such as what Meta tells of the return
        status, printed, error = await command("forget", "--yes", ANNA, "--json", *at(stage))
    assert (status, json.loads(printed)["sender_id"]) == (0, ANNA)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (["return"], "This user has no open handover."),
        (["forget", "--yes"], "Nothing is kept about this user."),
        (["export"], "Nothing is kept about this user."),
    ],
)
async def test_who_is_not_known_is_told(
    stage: OperatorStage, command: Any, name: list[str], told: str
) -> None:
    assert await command(*name, STRANGER, *at(stage)) == (1, "", f"{told}\n")


async def test_export_prints_all_that_is_kept(stage: OperatorStage, command: Any) -> None:
    await stage.is_with_operator(ANNA)
    for options in ([], ["--json"]):
        status, printed, _ = await command("export", ANNA, *options, *at(stage))
        kept = json.loads(printed)
        assert (status, kept["sender_id"]) == (0, ANNA)
        assert [event["text"] for event in kept["events"] if "text" in event] == [
            "Hello",
            "Is anybody there?",
        ]


@pytest.mark.parametrize("call", [["sessions"], ["return", ANNA], ["forget", "--yes", ANNA]])
async def test_why_the_bot_can_not_be_asked_is_told_with_the_remedy(
    stage: OperatorStage, command: Any, call: list[str]
) -> None:
    for url, changes, remedy in (
        ((("--url", NOBODY_THERE)), {}, "Start it with `rasa run`"),
        (("--url", "localhost:5005"), {}, "such as http://localhost:5005"),
        (("--url", "http://[::1"), {}, "such as http://localhost:5005"),
        (("--url", stage.emulator_url), {}, "There is no operator API"),
        (at(stage), {"admin-token": "another-admin-token"}, "another admin-token"),
        (at(stage), {"admin-token": None}, "Add one and restart the bot"),
    ):
        status, printed, error = await command(*call, *url, **changes)
        assert (status, printed) == (1, "")
        assert remedy in error
        assert "another-admin-token" not in error


@pytest.mark.parametrize("user", ["ada", "", "1 2", "-5", "٣٤", "1:2:3", "../1"])
def test_a_user_that_is_no_id_is_a_wrong_call(user: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["forget", user])
    assert left.value.code == 2


async def test_apps_names_what_a_plan_can_hand_over_to(command: Any) -> None:
    plans = {"sales": {"target-app": AGENT.id}}
    status, printed, _ = await command("apps", plans=plans)
    rows = {line.split()[0]: line for line in printed.splitlines()[2:]}
    assert status == 0
    assert rows[BOT.id].endswith("this bot")
    assert rows[AGENT.id].endswith(f"target-app: {AGENT.id}, now of sales")
    assert rows["263902037430900"].endswith("target-app: page-inbox, now of default")
    assert rows["1217981644879628"].endswith("target-app: page-inbox, now of default")


async def test_apps_as_json_has_the_same(command: Any) -> None:
    status, printed, _ = await command("apps", "--json")
    (page,) = json.loads(printed)
    assert (status, page["page"]) == (0, default_config().page.id)
    targets = {app["id"]: app["target_app"] for app in page["apps"]}
    assert (targets[BOT.id], targets[AGENT.id]) == (None, AGENT.id)


async def test_apps_with_a_token_that_meta_refuses_says_so(command: Any) -> None:
    status, printed, error = await command("apps", **{"page-access-token": "S3CRET-token"})
    assert (status, printed) == (1, "")
    assert "190" in error
    assert "S3CRET" not in error


def test_a_command_says_nothing_but_what_it_has_to_say(tmp_path: Path) -> None:
    section = {"verify": "v", "secret": "s", "page-access-token": "t", "app-id": BOT.id}
    file = tmp_path / "credentials.yml"
    file.write_text(
        yaml.safe_dump({"channels.MessengerInput": {**section, "admin-token": 16 * "a"}})
    )
    command = [sys.executable, "-m", "cli", "sessions", "--credentials", str(file)]
    done = subprocess.run([*command, "--url", NOBODY_THERE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


async def set_aside(stage: OperatorStage, *, texts: tuple[str, ...]) -> None:
    """Rasa fails at each of these."""
    stage.agent.fails = True
    await stage.control("POST", "users", id=ANNA, name="Grace")
    for text in texts:
        await stage.control("POST", f"users/{ANNA}/messages", text=text)
    await stage.dead(len(texts))
    stage.agent.fails = False


async def test_dead_lists_what_was_set_aside(stage: OperatorStage, command: Any) -> None:
    assert await command("dead", *at(stage)) == (0, "Nothing is set aside.\n", "")
    await set_aside(stage, texts=("my secret",))

    status, printed, _ = await command("dead", *at(stage))
    heads, row = printed.splitlines()
    assert (status, heads.split()) == (0, ["ID", "KIND", "USER", "SINCE", "SET", "ASIDE", "ERROR"])
    assert row.startswith(f"event-1  user_message  {ANNA}  ")
    assert row.endswith("RuntimeError")
    assert "secret" not in printed

    _, printed, _ = await command("dead", "--json", *at(stage))
    assert json.loads(printed) == (await stage.calls("GET", "/dead"))[1]


async def test_dead_retry_takes_up_again_what_is_named_or_all(
    stage: OperatorStage, command: Any
) -> None:
    await set_aside(stage, texts=("one", "two", "three"))
    done = await command("dead", *at(stage), "--retry", "event-3")
    assert done == (0, "1 retried.\n", "")
    await stage.agent.has_heard("three")

    done = await command("dead", *at(stage), "--json", "--retry")
    assert done == (0, '{"retried":2}\n', "")
    await stage.agent.has_heard("two")
    assert stage.agent.heard == ["three", "one", "two"]


async def test_dead_retry_of_what_is_not_there_is_refused(
    stage: OperatorStage, command: Any
) -> None:
    status, printed, complaint = await command("dead", *at(stage), "--retry", "event-7")
    assert (status, printed, complaint) == (1, "", "Nothing with that id is set aside.\n")


def test_dead_retry_of_what_is_no_id_is_a_wrong_call(capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dead", "--retry", "12"])

    assert ended.value.code == 2
    assert "an id is event-N or message-N" in capsys.readouterr().err


async def test_sessions_as_csv_has_what_has_ended_and_what_users_thought(
    stage: OperatorStage, command: Any
) -> None:
    await stage.is_with_operator(ANNA, says="Good morning")
    await stage.returns(ANNA)
    await stage.rates(ANNA, {"score": 2, "comment": '=HYPERLINK("http://evil")'})
    await stage.is_with_operator(BEN)
    status, printed, errors = await command("sessions", *at(stage), "--csv", "--days", "1")

    assert (status, errors) == (0, "")
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [(row["state"], row["reason"], row["score"]) for row in rows] == [
        ("active", "", ""),
        ("ended", "operator_request", "2"),
    ]
    assert rows[1]["comment"] == '\'=HYPERLINK("http://evil")'
    assert rows[1]["operator_messages"] == "1"


async def test_statistics_tells_what_came_of_handovers(stage: OperatorStage, command: Any) -> None:
    assert "0 handovers ended" in (await command("statistics", *at(stage)))[1]
    await stage.is_with_operator(ANNA, says="Good morning")
    await stage.returns(ANNA)
    status, printed, _ = await command("statistics", *at(stage), "--days", "30")

    assert status == 0
    assert "1 handover ended" in printed
    assert "operator_request" in printed
    assert "\x1b" not in printed, "nobody sits at a terminal"
    _, told, _ = await command("statistics", *at(stage), "--json")
    assert json.loads(told)["by_reason"]["operator_request"] == 1


@pytest.mark.parametrize("days", ["0", "-1", "4000", "x", "1" * 40])
def test_a_period_that_is_none_is_a_wrong_call(days: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["statistics", "--days", days])
