"""Control API: the protocol log, the clock, faults, and webhooks made by hand."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from aiohttp import web

from ..platform.delivery import Deliveries
from ..platform.faults import FaultPlan, WebhookFault
from ..platform.platform import Platform
from ..platform.state.models import App
from ..platform.webhook_client import WebhookClient
from ..rules.errors import JsonObject
from ..rules.events import escaped
from .bodies import AdvanceClock, ChooseApp, RawWebhook, SetFaults
from .http import BadInputError, Route, read_body, whole_number

LONGEST_WAIT = timedelta(seconds=30)


class ProtocolControl:
    """What has happened, what time it is, and what will go wrong next."""

    def __init__(
        self,
        platform: Platform,
        *,
        faults: FaultPlan,
        deliveries: Deliveries,
        client: WebhookClient,
    ) -> None:
        self._platform = platform
        self._state = platform.state
        self._faults = faults
        self._deliveries = deliveries
        self._client = client

    def routes(self) -> list[Route]:
        """Paths below `/_emulator`."""
        return [
            ("GET", "calls", self._calls),
            ("GET", "log", self._log),
            ("GET", "clock", self._clock),
            ("POST", "clock", self._advance),
            ("GET", "faults", self._faults_left),
            ("POST", "faults", self._add_faults),
            ("DELETE", "faults", self._clear_faults),
            ("POST", "webhooks", self._post_webhook),
            ("POST", "handshake", self._handshake),
        ]

    async def _calls(self, request: web.Request) -> web.Response:
        calls = self._platform.log.after(0, kinds=("call",), app_id=request.query.get("app_id", ""))
        path = request.query.get("path", "").strip("/")
        return web.json_response([call for call in calls if _is_path(call, path)])

    async def _log(self, request: web.Request) -> web.Response:
        self._platform.settle_all()
        query = request.query
        wait = timedelta(milliseconds=whole_number(request, "wait_ms"))
        entries = await self._platform.log.wait_after(
            whole_number(request, "after"),
            at_most=min(wait, LONGEST_WAIT),
            kinds=tuple(kind for kind in query.get("kind", "").split(",") if kind),
            user=query.get("user", ""),
            app_id=query.get("app_id", ""),
        )
        return web.json_response({"entries": entries, "last": self._platform.log.last})

    async def _clock(self, _request: web.Request) -> web.Response:
        ahead = self._state.clock.offset.total_seconds()
        return web.json_response({"now": self._platform.now().isoformat(), "ahead_seconds": ahead})

    async def _advance(self, request: web.Request) -> web.Response:
        body = await read_body(request, AdvanceClock)
        if not 0 <= body.advance_seconds <= timedelta(days=3650).total_seconds():
            raise BadInputError("The clock only moves forward, by 0 seconds to ten years.")
        self._state.clock.advance(timedelta(seconds=body.advance_seconds))
        ahead = self._state.clock.offset.total_seconds()
        self._platform.log.add("clock", ahead_seconds=ahead)
        self._platform.settle_all()
        return await self._clock(request)

    async def _faults_left(self, _request: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(self._faults.left()))

    async def _add_faults(self, request: web.Request) -> web.Response:
        body = await read_body(request, SetFaults)
        if body.webhooks is not None:
            self._set_webhook_faults(body.webhooks)
        if body.calls is not None:
            self._faults.add_call(body.calls)
        return web.json_response({})

    def _set_webhook_faults(self, fault: WebhookFault) -> None:
        one = [self._state.app(fault.app_id)] if fault.app_id else []
        for app in one or self._state.connected_apps():
            self._faults.set_webhooks(app.id, fault)
        self._deliveries.recheck()

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        self._deliveries.recheck()
        return web.json_response({})

    async def _post_webhook(self, request: web.Request) -> web.Response:
        body = await read_body(request, RawWebhook)
        app = self._app_with_webhook(body.app_id)
        raw = body.body.encode() if isinstance(body.body, str) else escaped(body.body)
        answer = await self._client.post(app, raw, signed=body.sign)
        return web.json_response(
            {"status": answer.status, "text": answer.text, "error": answer.error}
        )

    async def _handshake(self, request: web.Request) -> web.Response:
        app = self._app_with_webhook((await read_body(request, ChooseApp)).app_id)
        handshake = await self._client.handshake(app)
        answer = handshake.answer
        return web.json_response(
            {"verified": handshake.verified, "status": answer.status, "error": answer.error}
        )

    def _app_with_webhook(self, app_id: str) -> App:
        app = self._state.app(app_id)
        if app.webhook is None:
            raise BadInputError(
                f"App {app_id} has no webhook; set it: PUT /_emulator/apps/{app_id}."
            )
        return app


def _is_path(call: JsonObject, path: str) -> bool:
    return path in ("", call["path"].strip("/"), call["path"].rsplit("/", 1)[-1])
