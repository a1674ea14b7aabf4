"""The doctor's checks of the page access token."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cli.doctor.checks import instagram as doctor_instagram
from cli.doctor.checks import page as doctor_page
from cli.doctor.checks import token as doctor_token
from tests.contract.cli.doctor.doctor_samples import account, configure_pages, names
from tests.contract.live_page import AGENT, BOT, PAGE, LivePage


async def seconds_from_now(page: LivePage, **duration: float) -> int:
    clock = await page.control("GET", "clock")
    return int((datetime.fromisoformat(clock["now"]) + timedelta(**duration)).timestamp())


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


async def test_the_token_of_a_person_is_reported_once(page: LivePage) -> None:
    """Meta accepts it, but it is for that person and not for a Page."""
    page.section["page-access-token"] = BOT.user_access_token
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
