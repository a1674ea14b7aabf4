"""The engine: takes recorded events and due sessions to their handling, thread by thread."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from ..core.errors import StoreError
from ..core.events import Event, PageRoles, Platform, Thread, page_and_user_of
from ..core.sessions import Cause, State
from ..core.settings import Settings
from ..dialogue.assistant import Assistant
from ..dialogue.dialogue import Dialogue
from ..dialogue.output import MessengerOutput
from ..graph.pages import PagesGraph
from ..graph.protocol import Graph
from ..handover.handovers import Handovers
from ..handover.routing_status import RoutingStatus
from ..instruments.clock import Clock
from ..instruments.metrics import Metrics
from ..store.protocol import CLAIM_LEASE, Store
from .handling import EventHandler
from .health import CHECK_INTERVAL, LOOK_INTERVAL, HealthProblem, HealthWatch
from .inbox import Inbox
from .operations import Operations
from .queues import ThreadQueues
from .retrying import Retrying

logger = logging.getLogger(__name__)

POLL_INTERVAL = timedelta(milliseconds=250)  # how late, at most, due work is noticed
COUNTING_INTERVAL = timedelta(minutes=1)
RENEWAL_INTERVAL = CLAIM_LEASE / 3
PRUNING_INTERVAL = timedelta(minutes=1)
INBOX_RETENTION = timedelta(hours=48)  # longer than Meta repeats a delivery
STOP_GRACE = timedelta(seconds=10)
MOST_DUE = 500  # sessions that are in hand at once, because something is due
DUE_BATCH = 100  # of them claimed at once


class Engine:
    """Runs one worker's share of all threads.

    `graphs` is the page's Graph, or those of several pages by the ids that webhooks name.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graphs: Graph | Mapping[str, Graph],
        clock: Clock,
        assistant: Assistant,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self.metrics = Metrics()
        self._graph = graph = PagesGraph(graphs, self.metrics)
        self._health = HealthWatch(store=store, graph=graph, clock=clock, metrics=self.metrics)
        self._queues = ThreadQueues()
        self._due: set[str] = set()
        self._workers = 1
        self._loops: list[asyncio.Task[None]] = []
        self._dialogue = Dialogue(
            settings=settings,
            store=store,
            graph=graph,
            clock=clock,
            metrics=self.metrics,
            assistant=assistant,
            thread_of=self._thread_of,
            is_silent=self._is_silent,
            hand_over=self._hand_over,
            lost=self._lost,
        )
        self._handovers = Handovers(
            settings=settings,
            store=store,
            graph=graph,
            clock=clock,
            metrics=self.metrics,
            language=assistant.language,
            tell_started=self._dialogue.tell_started,
            tell_ended=self._dialogue.tell_ended,
        )
        self.operations = Operations(
            settings=settings,
            store=store,
            clock=clock,
            queues=self._queues,
            handovers=self._handovers,
            thread_of=self._thread_of,
            advance=self._advance,
        )
        handler = EventHandler(
            settings=settings,
            store=store,
            graph=graph,
            routing=RoutingStatus(setting=settings.routing, graph=graph, clock=clock),
            handovers=self._handovers,
            dialogue=self._dialogue,
        )
        self._inbox = Inbox(
            store=store,
            clock=clock,
            queues=self._queues,
            retrying=Retrying(
                store=store, clock=clock, metrics=self.metrics, handle=handler.handle
            ),
        )

    async def start(self) -> None:
        """Open the store and begin; raises StoreError where it can't be used.

        What an earlier run has left in the inbox is queued first, before anything new comes.
        """
        await self._store.open()
        await self._attempt(self._health.look)
        await self._attempt(self._report)
        await self._attempt(self._inbox.claim)
        for step, interval in (
            (self._poll, POLL_INTERVAL),
            (self._renew_claims, RENEWAL_INTERVAL),
            (self._report, RENEWAL_INTERVAL),
            (self._prune, PRUNING_INTERVAL),
            (self._count_open, COUNTING_INTERVAL),
            (self._health.look, LOOK_INTERVAL),
            (self._health.check_tokens, CHECK_INTERVAL),
        ):
            self._loops.append(asyncio.create_task(self._forever(step, interval)))

    async def stop(self) -> None:
        """Let turns under way finish for a while, then stop.

        What is left is given back to the store, where other workers find it at once.
        """
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._inbox.settled()
        try:
            await asyncio.wait_for(self._queues.drained(), STOP_GRACE.total_seconds())
        except asyncio.TimeoutError:
            logger.warning("Some turns are not finished; they begin anew after the next start.")
        await self._queues.cancel()
        await self._attempt(self._store.release)
        await self._dialogue.stop()
        await self._graph.close()
        await self._store.close()

    async def accept(self, events: Sequence[Event]) -> None:
        """Record events; once this returns they may be acknowledged. Raises StoreError."""
        await self._inbox.accept(events)

    async def hear_echo(self, mark: str) -> None:
        """A webhook has reported a send of ours, which may be another worker's. Never raises."""
        self._graph.echo_heard(mark)
        if self._workers > 1:
            await self._attempt(partial(self._store.keep_echo, mark, self._clock.now()))

    async def keep_roles(self, roles: PageRoles) -> None:
        """Keep what a webhook tells of apps' roles on a page. Raises StoreError."""
        await self._store.keep_roles(roles)

    def problems(self) -> list[HealthProblem]:
        """What keeps this worker from its work; asks nobody, so it answers at once."""
        return self._health.problems()

    def output(self) -> MessengerOutput:
        """An output for what Rasa says on its own (reminders, external triggers)."""
        return self._dialogue.output()

    async def idle(self) -> None:
        """Return once nothing that was accepted is left to do."""
        await self._queues.drained()

    async def _thread_of(self, sender_id: str) -> Thread:
        page, user = page_and_user_of(sender_id)
        if self._settings.pages and page is not None:
            is_page = page in self._settings.pages
        else:
            page_of_token = await self._graph.page()
            page, is_page = page or page_of_token, page in (None, page_of_token)
        platform = Platform.MESSENGER if is_page else Platform.INSTAGRAM
        return Thread(page=page, user=user, platform=platform)

    async def _is_silent(self, thread: Thread) -> bool:
        return await self._handovers.is_silent(thread)

    async def _hand_over(
        self, thread: Thread, wishes: Mapping[str, Any], cause: Cause | None
    ) -> bool:
        session = await self._handovers.open(thread, wishes, cause or self._on_its_own())
        if session.state is State.ENDING:
            self._queues.put_first(thread, partial(self._advance, session.id))
        return session.is_open and not session.regained

    async def _lost(self, thread: Thread, cause: Cause | None) -> None:
        """A send was refused because somebody has the thread: a session begins.

        Where it was a session's own follow-up, the new one begins once that one has ended.
        """
        cause = cause or self._on_its_own()
        await self._handovers.adopt(thread, None, cause)
        self._queues.put_first(thread, partial(self._adopt, thread, cause))

    async def _adopt(self, thread: Thread, cause: Cause) -> None:
        session = await self._handovers.adopt(thread, None, cause)
        if session is not None:
            await self._handovers.advance_adopted(session, cause)

    def _on_its_own(self) -> Cause:
        return Cause(at=self._clock.now(), key=uuid.uuid4().hex)

    async def _advance(self, session_id: str) -> None:
        session = await self._store.session(session_id)
        if session is not None and session.is_open:
            await self._handovers.advance(session)

    async def _poll(self) -> None:
        # The inbox first: the event that led to a session comes before what becomes of it.
        await self._attempt(self._inbox.claim)
        await self._attempt(self._claim_due)

    async def _claim_due(self) -> None:
        while room := min(DUE_BATCH, MOST_DUE - len(self._due)):
            due = await self._store.claim_due(self._clock.now(), limit=room)
            for session in due:
                self._due.add(session.id)
                self._queues.put(session.thread, partial(self._do_due, session.id))
            if len(due) < room:
                return

    async def _do_due(self, session_id: str) -> None:
        try:
            await self._advance(session_id)
        finally:
            self._due.discard(session_id)

    async def _report(self) -> None:
        workers = await self._store.report(self._clock.now())
        if workers != self._workers:
            self._graph.share_among(workers)
        self._workers = workers

    async def _renew_claims(self) -> None:
        await self._store.renew_claims(self._clock.now())

    async def _count_open(self) -> None:
        await self._handovers.count_open()

    async def _prune(self) -> None:
        await self._store.prune(
            self._clock.now(),
            inbox_retention=INBOX_RETENTION,
            session_retention=self._settings.retention,
            transcript_retention=self._settings.transcript_retention,
        )

    async def _forever(self, step: Callable[[], Awaitable[None]], interval: timedelta) -> None:
        while True:
            await self._attempt(step)
            await self._clock.sleep(interval)

    @staticmethod
    async def _attempt(step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except StoreError as error:
            logger.error("Work waits for the store: %s", error)
        except Exception:
            logger.exception("A step of the engine failed; it is tried again.")
