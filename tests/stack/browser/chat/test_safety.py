"""Hostile words, hostile addresses and hostile sites against the page in a real browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from playwright.async_api import Error, expect

from tests.stack.browser.chat.message_samples import media, template
from tests.stack.browser.chat_screen import FOREIGN_NAME, ChatScreen

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HOSTILE_ADDRESSES = [
    "javascript:alert(3)",
    " JaVaScRiPt:alert(3)",
    "java\nscript:alert(3)",
    "data:text/html,<script>alert(3)</script>",
    "vbscript:alert(3)",
    "file:///etc/passwd",
    "blob:https://example.com/1",
    "//example.com/no-scheme",
]
POST_FROM_ELSEWHERE = """
url => fetch(url, {method: "POST", mode: "no-cors", body: '{"text": "from elsewhere"}'})
"""
READ_FROM_ELSEWHERE = "url => fetch(url).then(answer => answer.text())"
ADD_INLINE_SCRIPT = """
() => {
  const script = document.createElement("script");
  script.append("window.wasRun = true");
  document.body.append(script);
}
"""


@asynccontextmanager
async def another_site() -> AsyncIterator[str]:
    """The address of a page that is not the emulator's, though on the same machine."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(
            text="<!doctype html><title>Elsewhere</title>", content_type="text/html"
        )

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_markup_in_messages_stays_text(greeted: ChatScreen) -> None:
    button = {"type": "postback", "title": "<b>Bold</b>", "payload": SCRIPT}
    await greeted.is_sent(template(template_type="button", text=SCRIPT, buttons=[button]))
    await greeted.writes(SCRIPT)
    for pane in (greeted.phone, greeted.inbox, greeted.agent, greeted.log):
        await expect(pane).to_contain_text("<img src=x onerror=alert(1)>")
        await expect(pane.locator("img[src=x], script, b")).to_have_count(0)
    await expect(greeted.phone.get_by_role("button", name="<b>Bold</b>")).to_be_visible()


async def test_markup_in_names_stays_text(
    screen: ChatScreen, new_user_id: Callable[[], str]
) -> None:
    user = new_user_id()
    await screen.platform.add_user(user, SCRIPT)
    await screen.page.reload()
    await screen.page.get_by_label("Person", exact=True).select_option(user)
    await screen.is_handed_over()
    await screen.says_owner("Page Inbox")
    for pane in (screen.phone, screen.inbox, screen.agent, screen.log):
        await expect(pane).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(screen.page.locator("img[src=x], body script")).to_have_count(0)


async def test_markup_in_the_context_of_a_pass_stays_text(screen: ChatScreen) -> None:
    await screen.inbox.get_by_role("button", name="Take").click()
    await screen.says_owner("Page Inbox")
    metadata = json.dumps({"<b>k</b>": "<i>"})
    target = {"target_app_id": screen.platform.agent.id, "metadata": metadata}
    await screen.platform.call("POST", f"inbox/{screen.user}/pass", target)
    await expect(screen.agent.get_by_role("term")).to_have_text("<b>k</b>")
    await expect(screen.agent.get_by_role("definition")).to_have_text("<i>")


async def test_an_address_that_is_not_of_the_web_is_no_link(greeted: ChatScreen) -> None:
    """Operators' tools may send anything; Graph refuses such an address."""
    for number, address in enumerate(HOSTILE_ADDRESSES):
        button = {"type": "web_url", "title": f"Trap {number}", "url": address}
        card = {
            "title": f"Card {number}",
            "image_url": address,
            "default_action": {"type": "web_url", "url": address},
            "buttons": [button],
        }
        for message in (
            template(template_type="button", text="Look", buttons=[button]),
            template(template_type="generic", elements=[card]),
            media("image", address),
            media("file", address),
        ):
            body = {"attachments": [message["attachment"]]}
            await greeted.platform.call("POST", f"inbox/{greeted.user}/messages", body)
        await greeted.shows(f"Trap {number}", f"Card {number}")
    log = greeted.phone.get_by_role("log")
    for words in ("[image]", "File"):
        await expect(log.get_by_text(words)).to_have_count(len(HOSTILE_ADDRESSES))
    links = log.locator("a, img")
    assert await links.evaluate_all("all => all.map(one => one.outerHTML)") == []


async def test_a_link_tells_its_site_nothing_and_gives_it_no_hold(greeted: ChatScreen) -> None:
    await greeted.is_sent({"text": "See https://example.com/a?b=1 there"})
    link = greeted.phone.get_by_role("link", name="https://example.com/a?b=1")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(link).to_have_attribute("target", "_blank")


async def test_no_script_runs_that_is_not_the_pages_own(screen: ChatScreen) -> None:
    await screen.page.evaluate(ADD_INLINE_SCRIPT)
    with pytest.raises(Error, match="Trusted"):
        await screen.page.evaluate("() => { document.body.innerHTML = '<p>x' }")
    assert await screen.page.evaluate("window.wasRun") is None
    assert any("TrustedScript" in error for error in screen.errors)
    screen.errors.clear()  # they were meant


async def test_a_site_on_another_port_can_neither_write_nor_read(screen: ChatScreen) -> None:
    elsewhere = await screen.page.context.new_page()
    control = f"{screen.platform.url}/_emulator"
    async with another_site() as address:
        await elsewhere.goto(address)
        await elsewhere.evaluate(POST_FROM_ELSEWHERE, f"{control}/users/{screen.user}/messages")
        await elsewhere.evaluate(POST_FROM_ELSEWHERE, f"{control}/reset")
        with pytest.raises(Error, match="Failed to fetch"):
            await elsewhere.evaluate(READ_FROM_ELSEWHERE, f"{control}/config")
    thread = await screen.platform.thread(screen.user)
    assert thread["messages"] == []


async def test_a_sites_name_that_leads_here_shows_nothing(screen: ChatScreen) -> None:
    elsewhere = await screen.page.context.new_page()
    port = screen.platform.url.rpartition(":")[2]
    for path in ("", "_emulator/config"):
        answer = await elsewhere.goto(f"http://{FOREIGN_NAME}:{port}/{path}")
        assert answer is not None
        assert answer.status == 403
        assert screen.platform.bot.page_access_token not in await answer.text()
