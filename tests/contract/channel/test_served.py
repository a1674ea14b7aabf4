"""The channel as a Sanic server has it, from Meta's webhook to Graph, on both databases.

It is run under each host: their Sanic, SQLAlchemy and aiohttp differ.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rasa.core.channels.channel import register

from channels import MessengerInput
from demo.platform import EmulatedPlatform
from demo.transcript import texts_of
from emulator import running
from tests.contract.operators.operator_stage import BOT, PATH, ListeningAgent
from tests.support.sanic_server import new_app, served

ANNA = "24870165432100001"
GREETING = {"text": "Good day"}
HANDING_OVER = {"custom": {"handover": {"plan": "default"}}}


class Served:
    """A Page on the emulator, and a channel that can be served again and again."""

    def __init__(self, emulator_url: str, store: str) -> None:
        self.platform = EmulatedPlatform(emulator_url)
        self._section = {
            "verify": BOT.verify_token,
            "secret": BOT.secret,
            "page-access-token": BOT.page_access_token,
            "app-id": BOT.id,
            "graph-url": f"{emulator_url}/v25.0",
            "store": store,
            "plans": {"default": {"target-app": "page-inbox", "keywords": ["menu"]}},
        }

    @asynccontextmanager
    async def serving(self, **answers: Any) -> AsyncIterator[ListeningAgent]:
        """The assistant that says `answers` to what it hears, while the channel is served."""
        app = new_app()
        register([MessengerInput.from_credentials(self._section)], app, route="/webhooks/")
        app.ctx.agent = agent = ListeningAgent()
        agent.answers = answers
        async with served(app) as port:
            webhook = f"http://127.0.0.1:{port}{PATH}/webhook"
            await self.platform.call("PUT", f"apps/{BOT.id}", {"webhook": webhook})
            yield agent

    async def said(self, words: str) -> list[str]:
        """All that the bot has said to Anna, once it has said this."""
        thread = await self.platform.wait_until(
            ANNA, lambda thread: words in texts_of(thread, BOT.id), f"the bot did not say {words}"
        )
        return texts_of(thread, BOT.id)

    async def owned_by(self, app: str) -> None:
        await self.platform.wait_until(
            ANNA, lambda thread: thread["owner"] == app, f"{app} did not get the thread"
        )


@pytest.fixture(params=["sqlite", "postgresql"])
async def page(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with running() as emulator_url:
        page = Served(emulator_url, request.getfixturevalue(f"{request.param}_url"))
        await page.platform.open(bot_webhook="http://127.0.0.1:9/not-served-yet")
        await page.platform.add_user(ANNA, "Anna")
        yield page
        await page.platform.close()


async def test_a_handover_begins_and_ends(page: Served) -> None:
    async with page.serving(hello=GREETING, person=HANDING_OVER) as agent:
        await page.platform.user_says(ANNA, "hello")
        assert await page.said("Good day") == ["Good day"]
        await page.platform.user_says(ANNA, "person")
        await page.owned_by(page.platform.inbox_app_id)
        await page.platform.user_says(ANNA, "not for the bot")
        await page.platform.user_says(ANNA, "menu")
        await page.owned_by(BOT.id)
        await agent.has_heard("handover_ended")
        assert "not for the bot" not in agent.heard


async def test_a_stop_lets_the_turn_end_and_what_it_says_is_sent(page: Served) -> None:
    async with page.serving(hello=GREETING) as agent:
        agent.listens.clear()
        await page.platform.user_says(ANNA, "hello")
        await agent.is_asked()
        asyncio.get_running_loop().call_later(0.3, agent.listens.set)
    assert agent.heard == ["hello"]
    async with page.serving(hello=GREETING, again={"text": "Once more"}) as other:
        await page.platform.user_says(ANNA, "again")
        assert await page.said("Once more") == ["Good day", "Once more"]
        assert other.heard == ["again"]
