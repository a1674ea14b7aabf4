"""The load balancer before the replicas: each request goes to the next one that is alive."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    TCPConnector,
    web,
)

FORWARDED = ("Content-Type", "X-Hub-Signature-256", "Authorization")


class Front:
    """Hands HTTP requests on, in turn.

    A replica that takes no connection is skipped; without any, the answer is 503. Where a replica
    dies with a request in hand, the answer is 502: it may have been served, so who asked decides
    whether to ask again.
    """

    def __init__(self, port: int, targets: Sequence[str]) -> None:
        self._port = port
        self._targets = targets
        self._first = itertools.cycle(range(len(targets)))
        self._http: ClientSession | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        # A connection for each request, so that all processes behind a target get their share.
        connector = TCPConnector(force_close=True)
        self._http = ClientSession(connector=connector, timeout=ClientTimeout(total=30))
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._forward)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._http is not None:
            await self._http.close()

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        first = next(self._first)
        for target in [*self._targets[first:], *self._targets[:first]]:
            response = await self._try(target, request, body)
            if response is not None:
                return response
        return web.Response(status=503)

    async def _try(self, target: str, request: web.Request, body: bytes) -> web.Response | None:
        """The target's response; None if it takes no connection."""
        try:
            return await self._ask(target, request, body)
        except ClientConnectorError:
            return None
        except (ClientError, asyncio.TimeoutError):
            return web.Response(status=502)

    async def _ask(self, target: str, request: web.Request, body: bytes) -> web.Response:
        assert self._http is not None
        headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        async with self._http.request(
            request.method, target + request.path_qs, data=body, headers=headers
        ) as answer:
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                headers={"Content-Type": answer.headers.get("Content-Type", "text/plain")},
            )
