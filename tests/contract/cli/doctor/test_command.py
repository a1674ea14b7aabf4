"""The doctor as a whole: what it leaves alone, what its command prints, and its exit status."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from cli.doctor.findings import Outcome
from cli.doctor.report import as_json, as_text, exit_status
from tests.contract.live_page import BOT, NO_API_TELLS, NO_PRO_TELLS, PROJECT, USER, LivePage
from tests.support.documents import examples

of_a_model_that_is_asked = pytest.mark.skipif(
    bool(NO_PRO_TELLS), reason="Rasa Pro can't run the model, which takes it seconds to find out"
)
SECRETS = (BOT.secret, BOT.verify_token, BOT.page_access_token)


async def test_a_page_where_all_is_well_has_nothing_wrong(page: LivePage) -> None:
    findings = await page.examined()
    not_ok = {finding.check for finding in findings if finding.outcome is not Outcome.OK}
    assert not_ok == NO_API_TELLS | NO_PRO_TELLS
    assert exit_status(findings) == 0


async def test_it_changes_nothing_at_meta(page: LivePage) -> None:
    await page.examined("--user", USER)
    calls = await page.control("GET", "calls")
    assert {call["method"] for call in calls} == {"GET"}
    assert [call for call in calls if call["path"] == "/me/thread_owner"]


async def test_what_it_delivers_holds_no_event(page: LivePage) -> None:
    await page.examined()
    assert [json.loads(post)["entry"] for post in page.webhook.posts] == [[], [], []]


async def test_every_row_has_a_link_and_every_wrong_one_a_remedy(page: LivePage) -> None:
    page.section["secret"] = "another secret"
    page.endpoints = None
    findings = await page.examined()
    assert {one.outcome for one in findings} == set(Outcome)
    assert [one.check for one in findings if not one.link.startswith("https://")] == []
    wrong = [one for one in findings if one.outcome is Outcome.WRONG]
    assert [one.check for one in wrong if not one.remedy] == []


# The command


async def run(*arguments: str) -> tuple[int, str, str]:
    """`python -m cli doctor` as a process: its status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "doctor", *arguments),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def test_scripts_get_a_status_and_json(page: LivePage) -> None:
    await page.control("PUT", "routing", mode="off", platform="messenger")
    page.write_domain(page.without_model())  # to load it takes seconds
    status, output, _ = await run("--json", *page.write_files())
    wrong = {row["check"] for row in json.loads(output) if row["outcome"] == "wrong"}
    assert (status, wrong) == (1, {"routing", "trained-model"})


@of_a_model_that_is_asked
async def test_people_get_lines_and_a_sum(page: LivePage) -> None:
    status, output, _ = await run(*page.write_files())
    assert status == 0
    assert output.startswith("Graph API\n  ok          graph-reachable:")
    assert output.endswith(" ok, 0 wrong, 4 cannot tell.\n")


@of_a_model_that_is_asked
async def test_the_page_on_going_live_shows_what_it_prints(page: LivePage) -> None:
    fields = [field for field in BOT.subscribed_fields if field != "standby"]
    await page.change_app(subscribed_fields=fields)
    text = as_text(await page.examined()).replace(page.url, "https://graph.facebook.com")
    printed = text.splitlines()
    [example] = examples("docs/going-live.md", "5. Check your setup", "console")
    shown = example.splitlines()[1:]
    assert "…" in shown
    assert [line for line in shown if line != "…" and line not in printed] == []


async def test_without_credentials_it_can_not_run(tmp_path: Path) -> None:
    status, output, errors = await run("--credentials", str(tmp_path / "credentials.yml"))
    assert (status, output) == (2, "")
    assert "There is no" in errors


@pytest.mark.parametrize("user", ["ada", "1:2:3", ":5", "٣"])
async def test_a_user_is_a_number_or_a_page_and_a_number(user: str) -> None:
    status, _, errors = await run("--user", user)
    assert status == 2
    assert "PAGE:USER" in errors


# What is printed


async def test_no_secret_is_printed_whatever_is_wrong(page: LivePage) -> None:
    page.endpoints = {"tracker_store": {"type": "SQL", "password": "S3CRET"}}
    await page.change_app(webhook="http://user:S3CRET@127.0.0.1:9/webhook?token=S3CRET")
    repeated = f"{BOT.id}|{BOT.secret} {BOT.secret} {BOT.page_access_token}"
    for fault in ({"reset": True}, {"error": {"code": 190, "message": repeated}}):
        await page.control("DELETE", "faults")
        await page.break_calls("debug_token", **fault)
        findings = await page.examined("--user", USER)
        printed = as_text(findings) + as_json(findings)
        assert not any(secret in printed for secret in (*SECRETS, "S3CRET"))
