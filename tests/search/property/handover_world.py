"""The channel's engine between the emulator and a scripted assistant, and those who watch it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from channels.core.events import Echo, Event
from channels.core.sessions.session import Session
from channels.core.settings.notify import NotifyTarget
from channels.core.settings.settings import parse_settings
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore
from tests.scenario.desk import Desk
from tests.search.property.bot.calls_under_way import CallsUnderWay
from tests.search.property.bot.history import History
from tests.search.property.bot.processes import LAPSES_WITHIN, NEVER, Cut
from tests.search.property.bot.tracking_assistant import BACK_INTENT, TrackingAssistant
from tests.search.property.bot.witnesses import Observed, ProblemLog
from tests.search.property.bot.workers import Surroundings, Worker
from tests.search.property.emulated_platform import (
    BOT,
    BOT_APP,
    DESK,
    INBOXES,
    EmulatedPlatform,
    Json,
)
from tests.search.property.office_hours import HOURS
from tests.search.property.unreliable_network import Delivery, UnreliableNetwork

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
_LONGEST_IN_STEPS, _STEP = timedelta(minutes=2), timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What a world begins with: the date, where the team is, and what the assistant can do."""

    begins_at: datetime
    zone: str
    on_failure: str
    knows_of_starts: bool
    workers: int


class SharedStore(MemoryStore):
    """A database that several machines share, which tells its own time."""

    clock: ManualClock

    async def time(self) -> datetime:
        return self.clock.now()


