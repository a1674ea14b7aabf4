"""A page with its users and an agent around the engine: all of Meta and Rasa, in process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from channels.core.errors import GraphUnavailable, StoreUnavailable
from channels.core.events import (
    Array,
    ControlPassed,
    Echo,
    Event,
    Platform,
    Postback,
    Thread,
    UserMessage,
)
from channels.core.plans import INBOX_APP_IDS
from channels.core.sessions.session import Session, session_id_for
from channels.core.settings.notify import NotifyTarget
from channels.core.settings.settings import parse_settings
from channels.engine.engine import Engine
from channels.store.protocol import CLAIM_LEASE, Store
from tests.fakes.clock import ManualClock
from tests.fakes.graph import MemoryGraph
from tests.fakes.store import MemoryStore
from tests.scenario.desk import Desk
from tests.scenario.scripted_assistant import (
    HANDOVER,
    Locks,
    Script,
    ScriptedAssistant,
    TrackerStore,
    reason_of,
)
from tests.scenario.wire import Wire, WiredClock

MakeStore = Callable[[str], Store]

BOT = "900"
INBOX = INBOX_APP_IDS[Platform.MESSENGER]
PAGE = "111000111000111"
ANNA = Thread(page=PAGE, user="2001")
SECOND = timedelta(seconds=1)
TIMEOUT = timedelta(minutes=30)
PLAN: Mapping[str, Any] = {"timeout": "30m", "keywords": ["menu"], "return-payloads": ["/back"]}

_CALM = 25  # turns of the event loop without a call: longer than any task goes on by itself


class Worker:
    """One process with the channel in it."""

    def __init__(self, world: World, wire: Wire, store: Store, ahead: timedelta) -> None:
        self.wire = wire
        self.store = store
        self.starting: asyncio.Task[None] | None = None
        tracker_store = wire.wrap(world.tracker_store, failure=OSError("No tracker store"))
        self.assistant = ScriptedAssistant(world.script, tracker_store, world.locks)
        self.engine = Engine(
            settings=parse_settings(world.section),
            store=wire.wrap(store, failure=StoreUnavailable("No store")),
            graphs=wire.wrap(world.graph, failure=GraphUnavailable("No Graph")),
            clock=WiredClock(world.clock, wire, ahead),
            assistant=self.assistant,
            target_of=world.desk_of,
        )


class World:
    """Everything but the workers outlives them: Meta, the clock, the store, the tracker store.

    Events are delivered to the first worker, on the array that the owner of the thread decides.
    A world in memory need not be closed.
    """

    def __init__(
        self,
        make_store: MakeStore | None = None,
        *,
        graph: type[MemoryGraph] = MemoryGraph,
        **settings: Any,
    ) -> None:
        self.section = _section(settings)
        self.clock = ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))
        self.graph = graph(app_id=BOT, page_id=PAGE, clock=self.clock)
        self.tracker_store = TrackerStore()
        self.script = Script(answers={"human": ["connecting", HANDOVER]})
        self.locks = Locks()
        self.desks: dict[str, Desk] = {}  # whom operators' notices go to, by their host
        self.workers: list[Worker] = []
        self._dead: list[Worker] = []
        self.make_store = make_store or _stores_in_memory()
        self._numbers = count(1)
        self._keys: dict[str, str] = {}

    @property
    def engine(self) -> Engine:
        return self.workers[0].engine

    @property
    def store(self) -> Store:
        return self.workers[0].store

    def desk_of(self, target: NotifyTarget) -> Desk:
        return self.desks.setdefault(target.shown, Desk())

    # Workers

    async def start(self, wire: Wire | None = None, *, ahead: timedelta = timedelta()) -> Worker:
        """Start a worker beside those that run, on a machine whose clock may be ahead."""
        store = self.make_store(f"worker {next(self._numbers)}")
        worker = Worker(self, wire or Wire(), store, ahead)
        self.workers.append(worker)
        worker.starting = asyncio.create_task(worker.engine.start())
        await first(worker.starting, worker.wire.halted)
        await self.settle()
        return worker

    async def kill(self) -> None:
        """Kill every worker where it is, as SIGKILL does."""
        for worker in self.workers:
            worker.wire.die()
        await self._bury_dead()

    async def replace_dead(self) -> None:
        """Let the claims and locks of the dead expire, and start a worker if none is left."""
        await self._bury_dead()
        if not self.workers:
            await self.start()
        await self.wait(CLAIM_LEASE + SECOND)

    async def settle(self) -> None:
        """Return once every worker is dead or waits: for the clock, or for what a test holds."""
        calm = 0
        while calm < _CALM:
            busy = [worker.wire for worker in self.workers if worker.wire.is_busy]
            if busy:
                await busy[0].returned()
            else:
                await asyncio.sleep(0)
            calm = 0 if busy else calm + 1

    async def wait(self, duration: timedelta) -> None:
        """Let time pass, and whatever it brings."""
        self.clock.advance(duration)
        await self.settle()

    # People

    def message(self, text: str, thread: Thread = ANNA, **fields: Any) -> UserMessage:
        message = UserMessage(**{**self._common(thread), "text": text, **fields})
        self._keys[text] = message.key
        return message

    def postback(self, thread: Thread = ANNA, **fields: Any) -> Postback:
        return Postback(**{**self._common(thread), **fields})

    def echo(self, text: str, thread: Thread = ANNA, **fields: Any) -> Echo:
        common = {**self._common(thread), "array": Array.STANDBY, "app_id": INBOX}
        return Echo(**{**common, "text": text, **fields})

    def control_passed(self, thread: Thread = ANNA, **fields: Any) -> ControlPassed:
        common = {**self._common(thread), "array": Array.MESSAGING}
        del common["mid"]
        return ControlPassed(
            **{**common, "previous_owner": INBOX, "new_owner": BOT, "metadata": "", **fields}
        )

    async def deliver(self, *events: Event) -> None:
        await self.engine.intake.accept(events)
        await self.settle()

    async def user_says(self, text: str, thread: Thread = ANNA) -> None:
        await self.wait(SECOND)
        await self.deliver(self.message(text, thread))

    async def operator_says(self, text: str, thread: Thread = ANNA) -> None:
        await self.wait(SECOND)
        await self.deliver(self.echo(text, thread))

    async def agent_returns(self, thread: Thread = ANNA) -> None:
        await self.wait(SECOND)
        self.graph.threads[thread] = BOT
        await self.deliver(self.control_passed(thread))

    async def operator_asks(self, thread: Thread = ANNA) -> bool:
        """The operator asks for the thread's return through the API."""
        asked = await self.engine.operations.return_thread(await self.session(thread))
        await self.settle()
        return asked

    async def hand_over(self, thread: Thread = ANNA) -> Session:
        """A handover that began a second ago, with what led to it forgotten."""
        await self.user_says("human", thread)
        await self.wait(SECOND)
        self.graph.sent.clear()
        self.graph.calls.clear()
        return await self.session(thread)

    # What came of it

    async def session(self, thread: Thread = ANNA) -> Session:
        """The open session."""
        session = await self.store.open_session(thread)
        assert session is not None
        return session

    def said(self, thread: Thread = ANNA) -> list[str]:
        """What the user has read from the bot."""
        return [message["text"] for sent_to, message in self.graph.sent if sent_to == thread]

    def heard(self, thread: Thread = ANNA) -> list[str]:
        """The user's texts in the tracker, and the ends of handovers as <reason>."""
        return [
            f"<{reason}>" if (reason := reason_of(turn)) else turn.text
            for turn in self.tracker_store.turns
            if turn.sender_id == thread.user
        ]

    def ends(self, thread: Thread = ANNA) -> list[str]:
        """The reasons of the ended handovers in the tracker."""
        return [text[1:-1] for text in self.heard(thread) if text.startswith("<")]

    async def session_of(self, text: str) -> Session:
        """The session that the user's message with this text has led to."""
        session = await self.store.session(session_id_for(self._keys[text]))
        assert session is not None
        return session

    def calls(self, verb: str) -> int:
        return sum(call.verb == verb for call in self.graph.calls)

    async def _bury_dead(self) -> None:
        for worker in [worker for worker in self.workers if worker.wire.died.is_set()]:
            await worker.store.close()
            self.locks.expire(worker.assistant)
            self.workers.remove(worker)
            self._dead.append(worker)  # or Python would complain of tasks that nobody waits for

    def _common(self, thread: Thread) -> dict[str, Any]:
        number, now = next(self._numbers), self.clock.now()
        is_ours = self.graph.threads.get(thread) in (None, BOT)
        array = Array.MESSAGING if is_ours else Array.STANDBY
        common = {"key": f"event {number}", "mid": f"m_{number}", "thread": thread}
        return {**common, "array": array, "at": now, "received_at": now}


# What is set aside stays so, but where a test is about that.
_USUAL = {"routing": "on", "on-failure": "off", "plans": {"default": PLAN}}


def _section(settings: dict[str, Any]) -> dict[str, Any]:
    required = {"verify": "v", "secret": "s", "page-access-token": "t", "app-id": BOT}
    given = {name.replace("_", "-"): value for name, value in settings.items()}
    return deepcopy({**required, **_USUAL, **given})  # a test may change its own


def _stores_in_memory() -> MakeStore:
    first = MemoryStore(worker="first")
    return lambda worker: MemoryStore(worker=worker, shared=first)


async def first(task: asyncio.Task[None], event: asyncio.Event) -> bool:
    """Whether the task has finished before the event came."""
    coming = asyncio.create_task(event.wait())
    await asyncio.wait({task, coming}, return_when=asyncio.FIRST_COMPLETED)
    coming.cancel()
    if task.done():
        task.result()
    return task.done()
