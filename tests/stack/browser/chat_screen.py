"""The chat page as a person sees it: panes, texts and buttons."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession
from playwright.async_api import ConsoleMessage, Locator, Page, expect

from demo.platform import EmulatedPlatform

FOREIGN_NAME = "rebound.example"  # a site's name that leads to this machine

expect.set_options(timeout=60_000)  # milliseconds: far more than anything takes


class ChatScreen:
    """One user's page. What Chromium's console calls an error is kept in `errors`."""

    def __init__(self, page: Page, platform: EmulatedPlatform, user: str) -> None:
        self.page = page
        self.platform = platform
        self.user = user
        self.errors: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"a dialog: {dialog.message}"))

    async def open(self) -> None:
        await self.page.goto(self.platform.url)
        await self.page.get_by_label("Person", exact=True).select_option(self.user)

    @property
    def phone(self) -> Locator:
        return self.page.locator("#phone")

    @property
    def inbox(self) -> Locator:
        return self.page.locator("#inbox")

    @property
    def agent(self) -> Locator:
        return self.page.locator("#agent")

    @property
    def log(self) -> Locator:
        return self.page.locator("#log")

    @property
    def notices(self) -> Locator:
        return self.page.locator("#notices")

    @property
    def controls(self) -> Locator:
        return self.page.get_by_label("Platform controls")

    async def writes(self, text: str) -> None:
        """The user writes on the phone."""
        await self.phone.get_by_label("Write as the user").fill(text)
        await self.phone.get_by_role("button", name="Send").click()

    async def replies(self, desk: Locator, text: str) -> None:
        """An operator writes at a desk."""
        await desk.get_by_role("textbox").fill(text)
        await desk.get_by_role("button", name="Send").click()

    async def shows(self, *words: str) -> None:
        """Wait until the phone shows each of these."""
        for one in words:
            await expect(self.phone.get_by_role("log")).to_contain_text(one)

    async def says_owner(self, name: str) -> None:
        """Wait until the page says that this is the thread's owner."""
        await expect(self.page.get_by_role("status")).to_contain_text(name)

    async def is_owned_by_the_bot(self) -> None:
        await self.says_owner(self.platform.bot.name)

    async def is_handed_over(self, words: str = "I want to talk to a human") -> None:
        await self.writes(words)
        await self.shows("I'm connecting you to a person")

    async def is_sent(self, message: dict[str, Any]) -> None:
        """The bot's app sends this by Graph, to a user who has the bot."""
        token = self.platform.bot.page_access_token
        body = {
            "recipient": {"id": self.user},
            "messaging_type": "RESPONSE",
            "message": message,
            "access_token": token,
        }
        url = f"{self.platform.url}/v25.0/me/messages"
        async with ClientSession() as http, http.post(url, json=body) as answer:
            answer.raise_for_status()

    def _note(self, message: ConsoleMessage) -> None:
        # Chromium calls every answer of 400 an error; here it is how the platform refuses.
        if message.type == "error" and "status of 400" not in message.text:
            self.errors.append(message.text)
