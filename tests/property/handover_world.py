"""The channel's engine between the emulator and a scripted assistant, with what it did kept."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from calls_under_way import CallsUnderWay
from emulated_platform import BOT, BOT_APP, DESK, INBOX, PAGE, EmulatedPlatform, Json
from tracking_assistant import BACK_INTENT, TrackingAssistant
from unreliable_network import Body, Signature, UnreliableNetwork

from channels.clock import ManualClock
from channels.engine import Engine
from channels.events import Echo, PageRoles, Thread
from channels.graph import Graph
from channels.graph_http import HttpGraph
from channels.sessions import Session
from channels.settings import parse_settings
from channels.signature import check_signature
from channels.store import Store
from channels.webhook import decode_delivery

SECOND = timedelta(seconds=1)
PLANS = {
    "default": {
        "timeout": "30m",
        "idle-timeout": "20m",
        "unanswered-timeout": "10m",
        "owner-probe": "5m",
        "keywords": ["menu"],
        "return-payloads": ["/back"],
        "return-intents": [BACK_INTENT],
    },
    "sales": {"target-app": DESK, "timeout": "1h", "owner-probe": "5m"},
    "astray": {"target-app": "900999999999999"},  # no app of the page
}

_CALM = 25  # turns of the event loop without a call: longer than any task goes on by itself
_BEGINNING = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)


class World:
    """One page with its bot, from the first message to the last."""

    def __init__(
        self, platform: EmulatedPlatform, make_store: Callable[[], Store], *, knows_of_starts: bool
    ) -> None:
        self.platform = platform
        self.clock = ManualClock(_BEGINNING)
        self.assistant = TrackingAssistant(knows_of_starts=knows_of_starts)
        self.network = UnreliableNetwork(self._receive)
        self.calls = CallsUnderWay()
        self.store = KeepingStore(self.calls.of(make_store()))
        self.problems = ProblemLog()
        settings = parse_settings(_section(platform))
        self._graph = HttpGraph(
            graph_url=settings.graph_url,
            page_access_token=BOT_APP.page_access_token,
            app_id=settings.app_id,
            app_secret=settings.secret,
            clock=self.calls.but_sleeping_on(self.clock),
        )
        self.sends = WatchedSends(self.calls.of(self._graph), self.store)
        self.engine = Engine(
            settings=settings,
            store=self.store,  # type: ignore[arg-type]
            graph=self.sends,  # type: ignore[arg-type]
            clock=self.clock,
            assistant=self.assistant,
        )

    async def start(self) -> None:
        await self.platform.begin(self.clock)
        self.platform.webhook.receive = self.network.carry
        await self.engine.start()
        await self.settle()

    async def stop(self) -> None:
        self.assistant.goes_on.set()
        self.platform.webhook.receive = None
        stopping = asyncio.create_task(self.engine.stop())
        while not stopping.done():  # it waits for turns, and some of them wait for the clock
            await self.wait(SECOND)
        await stopping

    async def settle(self) -> None:
        """Return once everybody waits: for the clock, or for what a step holds back."""
        calm = 0
        while calm < _CALM:
            is_busy = bool(self.calls) or self.platform.webhook.is_awaited
            calm = 0 if is_busy else calm + 1
            await asyncio.sleep(0)

    async def wait(self, duration: timedelta) -> None:
        """Let time pass, and whatever it brings."""
        self.clock.advance(duration)
        await self.settle()

    async def _receive(self, body: Body, signature: Signature) -> None:
        """What `MessengerInput` does with a delivery."""
        check_signature(body, signature, BOT_APP.secret)
        for event in decode_delivery(body, self.clock.now()):
            if isinstance(event, PageRoles):
                await self.engine.keep_roles(event)
            elif not isinstance(event, Echo) or event.app_id != BOT:
                await self.engine.accept([event])
            elif event.metadata is not None:
                self._graph.echo_heard(event.metadata)


class KeepingStore:
    """A store that keeps every version of every session."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.versions: defaultdict[str, list[Session]] = defaultdict(list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def add_session(self, session: Session, **claim: Any) -> bool:
        return self._keep(session, await self._store.add_session(session, **claim))

    async def save_session(self, session: Session, **claim: Any) -> bool:
        return self._keep(session, await self._store.save_session(session, **claim))

    def sessions(self) -> list[Session]:
        """Each session as it is now."""
        return [versions[-1] for versions in self.versions.values()]

    def _keep(self, session: Session, stored: bool) -> bool:
        if stored:
            self.versions[session.id].append(session)
        return stored


class WatchedSends:
    """A Graph that notes each message that was sent although the bot knew better."""

    def __init__(self, graph: Graph, store: KeepingStore) -> None:
        self._graph = graph
        self._store = store
        self.against_better_knowledge: list[Mapping[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    async def send(self, thread: Thread, message: Mapping[str, Any]) -> str:
        session = await self._store.open_session(thread)
        if session is not None and not session.regained:
            self.against_better_knowledge.append(message)
        return await self._graph.send(thread, message)


class ProblemLog(logging.Handler):
    """What the channel has logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def tells_of(self, session: Session) -> bool:
        """Whether an error names the session."""
        return any(getattr(record, "session", None) == session.id for record in self.records)


def _section(platform: EmulatedPlatform) -> Json:
    return {
        "verify": BOT_APP.verify_token,
        "secret": BOT_APP.secret,
        "page-access-token": BOT_APP.page_access_token,
        "app-id": BOT,
        "graph-url": f"{platform.url}/v25.0",
        "requests": [DESK, INBOX],
        "plans": PLANS,
    }


def thread_of(user: str) -> Thread:
    return Thread(page=PAGE, user=user)
