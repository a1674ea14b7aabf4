"""The doctor's checks of the Page and its Instagram account, and what no API tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from cli.doctor.checks import instagram as doctor_instagram
from cli.doctor.checks import page as doctor_page
from cli.doctor.checks import token as doctor_token
from cli.doctor.checks.app import PAGE_FIELDS
from cli.doctor.findings import Outcome
from emulator import PAGE_INBOX
from tests.contract.cli.doctor.doctor_samples import (
    ALL_PAGE_FIELDS,
    account,
    configure_pages,
    names,
)
from tests.contract.live_page import AGENT, BOT, NO_API_TELLS, PAGE, USER, LivePage

# The Page


async def test_a_proof_that_graph_refuses_is_wrong(page: LivePage) -> None:
    error = {"code": 100, "message": "Invalid appsecret_proof provided in the API argument"}
    await page.break_calls("me", error=error)
    assert "appsecret_proof" in await page.wrong("appsecret-proof")


async def test_a_token_that_stands_under_another_pages_id_is_wrong(page: LivePage) -> None:
    configure_pages(page, page_id="424242", instagram=account())
    await page.change_app(page_token={"page_ids": ["424242"]})
    assert f"({PAGE}), but is under 424242" in await page.wrong("page-identity")


@pytest.mark.parametrize("field", PAGE_FIELDS)
async def test_a_field_that_the_page_lacks_is_named(page: LivePage, field: str) -> None:
    await page.change_app(subscribed_fields=[one for one in ALL_PAGE_FIELDS if one != field])
    detail = await page.wrong("page-subscription")
    assert f"{field} ({PAGE_FIELDS[field]})" in detail


async def test_a_line_that_names_no_app_hides_no_other(page: LivePage) -> None:
    await page.break_calls("subscribed_apps", answer="apps_odd_line")
    await page.ok("page-subscription")


async def test_an_app_whose_fields_can_t_be_read_is_not_told_to_be_missing(page: LivePage) -> None:
    unread = {"data": [{"id": BOT.id, "subscribed_fields": None}]}
    await page.break_calls("subscribed_apps", body=unread)
    assert "can't be read" in await page.untold("page-subscription")


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
    assert "shows this token no Instagram" in await page.untold("instagram-account")


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


def postback(payload: str) -> dict[str, str]:
    return {"type": "postback", "title": "Tap", "payload": payload}


async def set_menu(page: LivePage, *entries: dict[str, Any]) -> None:
    menu = {"locale": "default", "call_to_actions": entries}
    await page.graph_post(
        "me/messenger_profile",
        get_started={"payload": "/show_menu"},
        persistent_menu=[menu],
    )


async def give_to_inbox(page: LivePage) -> None:
    await page.change_app(webhook=None)
    await page.control("POST", f"users/{USER}/messages", text="Hello")
    await page.control("POST", f"inbox/{USER}/take")
    assert (await page.control("GET", f"threads/{USER}"))["owner"] == PAGE_INBOX
    await page.change_app(webhook=page.webhook.url)
