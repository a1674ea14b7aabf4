"""The page on an emulator that restarts, or is gone for a while; no bot is behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest_asyncio
from playwright.async_api import Browser, expect

from demo.platform import EmulatedPlatform
from demo.processes import free_port
from emulator import Config, default_config, running
from tests.stack.browser.chat_screen import ChatScreen

USER = default_config().users[0].id


@pytest_asyncio.fixture(loop_scope="session")
async def lonely(browser: Browser) -> AsyncIterator[ChatScreen]:
    """The page of an emulator that the test starts on the page's own port."""
    context = await browser.new_context()
    platform = EmulatedPlatform(f"http://127.0.0.1:{free_port()}")
    yield ChatScreen(await context.new_page(), platform, USER)
    await context.close()


def without_bot() -> Config:
    """Nobody hears of what happens."""
    config = default_config()
    apps = tuple(msgspec.structs.replace(app, webhook=None) for app in config.apps)
    return msgspec.structs.replace(config, apps=apps)


async def test_the_page_begins_again_with_an_emulator_that_is_reset(lonely: ChatScreen) -> None:
    async with running(without_bot(), port=port_of(lonely)):
        await lonely.open()
        await lonely.controls.get_by_role("button", name="+1 min").click()
        await lonely.writes("Anybody?")
        await lonely.shows("Anybody?")
        await lonely.page.evaluate("() => fetch('/_emulator/reset', {method: 'POST'})")
        for pane in (lonely.phone, lonely.inbox, lonely.log):
            await expect(pane).not_to_contain_text("Anybody?")
        await expect(lonely.controls.locator("#ahead")).to_be_empty()
        await lonely.says_owner("Nobody")
        await lonely.writes("Me again")
        await lonely.shows("Me again")


async def test_the_page_says_that_the_emulator_is_gone_and_goes_on_when_it_is_back(
    lonely: ChatScreen,
) -> None:
    gone = lonely.page.get_by_text("The emulator does not answer. Trying again")
    async with running(without_bot(), port=port_of(lonely)):
        await lonely.open()
        await lonely.writes("Anybody?")
        await lonely.shows("Anybody?")
    await expect(gone).to_be_visible()
    await lonely.writes("Too early")
    await expect(lonely.phone.get_by_role("alert")).to_have_text("The emulator does not answer.")
    await expect(lonely.phone.get_by_role("textbox")).to_have_value("Too early")
    async with running(without_bot(), port=port_of(lonely)):
        await expect(gone).to_be_hidden()
        await lonely.phone.get_by_role("button", name="Send").click()
        await lonely.shows("Too early")
        await expect(lonely.phone).not_to_contain_text("Anybody?")


def port_of(screen: ChatScreen) -> int:
    return int(screen.platform.url.rpartition(":")[2])
