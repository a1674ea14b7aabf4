"""An action server that ails: a real one behind a front that spoils what it answers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request, "AilingActions"], Awaitable[web.StreamResponse]]


class AilingActions:
    """Where Rasa calls its actions; each user may have other ones that ail."""

    def __init__(self, url: str) -> None:
        self.url = ""
        self._real = url
        self._server: TestServer | None = None
        self._ailing: dict[str, tuple[Answer, tuple[str, ...]]] = {}
        self.called: defaultdict[str, list[str]] = defaultdict(list)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/webhook", self.receive)
        self._server = TestServer(app)
        await self._server.start_server()
        self.url = str(self._server.make_url("/webhook"))

    async def stop(self) -> None:
        """Nobody listens any more."""
        if self._server is not None:
            await self._server.close()

    def ails(self, user: str, answer: Answer, *names: str) -> None:
        """Answer so when this user's turn calls one of these actions; any, if none is named."""
        self._ailing[user] = answer, names

    async def receive(self, request: web.Request) -> web.StreamResponse:
        call = await request.json()
        user, name = call["sender_id"], call["next_action"]
        self.called[user].append(name)
        answer, names = self._ailing.get(user, (as_it_is, ()))
        is_ill = not names or name in names
        return await (answer if is_ill else as_it_is)(request, self)

    async def real_answer(self, request: web.Request) -> web.Response:
        async with ClientSession() as http:
            called = http.post(self._real, data=await request.read(), headers=_json())
            async with called as answer:
                body = await answer.read()
                return web.Response(status=answer.status, body=body, headers=_json())


@asynccontextmanager
async def ailing_actions(url: str) -> AsyncIterator[AilingActions]:
    """A front of the real action server at `url`."""
    actions = AilingActions(url)
    await actions.start()
    try:
        yield actions
    finally:
        await actions.stop()


async def as_it_is(request: web.Request, actions: AilingActions) -> web.StreamResponse:
    return await actions.real_answer(request)


async def hangs(_: web.Request, __: AilingActions) -> web.StreamResponse:
    await asyncio.sleep(600)
    return web.Response(status=504)


def is_late(by: timedelta) -> Answer:
    async def answer(request: web.Request, actions: AilingActions) -> web.StreamResponse:
        await asyncio.sleep(by.total_seconds())
        return await actions.real_answer(request)

    return answer


async def dies_meanwhile(request: web.Request, actions: AilingActions) -> web.StreamResponse:
    """The action has run, and its process is killed before it has answered."""
    await actions.real_answer(request)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def stops_half_way(request: web.Request, actions: AilingActions) -> web.StreamResponse:
    """The connection breaks in the middle of the answer."""
    whole = await actions.real_answer(request)
    body = whole.body
    assert isinstance(body, bytes)
    answer = web.StreamResponse(headers={**_json(), "Content-Length": str(len(body))})
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return answer


def says(body: str, *, status: int = 200, content_type: str = "application/json") -> Answer:
    async def answer(_: web.Request, __: AilingActions) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=content_type)

    return answer


def _json() -> dict[str, str]:
    return {"Content-Type": "application/json"}
