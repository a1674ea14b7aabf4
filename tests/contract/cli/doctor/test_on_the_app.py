"""The doctor's checks of the Graph API, of the app and of the app's webhook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from aiohttp import web

from cli.doctor.checks import app as doctor_app
from cli.doctor.checks import instagram as doctor_instagram
from cli.doctor.checks import page as doctor_page
from cli.doctor.checks import token as doctor_token
from cli.doctor.checks import webhook as doctor_webhook
from cli.doctor.checks.app import INSTAGRAM_FIELDS, PAGE_FIELDS
from cli.doctor.findings import Outcome
from tests.contract.cli.doctor.doctor_samples import (
    ALL_PAGE_FIELDS,
    account,
    configure_pages,
    names,
)
from tests.contract.live_page import NOWHERE, LivePage

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


async def test_an_address_at_which_nothing_takes_deliveries_lets_no_stranger_in(
    page: LivePage,
) -> None:
    await page.change_app(webhook=page.webhook.url.replace("/facebook/", "/nowhere/"))
    outcomes = {finding.check: finding.outcome for finding in await page.examined()}
    assert outcomes["webhook-handshake"] is outcomes["webhook-signed"] is Outcome.WRONG
    assert outcomes["webhook-unsigned"] is Outcome.CANNOT_TELL
    assert outcomes["webhook-wrongly-signed"] is Outcome.CANNOT_TELL


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
