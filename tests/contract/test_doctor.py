"""The doctor's checks at Meta and at the webhook, each on an emulator that is set up wrongly."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from documents import examples
from live_page import (
    AGENT,
    BOT,
    INSTAGRAM,
    NO_API_TELLS,
    NOWHERE,
    PAGE,
    PROJECT,
    USER,
    LivePage,
    live_page,
)

from channels import doctor_app, doctor_instagram, doctor_page, doctor_token, doctor_webhook
from channels.doctor_app import INSTAGRAM_FIELDS, PAGE_FIELDS
from channels.doctor_findings import Outcome
from channels.doctor_report import as_json, as_text, exit_status
from emulator import PAGE_INBOX

ALL_PAGE_FIELDS = [*PAGE_FIELDS, "message_reads"]
SECRETS = (BOT.secret, BOT.verify_token, BOT.page_access_token)


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LivePage]:
    monkeypatch.delenv("SANIC_WORKERS", raising=False)
    async with live_page(tmp_path) as live:
        yield live


def names(*groups: Any) -> set[str]:
    return {check.name for group in groups for check in group.CHECKS}


async def seconds_from_now(page: LivePage, **duration: float) -> int:
    clock = await page.control("GET", "clock")
    return int((datetime.fromisoformat(clock["now"]) + timedelta(**duration)).timestamp())


async def test_a_page_where_all_is_well_has_nothing_wrong(page: LivePage) -> None:
    findings = await page.examined()
    not_ok = {finding.check for finding in findings if finding.outcome is not Outcome.OK}
    assert not_ok == NO_API_TELLS
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


# The Graph API


async def test_a_graph_that_does_not_answer_is_reported_once(page: LivePage) -> None:
    page.section["graph-url"] = f"{NOWHERE}/v25.0"
    assert "does not answer" in await page.wrong("graph-reachable")
    dependent = names(doctor_app, doctor_webhook, doctor_token, doctor_page, doctor_instagram) - {
        "agent-apps"
    }
    told = {
        finding.check: finding.detail
        for finding in await page.examined()
        if finding.check in dependent
    }
    assert set(told.values()) == {"This depends on 'graph-reachable'."}


@pytest.mark.parametrize(("version", "told"), [("v20.0", "2026-09-24"), ("v12.0", "long ago")])
async def test_a_version_that_meta_has_ended_is_wrong(
    page: LivePage, version: str, told: str
) -> None:
    page.section["graph-url"] = f"{page.url}/{version}"
    assert told in await page.wrong("graph-version")


async def test_a_version_that_nobody_knows_can_not_be_judged(page: LivePage) -> None:
    page.section["graph-url"] = f"{page.url}/v99.0"
    assert "v99.0" in await page.untold("graph-version")


@pytest.mark.parametrize(("minutes", "told"), [(10, "behind"), (-10, "ahead of")])
async def test_a_clock_that_differs_from_metas_is_wrong(
    page: LivePage, minutes: int, told: str
) -> None:
    date = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    headers = {"Date": format_datetime(date, usegmt=True)}
    await page.break_calls("", latency_ms=1, headers=headers)
    assert told in await page.wrong("clock")


async def test_a_graph_that_does_not_tell_its_time_says_nothing_about_the_clock(
    page: LivePage,
) -> None:
    await page.break_calls("", latency_ms=1, headers={"Date": "noon"})
    assert "Date" in await page.untold("clock")


# The app


@pytest.mark.parametrize("key", ["secret", "app-id"])
async def test_a_secret_that_is_not_the_apps_is_reported_once(page: LivePage, key: str) -> None:
    page.section[key] = "900900900900900"
    assert "Graph refused" in await page.wrong("app-secret")
    told = [one.detail for one in await page.examined() if one.check in names(doctor_token)]
    assert set(told) == {"This depends on 'app-secret'."}


@pytest.mark.parametrize("field", PAGE_FIELDS)
async def test_a_field_that_the_app_lacks_is_named(page: LivePage, field: str) -> None:
    fields = [one for one in ALL_PAGE_FIELDS if one != field]
    await page.change_app(app_fields=fields)
    detail = await page.wrong("app-subscription")
    assert f"{field} ({PAGE_FIELDS[field]})" in detail
    assert not any(f"{one} (" in detail for one in fields)


async def test_an_app_that_has_no_webhook_is_wrong(page: LivePage) -> None:
    await page.change_app(webhook=None)
    assert "no webhook for Pages" in await page.wrong("app-subscription")


async def test_a_webhook_that_is_not_active_is_wrong(page: LivePage) -> None:
    await page.change_app(active=False, instagram_fields=[])
    assert "not active" in await page.wrong("app-subscription")


@pytest.mark.parametrize("field", INSTAGRAM_FIELDS)
async def test_a_field_that_the_app_lacks_on_instagram_is_named(page: LivePage, field: str) -> None:
    fields = [one for one in INSTAGRAM_FIELDS if one != field]
    await page.change_app(instagram_fields=fields)
    detail = await page.wrong("app-subscription-instagram")
    assert f"{field} ({INSTAGRAM_FIELDS[field]})" in detail


async def test_an_account_that_is_configured_needs_the_apps_subscription(page: LivePage) -> None:
    configure_pages(page, instagram=account())
    await page.change_app(instagram_fields=[])
    assert "no webhook for Instagram" in await page.wrong("app-subscription-instagram")


async def test_instagram_may_be_out_of_use(page: LivePage) -> None:
    await page.change_app(instagram_fields=[])
    for check in ("app-subscription-instagram", "instagram-account", "instagram-routing"):
        assert "not in use" in await page.ok(check)


# The webhook


async def test_another_address_than_the_wanted_one_is_wrong(page: LivePage) -> None:
    detail = await page.wrong("webhook-address", "--webhook-url", "https://bot.example/webhook")
    assert page.webhook.url in detail
    assert "https://bot.example/webhook" in detail


async def test_the_wanted_address_is_right(page: LivePage) -> None:
    await page.ok("webhook-address", "--webhook-url", page.webhook.url)


async def test_a_path_that_is_not_the_channels_can_not_be_judged(page: LivePage) -> None:
    await page.change_app(webhook=page.webhook.url.replace("/facebook/", "//facebook/"))
    findings = {finding.check: finding for finding in await page.examined()}
    assert findings["webhook-address"].outcome is Outcome.CANNOT_TELL


async def test_a_webhook_that_does_not_answer_is_reported_once(page: LivePage) -> None:
    await page.change_app(webhook=f"{NOWHERE}/webhooks/facebook/webhook")
    assert "does not answer" in await page.wrong("webhook-handshake")


async def test_another_verify_token_is_wrong(page: LivePage) -> None:
    page.webhook.verify_token = "another"
    assert "verify token" in await page.wrong("webhook-handshake")


@pytest.mark.parametrize(
    "handshake",
    [
        lambda _: web.Response(text="hello"),
        lambda challenge: web.Response(text=challenge, status=404),
        lambda _: web.Response(status=302, headers={"Location": "/login"}),
    ],
    ids=["no challenge", "not found", "redirect"],
)
async def test_a_handshake_without_the_challenge_is_wrong(
    page: LivePage, handshake: Callable[[str], web.Response]
) -> None:
    page.webhook.handshake = handshake
    assert "challenge" in await page.wrong("webhook-handshake")


async def test_a_webhook_that_checks_no_signature_is_wrong(page: LivePage) -> None:
    page.webhook.checks = False
    findings = await page.examined()
    wrong = {finding.check for finding in findings if finding.outcome is Outcome.WRONG}
    assert wrong == {"webhook-unsigned", "webhook-wrongly-signed"}


async def test_a_bot_that_runs_with_another_secret_is_wrong(page: LivePage) -> None:
    page.webhook.secret = "another"
    assert "refuses" in await page.wrong("webhook-signed")


async def test_a_bot_that_can_not_take_deliveries_is_wrong(page: LivePage) -> None:
    page.webhook.status = 503
    assert "HTTP 503" in await page.wrong("webhook-signed")


async def test_the_wanted_address_is_called_if_meta_has_none(page: LivePage) -> None:
    await page.change_app(webhook=None)
    findings = await page.examined("--webhook-url", page.webhook.url)
    outcomes = {finding.check: finding.outcome for finding in findings}
    assert outcomes["webhook-signed"] is Outcome.OK
    assert outcomes["app-subscription"] is Outcome.WRONG


# The token


async def test_an_unknown_token_is_reported_once(page: LivePage) -> None:
    page.section["page-access-token"] = "no token at all"
    assert "Invalid OAuth access token" in await page.wrong("token-valid")
    dependent = names(doctor_token, doctor_page, doctor_instagram) - {"token-valid", "agent-apps"}
    told = [one.detail for one in await page.examined() if one.check in dependent]
    assert set(told) == {"This depends on 'token-valid'."}


async def test_an_expired_token_is_reported_once(page: LivePage) -> None:
    await page.change_app(page_token={"expires_at": await seconds_from_now(page, hours=-1)})
    assert "expired" in await page.wrong("token-valid")


async def test_a_users_token_is_no_pages_token(page: LivePage) -> None:
    await page.change_app(page_token={"type": "USER"})
    assert "type USER" in await page.wrong("token-type")


async def test_a_token_of_another_app_is_reported_once(page: LivePage) -> None:
    page.section["page-access-token"] = AGENT.page_access_token
    assert "another app" in await page.wrong("token-app")


async def test_a_token_that_expires_soon_is_wrong(page: LivePage) -> None:
    await page.change_app(page_token={"expires_at": await seconds_from_now(page, hours=2)})
    assert "It expires on" in await page.wrong("token-expiry")


async def test_a_token_that_expires_later_is_right(page: LivePage) -> None:
    await page.change_app(page_token={"expires_at": await seconds_from_now(page, days=30)})
    assert "It expires on" in await page.ok("token-expiry")


@pytest.mark.parametrize(("days", "told"), [(-1, "expired on"), (3, "expires on")])
async def test_data_access_that_ends_is_wrong(page: LivePage, days: int, told: str) -> None:
    end = await seconds_from_now(page, days=days)
    await page.change_app(page_token={"data_access_expires_at": end})
    assert told in await page.wrong("token-data-access")


@pytest.mark.parametrize("scope", ["pages_messaging", "pages_manage_metadata"])
async def test_a_permission_that_the_token_lacks_is_named(page: LivePage, scope: str) -> None:
    await page.change_app(page_token={"without_scopes": [scope]})
    assert await page.wrong("token-scopes") == f"It lacks {scope} for {PAGE}."


async def test_permissions_for_another_page_are_none_for_this_one(page: LivePage) -> None:
    await page.change_app(page_token={"page_ids": ["424242"]})
    assert f"pages_messaging for {PAGE}" in await page.wrong("token-scopes")


@pytest.mark.parametrize("scope", ["instagram_basic", "instagram_manage_messages"])
async def test_instagram_needs_permissions_of_its_own(page: LivePage, scope: str) -> None:
    configure_pages(page, instagram=account())
    await page.change_app(page_token={"without_scopes": [scope]})
    assert await page.wrong("token-scopes") == f"It lacks {scope} for {account()}."


async def test_the_account_of_a_single_page_needs_permissions_too(page: LivePage) -> None:
    await page.change_app(page_token={"without_scopes": ["instagram_manage_messages"]})
    detail = await page.wrong("token-scopes")
    assert detail == f"It lacks instagram_manage_messages for {account()}."


async def test_a_failing_call_leaves_the_other_rows_alone(page: LivePage) -> None:
    await page.break_calls("debug_token", reset=True)
    assert "connection broke" in await page.untold("token-valid")


# The Page


async def test_a_proof_that_graph_refuses_is_wrong(page: LivePage) -> None:
    error = {"code": 100, "message": "Invalid appsecret_proof provided in the API argument"}
    await page.break_calls("me", error=error)
    assert "appsecret_proof" in await page.wrong("appsecret-proof")


async def test_a_token_that_stands_under_another_pages_id_is_wrong(page: LivePage) -> None:
    configure_pages(page, page_id="424242", instagram=account())
    await page.change_app(page_token={"page_ids": ["424242"]})
    assert f"({PAGE}), and stands under 424242" in await page.wrong("page-identity")


@pytest.mark.parametrize("field", PAGE_FIELDS)
async def test_a_field_that_the_page_lacks_is_named(page: LivePage, field: str) -> None:
    await page.change_app(subscribed_fields=[one for one in ALL_PAGE_FIELDS if one != field])
    detail = await page.wrong("page-subscription")
    assert f"{field} ({PAGE_FIELDS[field]})" in detail


async def test_an_app_that_is_not_on_the_page_is_wrong(page: LivePage) -> None:
    await page.change_app(installed=False)
    assert "not installed" in await page.wrong("page-subscription")


async def test_a_call_that_graph_refuses_is_told_in_its_words(page: LivePage) -> None:
    error = {"code": 200, "message": "(#200) Requires pages_manage_metadata"}
    await page.break_calls("subscribed_apps", error=error)
    assert "Requires pages_manage_metadata (error 200/-)" in await page.wrong("page-subscription")


async def test_an_agents_app_that_is_not_on_the_page_is_wrong(page: LivePage) -> None:
    await page.change_app(AGENT.id, installed=False)
    assert AGENT.id in await page.wrong("agent-apps")


async def test_plans_that_hand_over_to_the_inbox_need_no_app(page: LivePage) -> None:
    del page.section["plans"]["sales"]
    assert "Inbox" in await page.ok("agent-apps")


@pytest.mark.parametrize("setting", ["auto", "on"])
async def test_routing_that_is_off_is_wrong(page: LivePage, setting: str) -> None:
    page.section["routing"] = setting
    await page.control("PUT", "routing", mode="off", platform="messenger")
    assert "is off for Messenger" in await page.wrong("routing")


async def test_routing_that_is_meant_to_be_off_is_right(page: LivePage) -> None:
    page.section["routing"] = "off"
    await page.control("PUT", "routing", mode="off")
    assert "is off for Messenger" in await page.ok("routing")


async def test_routing_that_is_on_against_the_setting_is_wrong(page: LivePage) -> None:
    page.section["routing"] = "off"
    await page.control("PUT", "routing", mode="off", platform="instagram")
    assert "'routing' says off" in await page.wrong("routing")


@pytest.mark.parametrize("several", [True, False])
async def test_routing_that_is_off_on_instagram_is_wrong(page: LivePage, several: bool) -> None:
    if several:
        configure_pages(page, instagram=account())
    await page.control("PUT", "routing", mode="off", platform="instagram")
    assert "is off for Instagram" in await page.wrong("instagram-routing")


@pytest.mark.parametrize(("named", "told"), [("424242", "has 424242"), (None, "has none")])
async def test_an_account_that_is_not_the_pages_is_wrong(
    page: LivePage, named: str | None, told: str
) -> None:
    configure_pages(page, instagram=named)
    findings = {one.check: one for one in await page.examined()}
    assert findings["instagram-account"].outcome is Outcome.WRONG
    assert told in findings["instagram-account"].detail


async def test_an_account_that_the_token_may_not_see_can_not_be_judged(page: LivePage) -> None:
    await page.change_app(page_token={"without_scopes": ["instagram_basic"]})
    assert "shows the token no Instagram" in await page.untold("instagram-account")


@pytest.mark.parametrize(
    ("payload", "told"),
    [("/handover_ended", "only the channel may"), ("/no_such_intent", "does not have")],
)
async def test_a_menu_that_sends_what_the_assistant_can_not_take_is_wrong(
    page: LivePage, payload: str, told: str
) -> None:
    more = {"type": "nested", "title": "More", "call_to_actions": [postback(payload)]}
    await set_menu(page, more)
    assert told in await page.wrong("messenger-profile")


async def test_a_menu_that_sends_an_intent_or_words_is_right(page: LivePage) -> None:
    link = {"type": "web_url", "title": "Shop", "url": "https://shop.example"}
    await set_menu(page, postback('/show_menu{"page": 2}'), postback("back to the menu"), link)
    assert "knows what" in await page.ok("messenger-profile")


async def test_each_of_several_pages_has_its_own_rows(page: LivePage) -> None:
    configure_pages(page, instagram=account())
    page.section["pages"]["424242"] = {"page-access-token": "no token at all"}
    findings = await page.examined()
    of_other = {one.check: one.outcome for one in findings if one.group == "Page 424242"}
    of_page = {one.check: one.outcome for one in findings if one.group == f"Page {PAGE}"}
    assert set(of_page) == set(of_other) == names(doctor_token, doctor_page, doctor_instagram)
    assert of_other["token-valid"] is Outcome.WRONG
    assert set(of_page.values()) == {Outcome.OK}


# What no API tells


@pytest.mark.parametrize("check", sorted(NO_API_TELLS))
async def test_what_no_api_tells_is_said_with_how_to_look(page: LivePage, check: str) -> None:
    finding = await page.found(check)
    assert finding.outcome is Outcome.CANNOT_TELL
    assert finding.remedy


async def test_an_agents_thread_shows_the_default_app(page: LivePage) -> None:
    await give_to_inbox(page)
    assert "so it is the default app" in await page.ok("default-app", "--user", USER)


async def test_an_agents_thread_shows_that_another_is_the_default_app(page: LivePage) -> None:
    await page.control("PUT", "default_app", app_id=AGENT.id)
    await give_to_inbox(page)
    assert "does not name the app" in await page.wrong("default-app", "--user", USER)


async def test_an_idle_thread_shows_nothing(page: LivePage) -> None:
    assert "nobody's" in await page.untold("default-app", "--user", USER)


async def test_the_bots_own_thread_shows_nothing(page: LivePage) -> None:
    await page.change_app(webhook=None)
    await page.control("POST", f"users/{USER}/messages", text="Hello")
    await page.change_app(webhook=page.webhook.url)
    assert "the bot's own" in await page.untold("default-app", "--user", USER)


async def test_the_user_of_one_of_several_pages_is_named_with_the_page(page: LivePage) -> None:
    configure_pages(page, instagram=account())
    await give_to_inbox(page)
    await page.ok("default-app", "--user", f"{PAGE}:{USER}")
    assert "none of the pages" in await page.untold("default-app", "--user", USER)


async def test_an_unknown_user_is_told_in_graphs_words(page: LivePage) -> None:
    assert "2018001" in await page.wrong("default-app", "--user", "4242")


# The command


async def run(*arguments: str) -> tuple[int, str, str]:
    """`python -m channels doctor` as a process: its status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "channels", "doctor", *arguments),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def test_scripts_get_a_status_and_json(page: LivePage) -> None:
    await page.control("PUT", "routing", mode="off", platform="messenger")
    status, output, _ = await run("--json", *page.write_files())
    wrong = [row["check"] for row in json.loads(output) if row["outcome"] == "wrong"]
    assert (status, wrong) == (1, ["routing"])


