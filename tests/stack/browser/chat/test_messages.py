"""What Messenger shows of a bot's messages."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.stack.browser.chat.message_samples import media, template
from tests.stack.browser.chat_screen import ChatScreen

FREE_SPACE_BESIDE_THE_FIRST_WORD = """
bubble => {
  const [word, all] = [document.createRange(), bubble.getBoundingClientRect()];
  word.setStart(bubble.firstChild, 0);
  word.setEnd(bubble.firstChild, 4);
  const box = word.getBoundingClientRect();
  return { left: box.left - all.left, right: all.right - box.right };
}
"""


async def test_quick_replies_send_their_payload_and_vanish(greeted: ChatScreen) -> None:
    replies = [
        {"content_type": "text", "title": "Fine", "payload": "/rate_good"},
        {"content_type": "text", "title": "Bad", "payload": "/rate_bad"},
    ]
    await greeted.is_sent({"text": "How was it?", "quick_replies": replies})
    pills = greeted.phone.get_by_role("group", name="Quick replies")
    await pills.get_by_role("button", name="Fine").click()
    await greeted.shows("Glad to hear it")
    await expect(pills.get_by_role("button")).to_have_count(0)
    await expect(greeted.phone.get_by_label("Write as the user")).to_be_focused()


async def test_cards_stand_in_a_row_with_pictures_links_and_buttons(greeted: ChatScreen) -> None:
    def card(title: str, payload: str) -> dict[str, Any]:
        return {
            "title": title,
            "subtitle": "Two beds and a view of the sea",
            "image_url": f"{greeted.platform.url}/_chat/icon.svg",
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
    await greeted.is_sent(template(template_type="generic", elements=cards))
    carousel = greeted.phone.get_by_role("list", name="3 cards")
    await expect(carousel.get_by_role("article")).to_have_count(3)
    pictures = carousel.get_by_role("img")
    assert await pictures.first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    link = carousel.get_by_role("link", name="Look at it").first
    await expect(link).to_have_attribute("href", "https://example.com/room")
    second = carousel.get_by_role("article").filter(has_text="Room two")
    await second.get_by_role("button", name="Choose").click()
    await greeted.shows("Glad to hear it")


async def test_an_old_button_is_tapped_itself_and_not_its_newest_namesake(
    greeted: ChatScreen,
) -> None:
    for words, payload in (("First", "/rate_good"), ("Second", "/rate_bad")):
        button = {"type": "postback", "title": "Tap me", "payload": payload}
        await greeted.is_sent(template(template_type="button", text=words, buttons=[button]))
    await greeted.shows("First", "Second")
    await greeted.phone.get_by_role("button", name="Tap me").first.click()
    await greeted.shows("Glad to hear it")


async def test_pictures_are_shown_and_other_files_are_links(greeted: ChatScreen) -> None:
    await greeted.is_sent(media("image", f"{greeted.platform.url}/_chat/icon.svg"))
    await expect(greeted.phone.get_by_role("log").get_by_role("img")).to_be_visible()
    for kind, name in (("audio", "a.mp3"), ("video", "v.mp4"), ("file", "terms.pdf")):
        url = f"https://example.com/{name}"
        await greeted.is_sent(media(kind, url))
        link = greeted.phone.get_by_role("link", name=f"{kind.capitalize()}: {name}")
        await expect(link).to_have_attribute("href", url)


async def test_each_text_goes_by_the_direction_of_its_own_letters(greeted: ChatScreen) -> None:
    await greeted.is_sent({"text": "سلام\nThis line is much longer"})
    bubble = greeted.phone.locator(".bubble").filter(has_text="سلام")
    free_space = await bubble.evaluate(FREE_SPACE_BESIDE_THE_FIRST_WORD)
    assert free_space["right"] < free_space["left"]
