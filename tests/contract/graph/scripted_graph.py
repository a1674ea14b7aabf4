"""A server in Graph's place that answers as told: for what the emulator never does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it came in; `peer` is the client's address, the same for one connection."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    peer: Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of the script."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


class Reset:
    """The connection breaks before there is an answer."""


class Silence:
    """There is no answer, however long one waits."""


Act = Reply | Reset | Silence


def accepted(**answer: Any) -> Reply:
    return Reply(body=json.dumps(answer).encode())


def refused(status: int = 400, **error: Any) -> Reply:
    return Reply(status=status, body=json.dumps({"error": error}).encode())


class ScriptedGraph:
    """Plays `script`, an act a request; once it is through, every answer is `{}`.

    `on_request` hears each request before it is answered.
    """

    def __init__(self) -> None:
        self.url = ""
        self.script: list[Act] = []
        self.seen: list[Seen] = []
        self.on_request: Callable[[Seen], None] = lambda _seen: None
        self.over = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        seen = Seen(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers=dict(request.headers),
            body=json.loads(raw) if raw else None,
            peer=request.transport and request.transport.get_extra_info("peername"),
        )
        self.seen.append(seen)
        self.on_request(seen)
        act = self.script.pop(0) if self.script else Reply()
        return await self._play(act, request)

    async def _play(self, act: Act, request: web.Request) -> web.StreamResponse:
        if isinstance(act, Reply):
            return web.Response(status=act.status, body=act.body, headers=dict(act.headers))
        if isinstance(act, Silence):
            await self.over.wait()
        elif request.transport is not None:
            request.transport.abort()
        return web.Response()


@asynccontextmanager
async def scripted_graph() -> AsyncIterator[ScriptedGraph]:
    """Serve a ScriptedGraph on a free port of this machine."""
    graph = ScriptedGraph()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", graph.handle)
    server = TestServer(app)
    await server.start_server()
    graph.url = str(server.make_url("/v25.0"))
    try:
        yield graph
    finally:
        graph.over.set()
        await server.close()
