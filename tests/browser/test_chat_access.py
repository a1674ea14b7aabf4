"""The page without a mouse, on a phone's width, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from chat_screen import SCREENSHOTS, ChatScreen
from playwright.async_api import Locator, expect

NARROW = {"width": 360, "height": 740}
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
AA = 4.5
MOST_TABS = 60


async def tab_to(screen: ChatScreen, wanted: Locator) -> None:
    """Press Tab until it is focused, with a focus that can be seen."""
    for _ in range(MOST_TABS):
        if await wanted.evaluate("one => one === document.activeElement"):
            outline = await wanted.evaluate("one => getComputedStyle(one).outlineStyle")
            assert outline == "solid"
            return
        await screen.page.keyboard.press("Tab")
    pytest.fail(f"{wanted} is not reached with {MOST_TABS} presses of Tab")


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_every_pane_is_a_tab_and_nothing_is_cut_off(
    screen: ChatScreen, scheme: Literal["light", "dark"]
) -> None:
    await screen.page.emulate_media(color_scheme=scheme)
    await screen.page.set_viewport_size(NARROW)
    await screen.is_handed_over()
    tabs = screen.page.get_by_role("navigation", name="Panes")
    for tab, pane in (
        ("Inbox", screen.inbox),
        ("Agent", screen.agent),
        ("Log", screen.log),
        ("Controls", screen.controls),
        ("Phone", screen.phone),
    ):
        await tabs.get_by_role("button", name=tab).click()
        await expect(pane).to_be_visible()
        await screen.says_owner("Page Inbox")
        await expect(screen.page.get_by_role("status")).to_be_in_viewport()
        width = await screen.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"]
        await screen.page.screenshot(path=SCREENSHOTS / f"narrow-{scheme}-{tab.lower()}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_from_its_ground(
    screen: ChatScreen, scheme: Literal["light", "dark"]
) -> None:
    await screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await screen.is_handed_over("I want to talk to sales")
    await screen.says_owner(screen.platform.agent.name)
    await screen.controls.get_by_role("button", name="Throw").click()
    await screen.agent.get_by_text("What came with the thread").click()
    await screen.inbox.get_by_role("button", name="Release").click()
    await expect(screen.inbox.get_by_role("alert")).to_be_visible()
    found = await screen.page.evaluate(CONTRAST)
    assert len(found) > 30
    assert {one["text"]: one["ratio"] for one in found if one["ratio"] < AA} == {}
