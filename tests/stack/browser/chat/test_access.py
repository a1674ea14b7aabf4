"""The page without a mouse, on a phone's width, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from tests.stack.browser.chat_screen import ChatScreen

NARROW = ViewportSize(width=360, height=740)
MEDIUM = ViewportSize(width=1024, height=720)
CONTRAST = Path(__file__).parents[1].joinpath("contrast.js").read_text()
AA = 4.5
MOST_TABS = 60


async def tab_to(screen: ChatScreen, wanted: Locator, *, key: str = "Tab") -> None:
    """Press Tab, or Shift and Tab, until it is focused, with a focus that can be seen."""
    for _ in range(MOST_TABS):
        if await wanted.evaluate("one => one === document.activeElement"):
            outline = await wanted.evaluate("one => getComputedStyle(one).outlineStyle")
            assert outline == "solid"
            return
        await screen.page.keyboard.press(key)
    pytest.fail(f"{wanted} is not reached with {MOST_TABS} presses of {key}")


async def nothing_is_wider(screen: ChatScreen) -> None:
    """Nobody has to scroll sideways."""
    width = await screen.page.evaluate("document.documentElement.scrollWidth")
    assert width <= await screen.page.evaluate("innerWidth")


async def everything_can_be_clicked(pane: Locator) -> None:
    """A trial click scrolls to each button and field, and fails if something lies over it."""
    parts = pane.locator(":is(button, select, textarea, input):enabled, summary, a").filter(
        visible=True
    )
    assert await parts.count() > 0
    for part in await parts.all():
        await part.click(trial=True)


async def test_a_handover_needs_no_mouse(screen: ChatScreen) -> None:
    keyboard = screen.page.keyboard
    await tab_to(screen, screen.page.get_by_role("link", name="Skip to writing as the user"))
    await keyboard.press("Enter")
    await expect(screen.phone.get_by_label("Write as the user")).to_be_focused()
    await keyboard.type("I want to talk to a human")
    await keyboard.press("Enter")
    await screen.says_owner("Page Inbox")
    await tab_to(screen, screen.inbox.get_by_role("textbox"))
    await keyboard.type("Good morning,")
    await keyboard.press("Shift+Enter")
    await keyboard.type("Bob here.")
    await keyboard.press("Enter")
    await screen.shows("Good morning,\nBob here.")
    await tab_to(screen, screen.agent.get_by_role("button", name="Take"))
    await keyboard.press("Space")
    await screen.says_owner(screen.platform.agent.name)
    await expect(screen.agent.get_by_role("textbox")).to_be_focused()
    await tab_to(screen, screen.agent.get_by_role("button", name="Pass to"), key="Shift+Tab")
    await keyboard.press("Enter")
    await screen.is_owned_by_the_bot()
    good = screen.phone.get_by_role("button", name="Good", exact=True)
    await expect(good).to_be_visible()
    await tab_to(screen, good, key="Shift+Tab")
    await keyboard.press("Space")
    await screen.shows("Glad to hear it")


async def test_clock_routing_faults_and_log_need_no_mouse(screen: ChatScreen) -> None:
    keyboard = screen.page.keyboard
    await tab_to(screen, screen.controls.get_by_role("button", name="+1 min"))
    await keyboard.press("Enter")
    await expect(screen.controls.locator("#ahead")).to_contain_text("ahead")
    await tab_to(screen, screen.controls.get_by_role("button", name="Legacy"))
    await keyboard.press("Enter")
    await expect(screen.controls.get_by_role("button", name="Legacy")).to_have_attribute(
        "aria-pressed", "true"
    )
    await tab_to(screen, screen.controls.get_by_role("button", name="Throw"))
    await keyboard.press("Enter")
    await tab_to(screen, screen.controls.get_by_role("button", name="Clear faults"))
    await keyboard.press("Enter")
    await expect(screen.controls.get_by_label("Fault", exact=True)).to_be_focused()
    await tab_to(screen, screen.log.get_by_role("searchbox"))
    await keyboard.type("moved to")
    entry = screen.log.locator("summary").first
    await tab_to(screen, entry)
    await keyboard.press("Enter")
    await expect(screen.log.locator("pre").first).to_contain_text('"kind": "clock"')


async def test_on_a_phone_every_pane_is_a_tab_and_nothing_is_cut_off(screen: ChatScreen) -> None:
    await screen.page.set_viewport_size(NARROW)
    await screen.writes("hello")
    await screen.is_handed_over()
    tabs = screen.page.get_by_role("navigation", name="Panes")
    for tab, pane in (
        ("Inbox", screen.inbox),
        ("Agent", screen.agent),
        ("Notices", screen.notices),
        ("Log", screen.log),
        ("Controls", screen.controls),
        ("Phone", screen.phone),
    ):
        await tabs.get_by_role("button", name=tab).click()
        await expect(pane).to_be_visible()
        await screen.says_owner("Page Inbox")
        await expect(screen.page.get_by_role("status")).to_be_in_viewport()
        await nothing_is_wider(screen)
        await everything_can_be_clicked(pane)


async def test_on_a_small_screen_the_owner_stays_in_sight(screen: ChatScreen) -> None:
    await screen.page.set_viewport_size(MEDIUM)
    await screen.is_handed_over()
    await screen.says_owner("Page Inbox")
    await screen.log.get_by_role("searchbox").scroll_into_view_if_needed()
    await expect(screen.page.get_by_role("status")).to_be_in_viewport()
    await nothing_is_wider(screen)
    for pane in (screen.controls, screen.phone, screen.inbox, screen.agent, screen.log):
        await everything_can_be_clicked(pane)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_from_its_ground(
    screen: ChatScreen, scheme: Literal["light", "dark"]
) -> None:
    await screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await screen.is_handed_over("I want to talk to sales")
    await screen.says_owner(screen.platform.agent.name)
    await screen.controls.get_by_role("button", name="Throw").click()
    await screen.replies(screen.agent, "x" * 2_001)
    await expect(screen.agent.get_by_role("alert")).to_be_visible()
    found = await screen.page.evaluate(CONTRAST)
    assert len(found) > 30
    assert {one["text"]: one["ratio"] for one in found if one["ratio"] < AA} == {}


async def test_lists_are_lists_and_logs_are_logs(screen: ChatScreen) -> None:
    """axe: an item of a list is in a list; a log that is a list would take that from its items."""
    assert await screen.page.locator("ol[role], ul[role]").count() == 0
    for name in ("Conversation on the phone", "Conversation in Page Inbox", "Entries"):
        log = screen.page.get_by_role("log", name=name)
        await expect(log.locator(":scope > ol")).to_have_count(1)


async def test_one_conversation_is_read_out_and_only_once(screen: ChatScreen) -> None:
    """The desks show the same words as the phone, and the protocol log shows them again."""
    silent = screen.page.locator("[role=log][aria-live=off]")
    assert await screen.page.locator("[role=log]").count() == await silent.count() + 1
    await expect(screen.phone.locator("[role=log]")).not_to_have_attribute("aria-live", "off")
