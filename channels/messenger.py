"""MessengerInput: the channel as Rasa loads it from credentials.yml."""

from __future__ import annotations

import hmac
import logging
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json, raw, text

from .assistant import RasaAssistant
from .clock import Clock, SystemClock
from .engine import Engine
from .environment import filled_in
from .errors import MalformedDelivery, SettingsError, SignatureRefused, StoreError
from .events import Echo, Event, PageRoles, Platform
from .graph import Graph
from .graph_http import HttpGraph
from .graph_pages import PagesGraph
from .operator_api import OperatorApi
from .output import MessengerOutput
from .settings import Settings, parse_settings
from .signature import check_signature
from .store_sql import SqlStore
from .webhook import decode_delivery

logger = logging.getLogger(__name__)

_Handler = Callable[[Request], Awaitable[HTTPResponse]]


class MessengerInput(InputChannel):
    """Facebook Messenger with live-agent handover, in place of Rasa's own `facebook` channel."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._graph = _graph(settings, self._clock)
        self._engine: Engine | None = None

    @classmethod
    def name(cls) -> str:
        return Platform.MESSENGER.value

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> MessengerInput:
        """Raises InvalidConfigException, which Rasa prints as one message."""
        try:
            return cls(parse_settings(filled_in(credentials, os.environ)))
        except SettingsError as error:
            raise InvalidConfigException(str(error)) from None

    def get_output_channel(self) -> MessengerOutput | None:
        """An output for what Rasa says on its own; None before the server has started."""
        return self._engine.output() if self._engine else None

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("handover_messenger")

        async def start(app: Sanic, _: object) -> None:
            await self._start(app, on_new_message)

        async def stop(_: Sanic, __: object) -> None:
            if self._engine is not None:
                await self._engine.stop()

        routes.listener("after_server_start")(start)
        routes.listener("before_server_stop")(stop)
        for method, path, name, handler in (
            ("GET", "/", "status", self._health),
            ("GET", "/health", "health", self._health),
            ("GET", "/metrics", "metrics", self._metrics),
            ("GET", "/webhook", "handshake", self._handshake),
            ("POST", "/webhook", "receive", self._receive),
        ):
            routes.add_route(_as_function(handler), path, methods=[method], name=name)
        if self._settings.admin_token is not None:
            OperatorApi(admin_token=self._settings.admin_token, engine=lambda: self._engine).add_to(
                routes
            )
        return routes

    async def _start(
        self, app: Sanic, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> None:
        engine = Engine(
            settings=self._settings,
            store=SqlStore(self._settings.store, worker=_worker_name()),
            graph=self._graph,
            clock=self._clock,
            assistant=RasaAssistant(
                agent=lambda: getattr(app.ctx, "agent", None), on_new_message=on_new_message
            ),
        )
        try:
            await engine.start()
        except StoreError as error:
            logger.critical("The Messenger channel can't start: %s", error)
            app.stop()
            return
        self._engine = engine
        logger.info("The Messenger channel is ready.")

    async def _health(self, _: Request) -> HTTPResponse:
        if self._engine is None:
            return json({"status": "starting"}, status=503)
        return json({"status": "ok"})

    async def _metrics(self, _: Request) -> HTTPResponse:
        if self._engine is None:
            return text("", status=503)
        return raw(self._engine.metrics.page(), content_type=CONTENT_TYPE_LATEST)

    async def _handshake(self, request: Request) -> HTTPResponse:
        token = request.args.get("hub.verify_token") or ""
        if not hmac.compare_digest(token.encode(), self._settings.verify.encode()):
            logger.warning(
                "A webhook handshake came with another verify token than the one under 'verify' "
                "in credentials.yml; Meta's dialog and that key have to agree."
            )
            return text("wrong verify token", status=403)
        return text(request.args.get("hub.challenge") or "")

    async def _receive(self, request: Request) -> HTTPResponse:
        try:
            check_signature(
                request.body, request.headers.get("X-Hub-Signature-256"), self._settings.secret
            )
            await self._take_in(decode_delivery(request.body, self._clock.now()))
        except SignatureRefused as error:
            logger.warning("%s", error)
            return text("not signed by the app", status=403)
        except MalformedDelivery as error:
            logger.warning("%s", error)
            return text("not JSON", status=400)
        except StoreError as error:
            logger.error("A delivery was refused, so Meta will repeat it: %s", error)
            return text("try again", status=503)
        return text("EVENT_RECEIVED")

    async def _take_in(self, told: list[Event | PageRoles]) -> None:
        engine = self._engine
        if engine is None:
            raise StoreError("the channel has not started yet.")
        events = [event for event in told if not isinstance(event, PageRoles)]
        recorded = [event for event in events if not self._is_own_echo(event)]
        if recorded:
            await engine.accept(recorded)
        for roles in told:
            if isinstance(roles, PageRoles):
                await engine.keep_roles(roles)

    def _is_own_echo(self, event: Event) -> bool:
        """Our own echoes say one thing only: that a send was carried out."""
        if not isinstance(event, Echo) or event.app_id != self._settings.app_id:
            return False
        if event.metadata is not None:
            self._graph.echo_heard(event.metadata)
        return True


def _graph(settings: Settings, clock: Clock) -> Graph:
    def of_token(page_access_token: str) -> HttpGraph:
        return HttpGraph(
            graph_url=settings.graph_url,
            page_access_token=page_access_token,
            app_id=settings.app_id,
            app_secret=settings.secret,
            clock=clock,
        )

    if settings.page_access_token is not None:
        return of_token(settings.page_access_token)
    graphs: dict[str, Graph] = {}
    for page, one in settings.pages.items():
        graphs[page] = of_token(one.page_access_token)
        if one.instagram is not None:
            graphs[one.instagram] = graphs[page]
    return PagesGraph(graphs)


def _as_function(handler: _Handler) -> _Handler:
    """Sanic 21.12 sets attributes on its handlers, which methods do not allow."""

    async def handle(request: Request) -> HTTPResponse:
        return await handler(request)

    return handle


def _worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
