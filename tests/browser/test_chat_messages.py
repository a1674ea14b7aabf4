"""What Messenger shows of a bot's messages, and that nobody's words become more than words."""

from __future__ import annotations

from typing import Any

import pytest_asyncio
from chat_screen import ChatScreen
from playwright.async_api import expect

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
DANGEROUS = "javascript:alert(3)"


def template(**payload: Any) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


def media(kind: str, url: str) -> dict[str, Any]:
    return {"attachment": {"type": kind, "payload": {"url": url}}}


@pytest_asyncio.fixture(loop_scope="session")
async def screen(screen: ChatScreen) -> ChatScreen:
    """The page of a user who has said goodbye, so that messages can be sent to her."""
    await screen.writes("goodbye")
    await screen.shows("Goodbye!")
    return screen


async def test_quick_replies_send_their_payload_and_vanish(screen: ChatScreen) -> None:
    replies = [
        {"content_type": "text", "title": "Fine", "payload": "/rate_good"},
        {"content_type": "text", "title": "Bad", "payload": "/rate_bad"},
    ]
    await screen.is_sent({"text": "How was it?", "quick_replies": replies})
    pills = screen.phone.get_by_role("group", name="Quick replies")
    await pills.get_by_role("button", name="Fine").click()
    await screen.shows("Glad to hear it")
    await expect(pills.get_by_role("button")).to_have_count(0)
    await expect(screen.phone.get_by_label("Write as the user")).to_be_focused()


async def test_cards_stand_in_a_row_with_pictures_links_and_buttons(screen: ChatScreen) -> None:
    def card(title: str, payload: str) -> dict[str, Any]:
        return {
            "title": title,
            "subtitle": "Two beds and a view of the sea",
            "image_url": f"{screen.platform.url}/_chat/icon.svg",
            "buttons": [
                {"type": "postback", "title": "Choose", "payload": payload},
                {"type": "web_url", "title": "Look at it", "url": "https://example.com/room"},
            ],
        }

    cards = [
        card("Room one", "/rate_bad"),
        card("Room two", "/rate_good"),
        card("Room three", "/x"),
    ]
    await screen.is_sent(template(template_type="generic", elements=cards))
    carousel = screen.phone.get_by_role("list", name="3 cards")
    await expect(carousel.get_by_role("article")).to_have_count(3)
    pictures = carousel.get_by_role("img")
    assert await pictures.first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    link = carousel.get_by_role("link", name="Look at it").first
    await expect(link).to_have_attribute("href", "https://example.com/room")
    second = carousel.get_by_role("article").filter(has_text="Room two")
    await second.get_by_role("button", name="Choose").click()
    await screen.shows("Glad to hear it")


async def test_an_old_button_is_tapped_itself_and_not_its_newest_namesake(
    screen: ChatScreen,
) -> None:
    for words, payload in (("First", "/rate_good"), ("Second", "/rate_bad")):
        button = {"type": "postback", "title": "Tap me", "payload": payload}
        await screen.is_sent(template(template_type="button", text=words, buttons=[button]))
    await screen.shows("First", "Second")
    await screen.phone.get_by_role("button", name="Tap me").first.click()
    await screen.shows("Glad to hear it")


async def test_pictures_are_shown_and_other_files_are_links(screen: ChatScreen) -> None:
    await screen.is_sent(media("image", f"{screen.platform.url}/_chat/icon.svg"))
    await expect(screen.phone.get_by_role("log").get_by_role("img")).to_be_visible()
    for kind, name in (("audio", "a.mp3"), ("video", "v.mp4"), ("file", "terms.pdf")):
        url = f"https://example.com/{name}"
        await screen.is_sent(media(kind, url))
        link = screen.phone.get_by_role("link", name=f"{kind.capitalize()}: {name}")
        await expect(link).to_have_attribute("href", url)


async def test_markup_in_messages_stays_text(screen: ChatScreen) -> None:
    button = {"type": "postback", "title": "<b>Bold</b>", "payload": SCRIPT}
    await screen.is_sent(template(template_type="button", text=SCRIPT, buttons=[button]))
    await screen.writes(SCRIPT)
    for pane in (screen.phone, screen.inbox, screen.agent, screen.log):
        await expect(pane).to_contain_text("<img src=x onerror=alert(1)>")
        await expect(pane.locator("img[src=x], script, b")).to_have_count(0)
    await expect(screen.phone.get_by_role("button", name="<b>Bold</b>")).to_be_visible()


async def test_an_address_that_is_not_of_the_web_is_no_link(screen: ChatScreen) -> None:
    await screen.is_sent(media("file", DANGEROUS))
    button = {"type": "web_url", "title": "Trap", "url": DANGEROUS}
    await screen.is_sent(template(template_type="button", text="Look", buttons=[button]))
    await screen.is_sent(media("image", "data:text/html,hello"))
    await screen.shows("Trap", "[image]")
    await expect(screen.phone.get_by_role("log").locator("a, img")).to_have_count(0)
