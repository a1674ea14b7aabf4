"""The emulator as an aiohttp application, and as a server for use inside a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import web

from .chat.page import chat_routes
from .chat.same_origin import same_origin
from .control.desk import DeskControl
from .control.files import FileControl
from .control.http import mounted
from .control.inbox import InboxControl
from .control.people import PeopleControl
from .control.protocol import ProtocolControl
from .control.settings import SettingsControl
from .desk.bot import BotLink
from .desk.notices import NoticeReceiver
from .graph.api import GraphApi
from .graph.app import GraphApp
from .graph.dispatch import GraphDispatch
from .graph.labels import GraphLabels
from .graph.messaging import GraphMessaging
from .graph.page import GraphPage, GraphUser
from .graph.profile import GraphProfile
from .graph.uploads import GraphAttachments, GraphPersonas
from .platform.deeds.labels import Labels
from .platform.deeds.people import People
from .platform.deeds.refusals import Refusals
from .platform.deeds.sends import Sends
from .platform.deeds.thread_control import ThreadControl
from .platform.delivery import Deliveries
from .platform.faults import FaultPlan
from .platform.platform import Platform
from .platform.state.config import check_config, default_config
from .platform.state.log import ProtocolLog
from .platform.state.models import Config
from .platform.state.state import State
from .platform.webhook_client import WebhookClient

LARGEST_BODY = 32 * 1024**2  # bytes
SHUTDOWN_GRACE = timedelta(seconds=1)


def create_app(config: Config | None = None) -> web.Application:
    """The emulator as an application. Raises ConfigError if the configuration cannot be used."""
    config = config or default_config()
    check_config(config)
    state = State(config)
    log = ProtocolLog(state.clock)
    faults = FaultPlan()
    client = WebhookClient(state.answer_within)
    deliveries = Deliveries(state, log, faults, client)
    platform = Platform(state, log, deliveries)
    control = ThreadControl(platform)
    sends = Sends(platform, control)
    refusals = Refusals(platform, control, sends)
    labels = Labels(platform)
    bot = BotLink(state)
    graph = _graph(platform, control, sends, client, labels)
    own = [
        *SettingsControl(platform, faults).routes(),
        *PeopleControl(platform, People(platform), refusals).routes(),
        *InboxControl(platform, sends, control, labels).routes(),
        *DeskControl(platform, NoticeReceiver(state, log), bot).routes(),
        *FileControl().routes(),
        *ProtocolControl(platform, faults=faults, deliveries=deliveries, client=client).routes(),
    ]

    async def lifetime(_: web.Application) -> AsyncIterator[None]:
        yield
        await deliveries.stop()
        await client.close()
        await bot.close()

    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[same_origin])
    app.cleanup_ctx.append(lifetime)
    app.add_routes(mounted(own))
    app.add_routes(chat_routes())
    app.router.add_route("*", "/{path:.*}", GraphApi(state, graph, faults, log).handle)
    return app


def _graph(
    platform: Platform,
    control: ThreadControl,
    sends: Sends,
    client: WebhookClient,
    labels: Labels,
) -> GraphDispatch:
    state = platform.state
    attachments, personas = GraphAttachments(state), GraphPersonas(state)
    messaging = GraphMessaging(platform, control, sends, attachments=attachments, personas=personas)
    of_labels = GraphLabels(platform, labels)
    parts = (messaging, attachments, personas, of_labels, GraphPage(state), GraphProfile(state))
    edges = {key: edge for part in parts for key, edge in part.edges().items()}
    apps, user = GraphApp(state, client), GraphUser(state)
    return GraphDispatch(state, edges, apps=apps, user=user, personas=personas, labels=of_labels)


@asynccontextmanager
async def running(
    config: Config | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve an emulator and yield its URL; port 0 takes a free one.

    async with running() as url:
        ...  # f"{url}/v25.0/me/messages", f"{url}/_emulator/config", the chat page at url
    """
    runner = web.AppRunner(
        create_app(config), access_log=None, shutdown_timeout=SHUTDOWN_GRACE.total_seconds()
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
