"""The operators' page as a person sees it, and the people whose threads it shows."""

from __future__ import annotations

import asyncio

from aiohttp import ClientSession
from async_timeout import timeout
from playwright.async_api import ConsoleMessage, Locator, Page, expect

from demo.live import ADMIN_TOKEN
from demo.platform import WAIT_LIMIT
from demo.stack import Stack
from demo.transcript import texts_of

LOOK_INTERVAL = 0.05  # seconds


class OperatorsScreen:
    """The page of one operator. What Chromium's console calls an error is kept in `errors`."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.stack = stack
        self.errors: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def open(self) -> None:
        await self.page.goto(f"{self.stack.channel_url}/handovers/")

    async def signs_in(self, token: str = ADMIN_TOKEN) -> None:
        await self.page.get_by_label("Token", exact=True).fill(token)
        await self.page.get_by_role("button", name="Show").click()

    async def is_signed_in(self) -> None:
        await self.open()
        await self.signs_in()
        await expect(self.page.get_by_role("heading", name="Open now")).to_be_visible()

    def row(self, user: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=user)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=f"Give back the thread of {name}")

    async def agrees(self) -> None:
        await self.page.get_by_role("button", name="Give back to the bot").click()

    def chart(self, caption: str) -> Locator:
        return self.page.get_by_role("figure").filter(has_text=caption).get_by_role("img")

    async def bot_says(self, user: str, words: str) -> None:
        """Wait until the user has read these words of the bot's."""
        platform = self.stack.platform
        await platform.wait_until(
            user,
            lambda thread: any(words in said for said in texts_of(thread, platform.bot.id)),
            f"the bot did not say '{words}'",
            limit=WAIT_LIMIT,
        )

    async def has_heard_the_operator(self, user: str) -> None:
        """Wait until the bot has counted the operator's message."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        url = f"{self.stack.channel_url}/handovers/{user}"
        async with timeout(WAIT_LIMIT.total_seconds()), ClientSession(headers=headers) as http:
            while True:
                async with http.get(url) as answer:
                    if answer.ok and (await answer.json())["operator_messages"]:
                        return
                await asyncio.sleep(LOOK_INTERVAL)

    def _note(self, message: ConsoleMessage) -> None:
        # Chromium calls every refusal an error; here it is how a wrong token is told.
        if message.type == "error" and "status of 401" not in message.text:
            self.errors.append(message.text)
