"""The operators' page in a real Chromium, with handovers of a real Rasa."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, ViewportSize, expect

from demo.stack import Stack
from tests.stack.browser.operators.operators_screen import OperatorsScreen
from tests.stack.browser.pictures import keep_if_failed

CONTRAST = Path(__file__).parents[1].joinpath("contrast.js").read_text()
AA = 4.5
NARROW = ViewportSize(width=360, height=740)
OPERATOR_SAYS = "What can I do for you, dear customer?"


@pytest_asyncio.fixture(loop_scope="session")
async def operators(
    stack: Stack, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[OperatorsScreen]:
    """A tab of nobody who has signed in."""
    context = await browser.new_context(viewport={"width": 1200, "height": 900})
    screen = OperatorsScreen(await context.new_page(), stack)
    yield screen
    await keep_if_failed(screen.page, request.node, full_page=True)
    await context.close()
    assert screen.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def handed_over(operators: OperatorsScreen, new_user_id: Callable[[], str]) -> str:
    """A user whose thread is with the Page Inbox, and who has had an answer: the name is the id."""
    user = new_user_id()
    await operators.stack.platform.add_user(user, user)
    await operators.stack.platform.user_says(user, "I want to talk to a human")
    await operators.bot_says(user, "connecting you")
    await operators.stack.platform.inbox_says(user, OPERATOR_SAYS)
    await operators.has_heard_the_operator(user)
    return user


async def test_a_handover_is_shown_returned_and_counted(
    operators: OperatorsScreen, handed_over: str
) -> None:
    await operators.is_signed_in()
    row = operators.row(handed_over)
    await expect(row).to_contain_text("default")
    await expect(row).to_contain_text("Page Inbox")
    await expect(row.get_by_role("cell").nth(2)).to_contain_text("answered in")
    await expect(row.get_by_role("cell").nth(6)).to_contain_text(" min")
    await operators.button(handed_over).click()
    await operators.agrees()
    await expect(operators.button(handed_over)).to_have_count(0)
    await expect(operators.chart("By reason")).to_have_attribute(
        "aria-label", re.compile("operator request: [1-9]")
    )
    await expect(operators.chart("first answer")).to_have_attribute(
        "aria-label", re.compile("within 30 s: [1-9]")
    )
    await operators.bot_says(handed_over, "How was the chat with our team?")


async def test_a_wrong_token_is_refused_and_shows_nothing(
    operators: OperatorsScreen, handed_over: str
) -> None:
    await operators.open()
    await operators.signs_in("another token, with ö and 日")
    await expect(operators.page.get_by_role("alert")).to_have_text(
        "This is neither the bot's admin-token nor its operator-token."
    )
    await expect(operators.page.get_by_label("Token", exact=True)).to_be_focused()
    await expect(operators.page.get_by_text(handed_over)).to_have_count(0)


async def test_the_token_stays_in_the_tab_and_out_of_the_address(
    operators: OperatorsScreen, handed_over: str
) -> None:
    addresses: list[str] = []
    operators.page.on("request", lambda request: addresses.append(request.url))
    await operators.is_signed_in()
    await operators.page.reload()
    await expect(operators.row(handed_over)).to_be_visible()
    assert [url for url in (*addresses, operators.page.url) if "demo-admin" in url] == []
    assert await operators.page.evaluate("localStorage.length") == 0
    assert await operators.page.evaluate("document.cookie") == ""
    await operators.page.get_by_role("button", name="Sign out").click()
    await expect(operators.page.get_by_text(handed_over)).to_have_count(0)
    await operators.page.reload()
    await expect(operators.page.get_by_label("Token", exact=True)).to_be_visible()


async def test_nothing_that_people_wrote_reaches_the_page(
    operators: OperatorsScreen, handed_over: str
) -> None:
    bodies: list[str] = []

    async def keep(response: object) -> None:
        bodies.append(await response.text())  # type: ignore[attr-defined]

    operators.page.on("response", keep)
    await operators.is_signed_in()
    await expect(operators.row(handed_over)).to_be_visible()
    await expect(operators.page.locator("#ended-count")).to_contain_text("ended since")
    assert any(handed_over in body for body in bodies)
    assert [body for body in bodies if OPERATOR_SAYS in body] == []


async def test_the_page_needs_no_mouse_and_the_focus_is_never_lost(
    operators: OperatorsScreen, handed_over: str
) -> None:
    keyboard = operators.page.keyboard
    await operators.open()
    await operators.page.get_by_label("Token", exact=True).focus()
    await keyboard.type("demo-admin-token")
    await keyboard.press("Enter")
    await expect(operators.page.get_by_role("heading", name="Open now")).to_be_focused()
    button = operators.button(handed_over)
    await expect(button).to_be_enabled()
    while not await button.evaluate("one => one === document.activeElement"):
        await keyboard.press("Tab")
        assert not await operators.page.evaluate("document.activeElement === document.body")
    assert await button.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    await keyboard.press("Enter")
    await expect(operators.page.get_by_role("button", name="Give back to the bot")).to_be_focused()
    await keyboard.press("Enter")
    await expect(button).to_have_count(0)
    await expect(operators.page.get_by_role("heading", name="Open now")).to_be_focused()


@pytest.mark.usefixtures("handed_over")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_and_nothing_is_cut_off_on_a_phone(
    operators: OperatorsScreen, scheme: Literal["light", "dark"]
) -> None:
    await operators.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await operators.is_signed_in()
    await expect(operators.page.locator("#ended-count")).to_contain_text("ended since")
    for viewport in (NARROW, ViewportSize(width=1200, height=900)):
        await operators.page.set_viewport_size(viewport)
        found = await operators.page.evaluate(CONTRAST)
        assert len(found) > 20
        assert {one["text"]: one["ratio"] for one in found if one["ratio"] < AA} == {}
        width = await operators.page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
        for button in await operators.page.get_by_role("button").all():
            if await button.is_enabled():
                await button.click(trial=True)
    await operators.page.set_viewport_size(NARROW)


async def test_that_the_bot_is_away_is_told_until_it_is_back(
    operators: OperatorsScreen, handed_over: str
) -> None:
    await operators.is_signed_in()
    await expect(operators.row(handed_over)).to_be_visible()
    await operators.page.route("**/handovers?*", lambda route: route.abort())
    alert = operators.page.get_by_role("alert")
    await expect(alert).to_contain_text("The bot does not answer")
    await expect(operators.row(handed_over)).to_be_visible()
    await operators.page.unroute("**/handovers?*")
    await expect(alert).to_have_count(0)
    operators.errors.clear()  # Chromium tells of each call that was cut


async def test_no_script_runs_that_is_not_the_pages_own(operators: OperatorsScreen) -> None:
    await operators.open()
    with pytest.raises(Error, match="Trusted"):
        await operators.page.evaluate("() => { document.body.innerHTML = '<p>x' }")
    operators.errors.clear()  # they were meant
