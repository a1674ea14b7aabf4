"""MessengerInput: the channel as Rasa loads it from credentials.yml."""

from __future__ import annotations

import gc
import logging
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json, raw, text

from .core.errors import SettingsError, StoreError
from .core.events import Platform
from .core.settings.sections import filled_in
from .core.settings.settings import Settings, parse_settings
from .dialogue.assistant import RasaAssistant
from .dialogue.output import MessengerOutput
from .engine.engine import Engine
from .engine.health import HealthProblem
from .graph.closing import PageClosing
from .graph.echoes import HeardElsewhere
from .graph.http import HttpGraph
from .graph.protocol import Graph
from .instruments.clock import Clock, SystemClock
from .instruments.host import MANTLE_REFUSED, installed
from .instruments.quiet_log import keep_log_quiet
from .notify.targets import target_of
from .operators.api import OperatorApi
from .operators.context_route import add_context
from .store.sql import SqlStore
from .webhook.guarded_requests import guard_requests
from .webhook.receiver import WebhookReceiver

logger = logging.getLogger(__name__)

_Handler = Callable[[Request], Awaitable[HTTPResponse]]
_MOST_YOUNG_OBJECTS = 10_000  # of those that garbage is looked for among


class MessengerInput(InputChannel):
    """Facebook Messenger with live-agent handover, in place of Rasa's own `facebook` channel.

    Its section of `credentials.yml`; `${NAME}` is taken from the environment, and all keys are in
    docs/reference/settings.md:

        rasa_handover.channels.MessengerInput:
          verify: ${MESSENGER_VERIFY_TOKEN}
          secret: ${MESSENGER_APP_SECRET}
          page-access-token: ${MESSENGER_PAGE_ACCESS_TOKEN}
          app-id: ${MESSENGER_APP_ID}
          graph-url: https://graph.facebook.com/v25.0
          store: sqlite:///handover.db
          admin-token: ${HANDOVER_ADMIN_TOKEN}
          plans:
            default:
              target-app: page-inbox
              timeout: 30m
              keywords: [menu, back to bot]

    A rule by which the bot hands over, and one that follows when the bot has the thread again:

        rules:
          - rule: the user asks for a person
            steps:
              - intent: ask_human
              - action: utter_connecting
              - action: action_handover

          - rule: the handover is over, for whatever reason
            steps:
              - intent: handover_ended
              - action: utter_ask_feedback

    `rasa-handover init` adds all that these need to a project.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._engine: Engine | None = None
        self._has_failed = False

    @classmethod
    def name(cls) -> str:
        return Platform.MESSENGER.value

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> MessengerInput:
        """Raises InvalidConfigException, which Rasa prints as one message."""
        if (host := installed()) and host.refused:
            raise InvalidConfigException(host.refused)
        try:
            settings = parse_settings(filled_in(credentials, os.environ))
            for one in settings.notify:
                target_of(one)  # or its mistakes would show once the server runs
            return cls(settings)
        except SettingsError as error:
            raise InvalidConfigException(str(error)) from None

    def get_output_channel(self) -> MessengerOutput | None:
        """An output for what Rasa says on its own; None before the server has started."""
        return self.output_on(Platform.MESSENGER)

    def output_on(self, platform: Platform) -> MessengerOutput | None:
        """The same, for the users of one platform."""
        return self._engine.output(platform) if self._engine else None

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        _look_for_garbage_less()
        keep_log_quiet()
        _log_as_much_as_rasa()
        routes = _Routes(f"handover_messenger_{id(self)}")

        async def start(app: Sanic, _: object) -> None:
            await self._start(app, on_new_message)

        async def prepare(app: Sanic, _: object) -> None:
            guard_requests(app, below=app.url_for(f"{routes.name}.status"))

        routes.listener("before_server_start")(prepare)
        routes.listener("after_server_start")(start)
        routes.listener("before_server_stop")(self._stop)
        routes.listener("after_server_stop")(self._leave)
        has_own_metadata = type(self).get_metadata is not InputChannel.get_metadata
        webhook = WebhookReceiver(
            settings=self._settings,
            clock=self._clock,
            engine=lambda: self._engine,
            metadata_of=self.get_metadata if has_own_metadata else None,
        )
        for method, path, name, handler, streams in (
            ("GET", "/", "status", self._status, False),
            ("GET", "/health", "health", self._health, False),
            ("GET", "/metrics", "metrics", self._metrics, False),
            ("GET", "/webhook", "handshake", webhook.handshake, False),
            ("POST", "/webhook", "receive", webhook.receive, True),
        ):
            routes.add_route(
                _as_function(handler), path, methods=[method], name=name, stream=streams
            )
        if self._settings.public_url is not None:
            add_context(routes, settings=self._settings, engine=lambda: self._engine)
        if self._settings.admin_token is not None:
            OperatorApi(
                admin_token=self._settings.admin_token,
                operator_token=self._settings.operator_token,
                clock=self._clock,
                engine=lambda: self._engine,
            ).add_to(routes)
        return routes

    async def _start(
        self, app: Sanic, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> None:
        assistant = RasaAssistant(
            agent=lambda: getattr(app.ctx, "agent", None), on_new_message=on_new_message
        )
        if assistant.is_mantle():
            self._fail(app, MANTLE_REFUSED)
            return
        store = SqlStore(self._settings.store, worker=_worker_name())
        engine = Engine(
            settings=self._settings,
            store=store,
            graphs=_graphs(self._settings, self._clock, store.has_echo),
            clock=self._clock,
            assistant=assistant,
        )
        try:
            await engine.start()
        except StoreError as error:
            self._fail(app, str(error))
            return
        self._engine = engine
        app.ctx.input_channels.append(_Instagram(self))
        logger.info("The Messenger channel is ready.")

    def _fail(self, app: Sanic, why: str) -> None:
        logger.critical("The Messenger channel can't start: %s", why)
        self._has_failed = True
        app.stop()

    async def _stop(self, _: Sanic, __: object) -> None:
        if self._engine is not None:
            await self._engine.stop()

    async def _leave(self, _: Sanic, __: object) -> None:
        """Make the supervisor see that the process failed: `Sanic.stop` would end it with 0.

        The reason has been logged; Sanic would also log how the exit went through it.
        """
        if self._has_failed:
            logging.getLogger("sanic.error").addFilter(lambda line: not _is_exit(line))
            raise SystemExit(1)

    async def _status(self, _: Request) -> HTTPResponse:
        """Whether the channel has started and takes deliveries."""
        if self._engine is None:
            return json({"status": "starting"}, status=503)
        return json({"status": "ok"})

    async def _health(self, request: Request) -> HTTPResponse:
        problems = self._engine.problems() if self._engine else []
        if not problems:
            return await self._status(request)
        return json({"status": "failing", "problems": _as_json(problems)}, status=503)

    async def _metrics(self, _: Request) -> HTTPResponse:
        if self._engine is None:
            return text("", status=503)
        return raw(self._engine.metrics.page(), content_type=CONTENT_TYPE_LATEST)


class _Instagram(InputChannel):
    """By its name Rasa finds the output for what it says on its own to users on Instagram."""

    def __init__(self, messenger: MessengerInput) -> None:
        self._messenger = messenger

    @classmethod
    def name(cls) -> str:
        return Platform.INSTAGRAM.value

    def get_output_channel(self) -> MessengerOutput | None:
        return self._messenger.output_on(Platform.INSTAGRAM)


def _graphs(
    settings: Settings, clock: Clock, heard_elsewhere: HeardElsewhere
) -> Graph | Mapping[str, Graph]:
    app_closing = PageClosing("every page of the app")

    def of_token(page_access_token: str, page_name: str) -> HttpGraph:
        return HttpGraph(
            graph_url=settings.graph_url,
            page_access_token=page_access_token,
            app_id=settings.app_id,
            app_secret=settings.secret,
            clock=clock,
            page_name=page_name,
            app_closing=app_closing,
            sends_a_second=settings.sends_a_second,
            media_sends_a_second=settings.media_sends_a_second,
            heard_elsewhere=heard_elsewhere,
        )

    if settings.page_access_token is not None:
        return of_token(settings.page_access_token, "the page")
    graphs: dict[str, Graph] = {}
    for page, one in settings.pages.items():
        graphs[page] = of_token(one.page_access_token, f"page {page}")
        if one.instagram is not None:
            graphs[one.instagram] = graphs[page]
    return graphs


def _look_for_garbage_less() -> None:
    """Each look walks what is there while the event loop stands still.

    Rasa's and TensorFlow's modules are half a million objects; no model is loaded yet. What is
    under way for a few dozen deliveries at once is more than Python lets come before a look: it
    would walk the same once more for each handful of them.
    """
    gc.freeze()
    young, *older = gc.get_threshold()
    if young:  # else nobody is to look
        gc.set_threshold(max(young, _MOST_YOUNG_OBJECTS), *older)


def _log_as_much_as_rasa() -> None:
    """Else a library that raises the root logger's level while a model loads hides our lines."""
    ours = logging.getLogger(__package__)
    if ours.level == logging.NOTSET:
        ours.setLevel(logging.getLogger("rasa").level)


class _Routes(Blueprint):
    """The channel's routes. Each instance needs a name of its own, or Sanic refuses it first."""

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        prefix = (options.get("url_prefix") or "").strip("/")
        if any(route.path.startswith(f"{prefix}/") for route in app.router.routes):
            raise InvalidConfigException(
                "credentials.yml has another section that answers under "
                f"/{prefix}, besides that of {MessengerInput.__name__}: keep one of the two."
            )
        super().register(app, options)


def _is_exit(line: logging.LogRecord) -> bool:
    return line.exc_info is not None and isinstance(line.exc_info[1], SystemExit)


def _as_json(problems: list[HealthProblem]) -> list[dict[str, str]]:
    return [
        {"part": one.part.value, "message": one.message, "remedy": one.remedy} for one in problems
    ]


def _as_function(handler: _Handler) -> _Handler:
    """Sanic 21.12 sets attributes on its handlers, which methods do not allow."""

    def handle(request: Request) -> Awaitable[HTTPResponse]:
        return handler(request)

    return handle


def _worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
