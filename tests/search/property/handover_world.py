"""The channel's engine between the emulator and a scripted assistant, and those who watch it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from channels.core.events import Array, Echo, UserMessage
from channels.core.meta.app_secret import check_signature, mark_in
from channels.core.settings.notify import NotifyTarget
from channels.core.settings.settings import parse_settings
from channels.engine.engine import INBOX_RETENTION, Engine
from channels.graph.http import HttpGraph
from channels.webhook.decoding import decode_delivery
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore
from tests.scenario.desk import Desk
from tests.search.property.calls_under_way import CallsUnderWay
from tests.search.property.emulated_platform import (
    BOT,
    BOT_APP,
    DESK,
    INBOXES,
    EmulatedPlatform,
    Json,
)
from tests.search.property.office_hours import HOURS
from tests.search.property.tracking_assistant import BACK_INTENT, TrackingAssistant
from tests.search.property.unreliable_network import Delivery, UnreliableNetwork
from tests.search.property.witnesses import KeepingStore, ProblemLog, WatchedAssistant, WatchedGraph

SECOND = timedelta(seconds=1)
NOTIFY = ({"apprise": "desk://one"}, {"apprise": "chat://two"})
PLANS: dict[str, Json] = {
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
    "office": {"hours": HOURS, "timeout": "1h", "owner-probe": "5m"},
    "evening": {
        "hours": HOURS,
        "when-closed": "wait",
        "wait-at-most": "1d",
        "timeout": "30m",
        "owner-probe": "5m",
    },
}

_CALM = 25  # turns of the event loop without a call: longer than any task goes on by itself


class ProcessClock:
    """The clock of a process on a machine whose own clock somebody sets while it runs.

    It shows what the machine showed when the process began, and what has passed since.
    """

    def __init__(self, clock: ManualClock, ahead: timedelta) -> None:
        self._clock = clock
        self._ahead = ahead

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def metas(self) -> datetime:
        return self.now()

    def wall(self) -> datetime:
        return self._clock.wall()

    async def sleep(self, duration: timedelta) -> None:
        await self._clock.sleep(duration)


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What a world begins with: the date, where the team is, and what the assistant can do."""

    begins_at: datetime
    zone: str
    on_failure: str
    knows_of_starts: bool


class World:
    """One page with its bot, from the first message to the last.

    `clock` is Meta's. The machine's may be ahead or behind; a process goes by what it showed when
    the process began. `may_repeat` says that answers of Meta's were lost, `may_tell_twice` that
    answers of operators' were.
    """

    def __init__(self, platform: EmulatedPlatform, circumstances: Circumstances) -> None:
        self.platform = platform
        self.clock = ManualClock(circumstances.begins_at)
        self.process = ProcessClock(self.clock, timedelta())
        self.furthest_apart = timedelta()
        self.stopped_at = datetime.fromtimestamp(0, timezone.utc)
        self.network = UnreliableNetwork(self._receive, self.clock)
        self.calls = CallsUnderWay()
        self.store = KeepingStore(
            self.calls.of(MemoryStore(worker="bot")), self.clock, zone=circumstances.zone
        )
        self.rasa = TrackingAssistant(knows_of_starts=circumstances.knows_of_starts)
        self.assistant = WatchedAssistant(self.rasa, self.store)
        self.problems = ProblemLog()
        self.desks: dict[str, Desk] = {}
        self.may_repeat = self.may_tell_twice = False
        self._settings = parse_settings(_section(platform, circumstances))
        self._make_engine()

    def _make_engine(self) -> None:
        """A new process."""
        self.process = ProcessClock(self.clock, self.clock.wall_is_ahead)
        self.store.process = self.process
        self._graph = HttpGraph(
            graph_url=self._settings.graph_url,
            page_access_token=BOT_APP.page_access_token,
            app_id=self._settings.app_id,
            app_secret=self._settings.secret,
            clock=self.calls.but_sleeping_on(self.process),
        )
        self.graph = WatchedGraph(self.calls.of(self._graph), self.store, self.clock)
        self.engine = Engine(
            settings=self._settings,
            store=self.store,
            graphs=self.graph,
            clock=self.process,
            assistant=self.assistant,
            target_of=self._desk_of,
        )

    def _desk_of(self, target: NotifyTarget) -> Desk:
        return self.desks.setdefault(target.shown, Desk())

    async def start(self) -> None:
        await self.platform.begin(self.clock)
        self.platform.webhook.receive = self.network.carry
        await self.engine.start()
        await self.settle()

    async def stop(self) -> None:
        """Stop the bot; what is on its way to it waits."""
        self.stopped_at = self.clock.now()
        self.network.is_stalled = True
        self.rasa.goes_on.set()
        stopping = asyncio.create_task(self.engine.stop())
        while not stopping.done():  # it waits for turns, and some of them wait for the clock
            await self.wait(SECOND)
        await stopping
        await self.settle()

    async def restart(self) -> None:
        was_stalled = self.network.is_stalled
        self.may_tell_twice |= any(desk.hangs is not None for desk in self.desks.values())
        await self.stop()
        self._make_engine()
        await self.engine.start()
        if not was_stalled:
            await self.network.recover()

    def set_machine(self, ahead: timedelta) -> None:
        """Somebody sets the machine's clock; the next process goes by it."""
        self.clock.wall_is_ahead = ahead
        self.furthest_apart = max(self.furthest_apart, abs(ahead))

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

    async def _receive(self, delivery: Delivery) -> None:
        """What `MessengerInput` does with a delivery."""
        check_signature(delivery.body, delivery.signature, BOT_APP.secret)
        for event in decode_delivery(delivery.body, self.engine.clock.now()):
            if isinstance(event, UserMessage) and event.array is Array.STANDBY:
                self.assistant.on_standby[event.mid] = event.at
            if event.at < self.engine.clock.metas() - INBOX_RETENTION:
                continue
            if not isinstance(event, Echo) or not self._is_own(event):
                await self.engine.accept([event])
            elif (mark := mark_in(event.metadata, BOT_APP.secret)) is not None:
                await self.engine.hear_echo(mark)

    @staticmethod
    def _is_own(echo: Echo) -> bool:
        return echo.app_id == BOT or mark_in(echo.metadata, BOT_APP.secret) is not None


def _section(platform: EmulatedPlatform, circumstances: Circumstances) -> Json:
    zoned = {
        name: {**plan, "timezone": circumstances.zone} if "hours" in plan else plan
        for name, plan in PLANS.items()
    }
    return {
        "verify": BOT_APP.verify_token,
        "secret": BOT_APP.secret,
        "page-access-token": BOT_APP.page_access_token,
        "app-id": BOT,
        "graph-url": f"{platform.url}/v25.0",
        "requests": [DESK, *INBOXES],
        "on-failure": circumstances.on_failure,
        "notify": NOTIFY,
        "plans": zoned,
    }
