"""An action server that ails: a real one behind a front that spoils what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request, "AilingActions"], Awaitable[web.StreamResponse]]


class AilingActions:
    """Where Rasa calls its actions; `ails` says how, and which of them (all, if none is named)."""

    def __init__(self, url: str) -> None:
        self.url = ""
        self._real = url
        self._server: TestServer | None = None
        self._answer: Answer = as_it_is
        self._names: tuple[str, ...] = ()
        self.called: list[str] = []

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

    def ails(self, answer: Answer, *names: str) -> None:
        self._answer, self._names = answer, names
        self.called.clear()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        name = (await request.json())["next_action"]
        self.called.append(name)
        is_ill = not self._names or name in self._names
        return await (self._answer if is_ill else as_it_is)(request, self)

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


async def is_slow(request: web.Request, actions: AilingActions) -> web.StreamResponse:
    """Slower than is nice, and yet within the limit of a turn."""
    await asyncio.sleep(1)
    return await actions.real_answer(request)


async def is_too_late(request: web.Request, actions: AilingActions) -> web.StreamResponse:
    """It answers, when the turn has been given up."""
    await asyncio.sleep(8)
    return await actions.real_answer(request)


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
