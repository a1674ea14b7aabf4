"""The engine: has recorded events and due sessions handled, thread by thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from ..core.briefing.situation import Situation
from ..core.errors import StoreError
from ..core.events import Platform, Thread
from ..core.meta.broadcasts import Broadcasts
from ..core.settings.notify import NotifyTarget
from ..core.settings.settings import Settings
from ..dialogue.assistant import Assistant
from ..dialogue.dialogue import Dialogue
from ..dialogue.output import MessengerOutput
from ..dialogue.typing_indicator import TypingIndicator
from ..graph.pages import PagesGraph
from ..graph.protocol import Graph
from ..graph.threads import Threads
from ..handover.availability import Availability
from ..handover.ending import Endings
from ..handover.feedback import FeedbackKeeper
from ..handover.handovers import Handovers
from ..handover.ledger import Ledger
from ..handover.opening import Openings
from ..handover.passing import Passing
from ..handover.routing_status import RoutingStatus
from ..handover.telling_attempts import TellingAttempts
from ..handover.waiting import WaitingRoom
from ..instruments.clock import Clock, SharedClock
from ..instruments.metrics import Metrics
from ..instruments.rare_lines import RareLine
from ..instruments.shared_time import SharedTime
from ..instruments.suspects import Suspects
from ..notify.notifier import Notifier
from ..notify.targets import Target, target_of
from ..store.protocol import CLAIM_LEASE, Store
from .delivery import Delivery
from .due import DueSessions
from .handling import EventHandler
from .health import CHECK_INTERVAL, LOOK_INTERVAL, WEBHOOK_INTERVAL, HealthProblem, HealthWatch
from .inbox import Inbox
from .intake import Intake
from .operations.names import Names
from .operations.operations import Operations
from .own_echoes import OwnEchoes
from .own_pages import OwnPages
from .queues import ThreadQueues
from .retrying import Retrying

logger = logging.getLogger(__name__)

POLL_INTERVAL = timedelta(milliseconds=250)  # how late, at most, due work is noticed
AVAILABILITY_INTERVAL = timedelta(seconds=15)
COUNTING_INTERVAL = timedelta(minutes=1)
RENEWAL_INTERVAL = CLAIM_LEASE / 3
NOTICE_INTERVAL = timedelta(seconds=1)
PRUNING_INTERVAL = timedelta(minutes=1)
INBOX_RETENTION = timedelta(hours=48)  # longer than Meta repeats a delivery
STORE_LINE_INTERVAL = timedelta(seconds=10)  # a store that is away is asked many times a second
STOP_GRACE = timedelta(seconds=10)
STORE_GRACE = timedelta(seconds=3)  # in a stop, for each step that only the store can hold up


class Engine:
    """Runs one worker's share of all threads.

    `graphs` is the page's Graph, or the Graphs of several pages, by the ids that webhooks use.
    `target_of` makes a notice's target from its settings.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graphs: Graph | Mapping[str, Graph],
        clock: Clock,
        assistant: Assistant,
        target_of: Callable[[NotifyTarget], Target] = target_of,
    ) -> None:
        self._settings = settings
        self._store = store
        self._own_clock = clock
        self.metrics = metrics = Metrics()
        self._graph = graph = PagesGraph(graphs, metrics)
        self.clock = shared = SharedClock(clock, skew=graph.skew)  # for times that are stored
        self._shared_time = SharedTime(store=store, clock=shared, own_clock=clock)
        self._health = HealthWatch(
            store=store, graph=graph, clock=shared, own_clock=clock, metrics=metrics
        )
        self.own_pages = OwnPages(settings=settings, graph=graph, clock=clock, metrics=metrics)
        broadcasts = Broadcasts()
        self._queues = ThreadQueues()
        self._due = asyncio.Event()  # a session has something due at once
        self._workers = 1
        self._store_line = RareLine(STORE_LINE_INTERVAL)
        self._loops: list[asyncio.Task[None]] = []
        threads = Threads(settings=settings, graph=graph)
        typing = TypingIndicator(graph)
        self._availability = Availability(
            settings=settings, store=store, clock=shared, metrics=metrics
        )
        suspects = Suspects(clock)
        ledger = Ledger(
            store=store,
            clock=shared,
            suspects=suspects,
            targets=[(target.name, target.events) for target in settings.notify],
        )
        waiting_room = WaitingRoom(store=store, ledger=ledger, metrics=metrics)
        self._assistant, self._threads = assistant, threads
        openings = Openings(
            settings=settings,
            store=store,
            ledger=ledger,
            metrics=metrics,
            waiting_room=waiting_room,
            language=assistant.language,
        )
        passing = Passing(
            settings=settings,
            store=store,
            graph=graph,
            ledger=ledger,
            language=assistant.language,
            situation=self.situation,
            typing_off=typing.ended,
        )
        own_echoes = OwnEchoes(store=store, graph=graph, clock=clock, shared_clock=shared)
        self._delivery = Delivery(
            several_pages=bool(settings.pages),
            store=store,
            graph=graph,
            clock=clock,
            shared_clock=shared,
            openings=openings,
            passing=passing,
            events=self._queues,
            typing=typing,
            due=self._due,
            suspects=suspects,
            own_echoes=own_echoes,
        )
        self._dialogue = Dialogue(
            settings=settings,
            store=store,
            clock=shared,
            metrics=metrics,
            assistant=assistant,
            threads=threads,
            openings=openings,
            waiting_room=waiting_room,
            availability=self._availability,
            feedback=FeedbackKeeper(store=store, clock=shared, metrics=metrics),
            outbox=self._delivery,
            typing=typing,
        )
        self._notifiers = [
            Notifier(
                name=one.name,
                shown=one.shown,
                target=target_of(one),
                store=store,
                clock=shared,
                metrics=metrics,
            )
            for one in settings.notify
        ]
        tellings = TellingAttempts(ledger=ledger, metrics=metrics, suspects=suspects)
        endings = Endings(
            tellings=tellings,
            graph=graph,
            ledger=ledger,
            metrics=metrics,
            rasa=self._dialogue,
            openings=openings,
        )
        self._handovers = Handovers(
            tellings=tellings,
            store=store,
            graph=graph,
            ledger=ledger,
            metrics=metrics,
            openings=openings,
            passing=passing,
            endings=endings,
            waiting_room=waiting_room,
            rasa=self._dialogue,
            outbox=self._delivery,
        )
        self._due_sessions = DueSessions(
            store=store,
            clock=shared,
            queues=self._queues,
            dialogue=self._dialogue,
            handovers=self._handovers,
            due=self._due,
        )
        self.names = names = Names(graph=graph, clock=clock, of_users=settings.profiles)
        self.operations = Operations(
            names=names,
            keeps_transcripts=settings.transcript,
            store=store,
            clock=shared,
            endings=endings,
            waiting_room=waiting_room,
            threads=threads,
            due=self._due,
        )
        handler = EventHandler(
            settings=settings,
            store=store,
            graph=graph,
            routing=RoutingStatus(setting=settings.routing, graph=graph, clock=clock),
            openings=openings,
            handovers=self._handovers,
            endings=endings,
            dialogue=self._dialogue,
            delivery=self._delivery,
            own_echoes=own_echoes,
            own_pages=self.own_pages,
            broadcasts=broadcasts,
            clock=shared,
        )
        self._inbox = Inbox(
            store=store,
            clock=shared,
            queues=self._queues,
            retrying=Retrying(
                store=store,
                clock=clock,
                shared_clock=shared,
                metrics=metrics,
                handle=handler.handle,
                dies=self._dialogue.hand_over,
                ready=self._dialogue.ready,
                suspects=suspects,
            ),
        )
        self.intake = Intake(
            store=store,
            graph=graph,
            clock=shared,
            own_clock=clock,
            health=self._health,
            broadcasts=broadcasts,
            own_echoes=own_echoes,
            inbox=self._inbox,
        )

    async def start(self) -> None:
        """Open the store and begin; raises StoreError if it can't be used.

        What an earlier run has left in the inbox is queued first, before anything new comes.
        """
        await self._store.open()
        await self._shared_time.agree()
        await self._attempt(self._shared_time.correct_dates)
        await self._attempt(self._look)
        await self._attempt(self._inbox.claim)
        self._loops.append(asyncio.create_task(self._poll_forever()))
        for step, interval in (
            (self._shared_time.agree, RENEWAL_INTERVAL),
            (self._renew_claims, RENEWAL_INTERVAL),
            (self._prune, PRUNING_INTERVAL),
            (self._handovers.count_open, COUNTING_INTERVAL),
            (self._availability.look, AVAILABILITY_INTERVAL),
            (self._look, LOOK_INTERVAL),
            (self._look_at_notices, LOOK_INTERVAL),
            (self._graph.check, CHECK_INTERVAL),  # a refused token, before a user waits for it
            (self._health.check_webhooks, WEBHOOK_INTERVAL),
        ):
            self._loops.append(asyncio.create_task(self._forever(step, interval)))
        self._loops.append(asyncio.create_task(self._forever(self.names.ask_some, timedelta())))
        for notifier in self._notifiers:  # none of them waits for another one
            telling = self._forever(notifier.tell_due, NOTICE_INTERVAL)
            self._loops.append(asyncio.create_task(telling))

    async def stop(self) -> None:
        """Give turns and sends that are under way a while to finish, then stop.

        What is left is given back to the store, where other workers find it at once.
        """
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._dialogue.begin_no_more()
        await _within(STORE_GRACE, self.intake.finished())
        began = asyncio.get_running_loop().time()
        try:
            await asyncio.wait_for(self._queues.drained(), STOP_GRACE.total_seconds())
        except asyncio.TimeoutError:
            logger.warning("Some turns are not finished; they begin again after the next start.")
        await _within(STORE_GRACE, self._queues.cancel())
        await _within(STORE_GRACE, self._due_sessions.cancel())
        # Turns and sends share the grace; a send that a turn leaves behind gets a moment at least.
        taken = timedelta(seconds=asyncio.get_running_loop().time() - began)
        grace = max(STOP_GRACE - taken, min(STOP_GRACE, STORE_GRACE))
        await _within(grace + STORE_GRACE, self._delivery.stop(grace))
        await _within(STORE_GRACE, self._attempt(self._store.release))
        await self._dialogue.stop()
        await self._graph.close()
        for notifier in self._notifiers:
            await notifier.close()
        await self._store.close()

    def problems(self) -> list[HealthProblem]:
        """What keeps this worker from its work, as far as is known; answers at once."""
        return self._health.problems()

    async def situation(self, thread: Thread) -> Situation:
        """Where the thread's conversation stands; raises what Rasa's tracker store raises."""
        return await self._assistant.situation(self._threads.sender_id(thread))

    def output(self, platform: Platform = Platform.MESSENGER) -> MessengerOutput:
        """An output for what Rasa says on its own (reminders, external triggers)."""
        return self._dialogue.output_on_its_own(platform)

    async def idle(self) -> None:
        """Return once nothing that was accepted is left to do, and what was said is sent."""
        await self._queues.drained()
        await self._delivery.drained()

    async def _poll_forever(self) -> None:
        while True:
            await self._attempt(self._poll)
            sleeping = asyncio.ensure_future(self._own_clock.sleep(POLL_INTERVAL))
            waiting = asyncio.ensure_future(self._due.wait())
            try:
                await asyncio.wait({sleeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleeping.cancel()
                waiting.cancel()
            self._due.clear()

    async def _poll(self) -> None:
        # The inbox first: the event that led to a session comes before what becomes of it.
        await self._attempt(self._inbox.claim)
        await self._attempt(self._delivery.claim)
        await self._attempt(self._due_sessions.claim)

    async def _look(self) -> None:
        workers = await self._health.look()
        if workers != self._workers:
            self._graph.share_among(workers)
        self._workers = workers

    async def _look_at_notices(self) -> None:
        if self._notifiers:
            self.metrics.notices_are(await self._store.notices_backlog(), self.clock.now())

    async def _renew_claims(self) -> None:
        await self._store.renew_claims(self.clock.now())

    async def _prune(self) -> None:
        await self._store.prune(
            min(self.clock.now(), self.clock.metas()),  # a clock that is ahead deletes nothing
            inbox_retention=INBOX_RETENTION,
            session_retention=self._settings.retention,
            transcript_retention=self._settings.transcript_retention,
        )

    async def _forever(self, step: Callable[[], Awaitable[None]], interval: timedelta) -> None:
        while True:
            await self._attempt(step)
            await self._own_clock.sleep(interval)

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except StoreError as error:
            times = self._store_line.times(self._own_clock.now())
            if times:
                logger.error(
                    "Work waits for the store (%d times since the last such line): %s", times, error
                )
        except Exception:
            logger.exception("A step of the engine failed; it is tried again.")


async def _within(limit: timedelta, step: Awaitable[object]) -> None:
    """Carry out a step of the stop; if it takes longer than the limit, it is cancelled."""
    try:
        await asyncio.wait_for(step, limit.total_seconds())
    except asyncio.TimeoutError:
        logger.warning(
            "The store holds up the shutdown; what is left is done after the next start."
        )