async def test_people_get_lines_and_a_sum(page: LivePage) -> None:
    status, output, _ = await run(*page.write_files())
    assert status == 0
    assert output.startswith("Graph API\n  ok          graph-reachable:")
    assert output.endswith(" ok, 0 wrong, 4 cannot tell.\n")


async def test_the_page_on_going_live_shows_what_it_prints(page: LivePage) -> None:
    fields = [field for field in BOT.subscribed_fields if field != "standby"]
    await page.change_app(subscribed_fields=fields)
    text = as_text(await page.examined()).replace(page.url, "https://graph.facebook.com")
    printed = text.splitlines()
    [example] = examples("docs/going-live.md", "5. Look whether all is well", "console")
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


def postback(payload: str) -> dict[str, str]:
    return {"type": "postback", "title": "Tap", "payload": payload}


async def set_menu(page: LivePage, *entries: dict[str, Any]) -> None:
    menu = {"locale": "default", "call_to_actions": entries}
    await page.graph_post(
        "me/messenger_profile",
        get_started={"payload": "/show_menu"},
        persistent_menu=[menu],
    )


def configure_pages(page: LivePage, *, page_id: str = PAGE, instagram: str | None) -> None:
    """Write `pages` with one page, in place of its token alone."""
    one = {"page-access-token": page.section.pop("page-access-token")}
    if instagram is not None:
        one["instagram"] = instagram
    page.section["pages"] = {page_id: one}


def account() -> str:
    assert INSTAGRAM is not None
    return INSTAGRAM.id


async def give_to_inbox(page: LivePage) -> None:
    await page.change_app(webhook=None)
    await page.control("POST", f"users/{USER}/messages", text="Hello")
    await page.control("POST", f"inbox/{USER}/take")
    assert (await page.control("GET", f"threads/{USER}"))["owner"] == PAGE_INBOX
    await page.change_app(webhook=page.webhook.url)
