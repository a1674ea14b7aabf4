"""The operators' own receiver of what they are told: a webhook that is away at times."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from datetime import datetime, timezone

from aiohttp import web
from standardwebhooks import Webhook

from demo.processes import free_port
from tests.stack.chaos.play.storm import Away
from tests.stack.chaos.verdict.evidence import Told

SECRET = f"whsec_{b64encode(b'the secret of the operators team').decode()}"
LONGER_THAN_ANYBODY_WAITS = 25.0  # seconds


class Team:
    """Takes notices at `url` while it is not `away`; `told` are those that it has taken."""

    def __init__(self) -> None:
        self._port = free_port()
        self._runner: web.AppRunner | None = None
        self.away: Away | None = None
        self.told: list[Told] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/notices"

    @property
    def settings(self) -> dict[str, str]:
        """Its entry under `notify`."""
        return {"url": self.url, "secret": SECRET}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/notices", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def leave(self, how: Away) -> None:
        self.away = how
        if how is Away.CLOSED:
            await self.stop()

    async def come_back(self) -> None:
        away, self.away = self.away, None
        if away is Away.CLOSED:
            await self.start()

    async def _take(self, request: web.Request) -> web.Response:
        try:
            body = await request.text()
        except ConnectionError:  # whoever told was killed in the middle; nobody hears the answer
            return web.Response()
        if self.away is Away.FAILS:
            return web.Response(status=503)
        Webhook(SECRET).verify(body, dict(request.headers))
        notice = json.loads(body)
        self.told.append(
            Told(
                notice=request.headers["webhook-id"],
                session=notice["data"]["session_id"],
                kind=notice["data"]["event"],
                at=datetime.now(timezone.utc),
            )
        )
        if self.away is Away.HANGS:
            await asyncio.sleep(LONGER_THAN_ANYBODY_WAITS)
        return web.Response(status=204)