class World:
    """One page with its bot, from the first message to the last.

    `clock` is Meta's. The machines' may be ahead or behind: a process goes by what its machine
    showed when it began, and by the database's, if there are several. `taken` has what was
    acknowledged, besides echoes; `echoed` when the bot was told that Meta has a
    message, by the ids of these. `may_tell_twice` says that answers of operators' were lost.
    """

    def __init__(self, platform: EmulatedPlatform, circumstances: Circumstances) -> None:
        self.platform = platform
        self.clock = clock = ManualClock(circumstances.begins_at)
        self.furthest_apart = timedelta()
        self.stopped_at = NEVER
        self.network = UnreliableNetwork(self._receive, clock)
        self.calls = CallsUnderWay()
        self.history = History(clock, zone=circumstances.zone)
        self.observed = Observed()
        self.rasa = TrackingAssistant(knows_of_starts=circumstances.knows_of_starts, clock=clock)
        self.problems = ProblemLog()
        self.desks: dict[str, Desk] = {}
        self.taken: list[Event] = []
        self.echoed: dict[str, datetime] = {}
        self.may_tell_twice = False
        self._around = Surroundings(
            settings=parse_settings(_section(platform, circumstances)),
            clock=clock,
            calls=self.calls,
            history=self.history,
            observed=self.observed,
            rasa=self.rasa,
            desk_of=self._desk_of,
        )
        self._ahead = [timedelta()] * circumstances.workers
        self._numbers = count(1)
        self.stored = self._store("observer", None)
        self.workers = [self._worker(ahead) for ahead in self._ahead]
        self._ready: list[Worker] = []
        self._dead: list[Worker] = []  # or Python would complain of tasks that nobody waits for

    def _store(self, worker: str, shared: MemoryStore | None) -> MemoryStore:
        if len(self._ahead) == 1:
            return MemoryStore(worker=worker, shared=shared)
        store = SharedStore(worker=worker, shared=shared)
        store.clock = self.clock
        return store

    def _worker(self, ahead: timedelta) -> Worker:
        """A new process."""
        store = self._store(f"worker {next(self._numbers)}", self.stored)
        worker = Worker(self._around, store, ahead=ahead)
        if len(self._ahead) == 1:
            self.history.shared = worker.clock
        return worker

    def _desk_of(self, target: NotifyTarget) -> Desk:
        return self.desks.setdefault(target.shown, Desk())

    async def start(self) -> None:
        await self.platform.begin(self.clock)
        self.platform.webhook.receive = self.network.carry
        for worker in self.workers:
            await self._start(worker)
        await self.settle()

    async def _start(self, worker: Worker) -> None:
        await worker.start()
        self._ready.append(worker)

    async def stop(self) -> None:
        """Stop the bot; what is on its way to it waits."""
        for worker in self.workers:
            await self._stop(worker)
        await self.settle()
        for worker in self._dead:
            worker.process.bury()
        await cancel_what_is_left()

    async def _stop(self, worker: Worker) -> None:
        """As SIGTERM does, if the process is there to hear of it; or else it is killed."""
        self.stopped_at = self.clock.now()
        self._ready.remove(worker)
        worker.process.cut_at(None)
        self.rasa.goes_on.set()
        if worker.process.is_well:
            stopping = asyncio.create_task(worker.engine.stop())
            while not stopping.done():  # it waits for turns, and some of them wait for the clock
                await self.wait(SECOND)
            await stopping
        else:
            await worker.die()
            self._dead.append(worker)

    async def restart(self, number: int) -> None:
        """Stop a worker, or what is left of it, and start another one in its place."""
        number %= len(self.workers)
        self.may_tell_twice |= self._is_telling()
        await self._stop(self.workers[number])
        self.workers[number] = self._worker(self._ahead[number])
        await self._start(self.workers[number])
        await self.settle()
        await self.network.repeat_unacknowledged()

    def cut(self, number: int, cut: Cut) -> bool:
        """Let a worker stand still, or die, where it comes to that; False if it does so already."""
        process = self.workers[number % len(self.workers)].process
        if process.is_well:
            self.may_tell_twice = True
            process.cut_at(cut)
        return process.is_well

    async def go_on(self, number: int) -> None:
        """Let a worker go on that stands still; one that is dead is started again."""
        worker = self.workers[number % len(self.workers)]
        if worker.process.is_dead:
            await self.restart(number)
        else:
            worker.process.go_on()

    async def recover(self) -> None:
        """From now on all workers are there."""
        for number, worker in enumerate(self.workers):
            worker.process.cut_at(None)
            await self.go_on(number)

    def set_machine(self, number: int, ahead: timedelta) -> None:
        """Somebody sets a machine's clock; the next process there goes by it."""
        number %= len(self.workers)
        self._ahead[number] = self.workers[number].clock.ahead = ahead
        if len(self.workers) == 1:
            self.furthest_apart = max(self.furthest_apart, abs(ahead))

    async def settle(self) -> None:
        """Return once everybody waits: for the clock, or for what a step holds back."""
        calm = 0
        while calm < _CALM:
            is_busy = bool(self.calls) or self.platform.webhook.is_awaited
            calm = 0 if is_busy else calm + 1
            await asyncio.sleep(0)
        if not all(worker.process.is_well for worker in self.workers):
            self.stopped_at = self.clock.now()

    async def wait(self, duration: timedelta) -> None:
        """Let time pass, and whatever it brings.

        Of several workers none is late for its claims, if it is not very long.
        """
        in_steps = len(self.workers) > 1 and duration <= _LONGEST_IN_STEPS
        step = min(_STEP, duration) if in_steps else duration
        for _ in range(max(1, duration // step)):
            began = self.clock.now()
            self.clock.advance(step)
            if step >= LAPSES_WITHIN:
                self._were_late_since(began)
            await self.settle()
            if any(worker.process.is_well for worker in self._ready):
                await self.network.repeat_unacknowledged()
        await self.settle()

    def _were_late_since(self, moment: datetime) -> None:
        for worker in self.workers:
            worker.process.was_late_since(moment)
        # A notice may be under way, and others may take it up.
        self.may_tell_twice |= len(self.workers) > 1 and self._is_telling()

    def _is_telling(self) -> bool:
        return any(desk.hangs is not None for desk in self.desks.values())

    async def return_thread(self, session: Session) -> None:
        """An operator asks a worker for it."""
        well = [worker for worker in self._ready if worker.process.is_well]
        if well:
            await well[0].engine.operations.return_thread(session)

    async def _receive(self, delivery: Delivery) -> bool:
        """Whether a worker has acknowledged it; they get deliveries in turn."""
        well = [worker for worker in self._ready if worker.process.is_well]
        if not well:
            return False
        self._ready.remove(well[0])
        self._ready.append(well[0])
        events = await well[0].take(delivery)
        for event in events or ():
            if not isinstance(event, Echo):
                self.taken.append(event)
            elif event.mid is not None:
                self.echoed.setdefault(event.mid, self.clock.now())
        return events is not None


async def cancel_what_is_left() -> None:
    """What processes that were killed had begun, and nobody waits for."""
    left = [task for task in asyncio.all_tasks() if "/channels/" in _file_of(task)]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _file_of(task: asyncio.Task[object]) -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return code.co_filename if code is not None else ""


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
