"""A worker of the bot: a process with the channel's engine in it, until it stops or dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels.core.events import Array, Echo, Event, UserMessage
from channels.core.meta.app_secret import check_signature, mark_in
from channels.core.notices import Notice
from channels.core.settings.notify import NotifyTarget
from channels.core.settings.settings import Settings
from channels.engine.engine import INBOX_RETENTION, Engine
from channels.graph.http import HttpGraph
from channels.instruments.clock import Clock
from channels.notify.targets import LIMIT, NotTaken
from channels.store.protocol import Store
from channels.webhook.decoding import decode_delivery
from tests.fakes.clock import ManualClock
from tests.scenario.desk import Desk
from tests.search.property.bot.calls_under_way import CallsUnderWay
from tests.search.property.bot.history import History, KeepingStore
from tests.search.property.bot.processes import Process, ProcessClock
from tests.search.property.bot.tracking_assistant import TrackingAssistant
from tests.search.property.bot.witnesses import Observed, WatchedAssistant, WatchedGraph
from tests.search.property.emulated_platform import BOT, BOT_APP
from tests.search.property.unreliable_network import Delivery


@dataclass(kw_only=True)
class Surroundings:
    """What all workers share."""

    settings: Settings
    clock: ManualClock
    calls: CallsUnderWay
    history: History
    observed: Observed
    rasa: TrackingAssistant
    desk_of: Callable[[NotifyTarget], Desk]


class ToldInTime:
    """A desk that is told as real targets are: a try that gets no answer in time is given up."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    async def tell(self, notice: Notice, now: datetime) -> None:
        telling = asyncio.create_task(self._desk.tell(notice, now))
        limit = asyncio.create_task(self._clock.sleep(LIMIT))
        try:
            await asyncio.wait({telling, limit}, return_when=asyncio.FIRST_COMPLETED)
            if not telling.done():
                raise NotTaken("no answer in time", is_away=True)
            telling.result()
        finally:
            telling.cancel()
            limit.cancel()

    async def close(self) -> None:
        await self._desk.close()


class Worker:
    """A process on a machine whose clock is ahead of Meta's."""

    def __init__(self, around: Surroundings, store: Store, *, ahead: timedelta) -> None:
        self._around = around
        calls, clock, settings = around.calls, around.clock, around.settings
        self.process = process = Process(clock, calls)
        self.clock = ProcessClock(clock, process, ahead)
        keeping = KeepingStore(calls.of(store), around.history, process)
        self._graph = HttpGraph(
            graph_url=settings.graph_url,
            page_access_token=BOT_APP.page_access_token,
            app_id=settings.app_id,
            app_secret=settings.secret,
            clock=calls.but_sleeping_on(self.clock),
        )
        watched = WatchedGraph(
            calls.of(self._graph), store=keeping, clock=clock, observed=around.observed
        )
        assistant = WatchedAssistant(
            around.rasa, history=around.history, process=process, observed=around.observed
        )
        self.engine = Engine(
            settings=settings,
            store=process.of(keeping),
            graphs=process.of(watched),
            clock=self.clock,
            assistant=process.of(assistant),
            target_of=lambda target: process.of(ToldInTime(around.desk_of(target), self.clock)),
        )

    async def start(self) -> None:
        await self._unless_halted(self.engine.start())

    async def take(self, delivery: Delivery) -> list[Event] | None:
        """What `MessengerInput` does with a delivery: its events, once they are acknowledged."""
        check_signature(delivery.body, delivery.signature, BOT_APP.secret)
        clock = self.engine.clock
        events = decode_delivery(delivery.body, clock.now(), metas=clock.metas())
        taken = []
        for event in events:
            if event.at >= clock.metas() - INBOX_RETENTION:
                if isinstance(event, UserMessage) and event.array is Array.STANDBY:
                    self._around.observed.on_standby[event.mid] = event.at
                if not await self._unless_halted(self._hear(event)):
                    return None
                taken.append(event)
        return taken

    async def _hear(self, event: Event) -> None:
        if not isinstance(event, Echo) or not _is_own(event):
            await self.engine.intake.accept([event])
        elif (mark := mark_in(event.metadata, BOT_APP.secret)) is not None:
            await self.engine.intake.hear_echo(mark)

    async def die(self) -> None:
        """The machine takes its connections from it."""
        self.process.die()
        await self._graph.close()

    async def _unless_halted(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether the work was done before the process came to a halt."""
        working = asyncio.create_task(work)
        halting = asyncio.create_task(self.process.halted.wait())
        await asyncio.wait({working, halting}, return_when=asyncio.FIRST_COMPLETED)
        halting.cancel()
        if not working.done() or working.cancelled():
            return False
        working.result()
        return True


def _is_own(echo: Echo) -> bool:
    return echo.app_id == BOT or mark_in(echo.metadata, BOT_APP.secret) is not None
