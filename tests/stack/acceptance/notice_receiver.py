"""A server of the team's that takes notices, and that can be down in several ways."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from demo.processes import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the specification


class Down(enum.Enum):
    FAILS = "fails"
    REFUSES_CONNECTIONS = "refuses connections"
    HANGS = "hangs"
    LOSES_ANSWERS = "loses answers"


class NoticeReceiver:
    """`got` has the notices whose signature is right, with their ids, in the order of coming."""

    def __init__(self) -> None:
        self._port = free_port()
        self._server: TestServer | None = None
        self._down: Down | None = None
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.tries = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hook"

    def of(self, user: str) -> list[str]:
        """What has come of one user, each notice once."""
        told = dict.fromkeys(
            (id_, notice["event"]) for id_, notice in self.got if notice["user"] == user
        )
        return [event for _, event in told]

    def ids_of(self, user: str) -> list[str]:
        return [id_ for id_, notice in self.got if notice["user"] == user]

    async def is_down(self, how: Down) -> None:
        self._down, self.tries = how, 0
        if how is Down.REFUSES_CONNECTIONS:
            await self._stop()

    async def is_up(self) -> None:
        self._down = None
        if self._server is None:
            await self._start()

    async def close(self) -> None:
        await self._stop()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._receive)
        self._server = TestServer(app, port=self._port)
        await self._server.start_server()

    async def _stop(self) -> None:
        if self._server is not None:
            await self._server.close()
            self._server = None

    async def _receive(self, request: web.Request) -> web.Response:
        self.tries += 1
        down = self._down
        if down is Down.FAILS:
            return web.Response(status=503)
        if down is Down.HANGS:
            await asyncio.sleep(60)
        told = Webhook(SECRET).verify(await request.text(), dict(request.headers))
        self.got.append((request.headers["webhook-id"], told["data"]))
        if down is Down.LOSES_ANSWERS and request.transport is not None:
            request.transport.abort()
        return web.Response(status=204)


@asynccontextmanager
async def notice_receiver() -> AsyncIterator[NoticeReceiver]:
    receiver = NoticeReceiver()
    await receiver.is_up()
    try:
        yield receiver
    finally:
        await receiver.close()
