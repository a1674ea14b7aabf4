"""Delivery: what the bot says reaches Meta, thread by thread, in order, however long it takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from ..core.errors import (
    TRY_LATER,
    ClaimLost,
    GraphError,
    GraphTimeout,
    GraphUnavailable,
    ProcessDied,
    StoreError,
    StoreUnavailable,
)
from ..core.events import Thread
from ..core.meta.ownership import Owner
from ..core.records.dead import DeadId, Part, error_class
from ..core.records.outgoing import (
    MOST_LOST_ANSWERS,
    Fate,
    Outgoing,
    OutgoingEntry,
    Said,
    Standing,
    fate_of,
)
from ..core.sessions.session import Cause, Session, State
from ..dialogue.fair_limit import FairLimit
from ..dialogue.typing_indicator import TypingIndicator
from ..graph.protocol import Graph
from ..handover.opening import Openings
from ..handover.passing import Passing
from ..instruments.clock import Clock
from ..instruments.leases import working_on
from ..instruments.log_fields import thread_fields
from ..instruments.suspects import MOST_DEATHS, Suspects
from ..store.protocol import Store
from .inbox import BATCH, Workload
from .own_echoes import OwnEchoes
from .queues import ThreadQueues

logger = logging.getLogger(__name__)

MOST_SENDS = 100  # at once in one worker; Meta's limits are per page, and kept elsewhere
ECHO_GRACE = timedelta(seconds=5)  # for the echo of what another worker may have sent
PAUSE = timedelta(seconds=1)  # before a message is sent again; then ever longer
LONGEST_PAUSE = timedelta(seconds=30)
_LOST = "another app controls the thread"
PATIENCE = timedelta(minutes=10)  # with a message that Meta refuses while it accepts others
MOMENT = timedelta(seconds=10)  # for which another app may have had a thread that is ours again

T = TypeVar("T")


class Delivery:
    """One worker's part of the outbox: stores what Rasa says, and sends it.

    `events` are the queues of the threads' events; `due` is set when a session has something due
    at once.
    """

    def __init__(
        self,
        *,
        several_pages: bool,
        store: Store,
        graph: Graph,
        clock: Clock,
        shared_clock: Clock,
        openings: Openings,
        passing: Passing,
        events: ThreadQueues,
        typing: TypingIndicator,
        due: asyncio.Event,
        suspects: Suspects,
        own_echoes: OwnEchoes,
    ) -> None:
        self._store = store
        self._graph = graph
        self._clock = clock
        self._shared_clock = shared_clock
        self._openings = openings
        self._passing = passing
        self._events = events
        self._typing = typing
        self._due = due
        self._suspects = suspects
        self._own_echoes = own_echoes
        self._queues = ThreadQueues()
        self._workload = Workload()
        self._places = FairLimit(MOST_SENDS, several_pages=several_pages)
        self._left_some = True
        self._is_stopping = False
        self._left_behind: set[Thread] = set()  # each has a message that waits for the next start
        self._queued: dict[int, OutgoingEntry] = {}

    # What a turn asks

    async def said(self, thread: Thread, turn: str) -> list[Said]:
        return await self._store.said(thread, turn)

    async def say(self, outgoing: Outgoing, *, held: bool, in_turn: bool) -> None:
        in_hand = not held and self._workload.take_all([outgoing.thread])
        entry = None
        try:
            entry = await self._store.say(outgoing, in_hand=in_hand, held=held, in_turn=in_turn)
        finally:
            if in_hand and entry is None:
                self._workload.let_go(outgoing.thread)
        if entry is None:
            self._left_some = True
        else:
            self._queue(entry)

    async def say_again(self, thread: Thread, said: Said) -> None:
        if said.is_waiting and said.position not in self._queued:
            # Stored by this worker, which never heard that it was.
            entry = await self._store.take_again(said.position, self._stamp())
            if entry is not None:
                self._workload.take(thread)
                self._queue(entry)

    async def withdraw(self, positions: list[int]) -> None:
        await self._store.withdraw(positions)

    def pass_control(self, session: Session) -> None:
        self._queues.put(session.thread, partial(self._pass, session))

    # What the engine asks

    async def user_wrote(self, thread: Thread) -> None:
        """Send what is held for the thread's user: the window is open again. Raises StoreError."""
        for entry in await self._store.free_held(thread, self._stamp()):
            self._workload.take(thread)
            self._queue(entry)

    async def claim(self) -> None:
        """Take from the store what nobody has in hand, while there is room. Raises StoreError."""
        while True:
            threads, pages = self._workload.full_threads(), self._workload.full_pages()
            self._left_some = bool(threads or pages)
            entries = await self._store.claim_outgoing(
                self._stamp(), limit=BATCH, without_threads=threads, without_pages=pages
            )
            for entry in entries:
                self._workload.take(entry.outgoing.thread)
                self._queue(entry)
            if not entries:
                return

    async def drained(self) -> None:
        """Return once nothing in hand is waiting any more."""
        await self._queues.drained()

    async def stop(self, grace: timedelta) -> None:
        """Send what can be sent at once, for at most `grace`; the rest waits for the next start."""
        self._is_stopping = True
        try:
            await asyncio.wait_for(self._queues.drained(), grace.total_seconds())
        except asyncio.TimeoutError:
            logger.warning("Some messages are not sent yet; they will be after the next start.")
        await self._queues.cancel()

    # Sending

    def _stamp(self) -> datetime:
        """The time to store; how long to wait goes by this worker's own clock."""
        return self._shared_clock.now()

    def _queue(self, entry: OutgoingEntry) -> None:
        self._queued[entry.position] = entry
        not_before = self._clock.now() + ECHO_GRACE if entry.is_doubtful else None
        self._queues.put(entry.outgoing.thread, partial(self._deliver, entry, not_before))

    async def _deliver(self, entry: OutgoingEntry, not_before: datetime | None) -> None:
        thread = entry.outgoing.thread
        try:
            if self._queued.get(entry.position) is not entry:
                return  # in the meantime it was held, and freed: it is in the queue once more
            if thread in self._left_behind or (not_before is not None and self._is_stopping):
                self._left_behind.add(thread)
                return
            if not_before is not None:
                await self._clock.sleep(not_before - self._clock.now())
            with working_on(entry, store=self._store, clock=self._shared_clock):
                await self._try_until_settled(entry)
        except ClaimLost:
            logger.info("Another worker goes on with a message.", extra=_fields(entry))
        except Exception as error:  # left in hand, it would hold up its thread for good
            logger.exception("Sending a message failed.", extra=_fields(entry))
            await self._give_up(entry, error)
        finally:
            self._workload.let_go(thread)
            if self._queued.get(entry.position) is entry:
                del self._queued[entry.position]
        if self._left_some and self._workload.has_run_low(thread) and not self._is_stopping:
            await self._once_stored(self.claim)

    async def _try_until_settled(self, entry: OutgoingEntry) -> None:
        began, waits = self._clock.now(), 0
        while await self._is_to_be_sent(entry):
            error = await self._try(entry, is_suspect=entry.was_lost and not waits)
            if error is None or await self._is_settled(entry, error, began):
                return
            if self._is_stopping:
                self._left_behind.add(entry.outgoing.thread)
                return
            await self._wait(entry.outgoing.thread.page, error, waits)
            waits += 1

    async def _try(self, entry: OutgoingEntry, *, is_suspect: bool) -> GraphError | None:
        if not is_suspect:
            return await self._send(entry)
        id_ = DeadId(part=Part.MESSAGE, position=entry.position)

        async def count(times: int) -> int:
            return await self._once_stored(lambda: self._store.attempt(id_, times))

        async with self._suspects.begun(entry.attempts, count) as may:
            if may:
                return await self._send(entry)
        died = ProcessDied(f"Sending it has ended the process {MOST_DEATHS} times.")
        await self._give_up(entry, died)
        return None

    async def _is_to_be_sent(self, entry: OutgoingEntry) -> bool:
        standing, session = await self._once_stored(lambda: self._store.before_send(entry))
        is_taken = session is not None and session.takes_the_floor
        if standing is not Standing.WAITING or is_taken:
            self._typing.end(entry.outgoing.thread)  # no message will come that ends it
        if standing is Standing.DROPPED:
            _log_drop(entry, _LOST)
        elif standing is Standing.WAITING and is_taken:
            _log_drop(entry, "a live agent has the thread")
            await self._once_stored(lambda: self._store.drop(entry, self._stamp()))
            return False
        return standing is Standing.WAITING

    async def _send(self, entry: OutgoingEntry) -> GraphError | None:
        """Send it, and store that Meta has it; or return the error."""
        said = entry.outgoing
        async with self._places.place(said.thread.page):
            self._typing.answered(said.thread)
            try:
                mid = await self._graph.send(said.thread, said.message, mark=said.mark)
            except GraphError as error:
                return error
            except StoreError as error:  # nobody can tell whether it is still ours to send
                return GraphUnavailable(f"The store does not answer: {error}")
        with self._own_echoes.storing(said.mark):
            await self._once_stored(lambda: self._store.sent(entry.position, mid, self._stamp()))
        return None

    async def _is_settled(self, entry: OutgoingEntry, error: GraphError, began: datetime) -> bool:
        """Whether the error decides what becomes of the message, so that it is not sent again."""
        tried_for = self._clock.now() - began
        fate = fate_of(error, waited_out=tried_for >= PATIENCE)
        if fate is Fate.WAIT:
            return isinstance(error, GraphTimeout) and await self._is_lost_for_good(entry, error)
        if fate is Fate.HOLD:
            logger.info("A message waits until its user writes: %s", error, extra=_fields(entry))
            await self._once_stored(lambda: self._store.hold(entry.position))
        elif fate is Fate.LOST:
            # The session first: if the process ends in between, the message is refused once more.
            is_back = tried_for < MOMENT and await self._is_ours(entry.outgoing.thread)
            if is_back or not await self._once_stored(lambda: self._lose(entry.outgoing)):
                return False
            _log_drop(entry, _LOST)
            await self._once_stored(lambda: self._store.drop(entry, self._stamp(), rest=True))
        elif fate is Fate.DROP:
            name = entry.outgoing.response
            logger.warning("%s was not sent: %s", name, error, extra=_fields(entry))
            await self._once_stored(lambda: self._store.drop(entry, self._stamp()))
        else:
            await self._give_up(entry, error)
        return True

    async def _is_lost_for_good(self, entry: OutgoingEntry, error: GraphTimeout) -> bool:
        """Whether so many answers were lost that the message must not be sent again.

        If echoes come, a message without one has not arrived, and is sent again, ever more rarely.
        """
        lost = await self._once_stored(lambda: self._store.answer_lost(entry.position))
        if lost < MOST_LOST_ANSWERS or error.echoes_come:
            logger.warning(
                "The answer to %s was lost, and no echo has come: it is sent again, and may show "
                "twice.",
                entry.outgoing.response,
                extra=_fields(entry),
            )
            return False
        logger.error(
            "%s was sent %d times, and neither an answer nor an echo has come: it may have been "
            "delivered up to that many times, or never, and is not sent again. Subscribe the page "
            "to 'message_echoes'.",
            entry.outgoing.response,
            lost,
            extra=_fields(entry),
        )
        await self._once_stored(lambda: self._store.drop(entry, self._stamp()))
        return True

    async def _give_up(self, entry: OutgoingEntry, error: Exception) -> None:
        name, why = entry.outgoing.response, error_class(error)
        logger.error("%s was not sent: %s", name, error, extra=_fields(entry))
        await self._once_stored(
            lambda: self._store.give_up(entry.position, self._stamp(), error=why)
        )

    async def _is_ours(self, thread: Thread) -> bool:
        """Whether Meta says that the thread is ours: another app may have had it for a moment."""
        try:
            is_ours = await self._graph.owner(thread) is Owner.OURS
        except GraphError:
            return False
        if is_ours:
            logger.info(
                "Meta refuses a message in a thread that is the bot's by now: it is sent again.",
                extra=thread_fields(thread),
            )
        return is_ours

    async def _lose(self, said: Outgoing) -> bool:
        """Another app has the thread: begin a session. False if the message is to be sent again.

        That is so while the thread's last session is telling its end: that has to finish first, and
        by then the thread may be back, which no webhook reports.
        """
        session = await self._store.open_session(said.thread)
        # An opening session waits for what was said before it, and the thread's events wait for it.
        if session is None or not (session.regained or session.state is State.OPENING):
            session = await self._adopt(said)
        self._due.set()
        return session is None or not session.regained

    async def _adopt(self, said: Outgoing) -> Session | None:
        """Begin a session between two of the thread's events; returns the one that is then open."""
        begun: list[Session | None] = []

        async def adopt() -> None:
            session = await self._openings.adopt(said.thread, None, said.cause)
            if session is None:  # the turn has already led to one, which is over
                lost = Cause(at=said.cause.at, key=said.mark)
                session = await self._openings.adopt(said.thread, None, lost)
            begun.append(session)

        await self._events.run_first(said.thread, adopt)
        if not begun:
            raise StoreUnavailable("A session for a thread that was lost could not be stored.")
        return begun[0]

    async def _pass(self, session: Session) -> None:
        """Pass control, now that everything said before has been sent."""
        with suppress(ClaimLost):  # the worker that has the session passes control
            passed = await self._once_stored(lambda: self._passing.pass_control(session))
            if passed.state is State.ENDING or not passed.is_announced:
                self._due.set()  # Rasa is to be told

    async def _wait(self, page: str, error: GraphError, waits: int) -> None:
        """Wait until Meta may accept a message of the page."""
        pause = min(PAUSE * 2.0 ** min(waits, 10), LONGEST_PAUSE)
        if isinstance(error, GraphTimeout) and waits + 2 >= MOST_LOST_ANSWERS:
            # The next try may be the last one: give whatever is in the way time to go.
            pause = LONGEST_PAUSE * 2.0 ** min(max(waits - MOST_LOST_ANSWERS, 0), 5)
        await self._clock.sleep(max(pause, error.retry_after))
        while (closed := self._graph.closed_page(page)) is not None and not self._is_stopping:
            await self._clock.sleep(max(closed.until - self._clock.now(), timedelta()))
            with suppress(*TRY_LATER):
                await self._graph.probe(page)

    async def _once_stored(self, step: Callable[[], Awaitable[T]]) -> T:
        """What a step on the store returns; tries again for as long as the store is away."""
        is_told = False
        while True:
            try:
                return await step()
            except StoreError as error:
                if not is_told:
                    logger.error("Sending is paused until the store is back: %s", error)
                is_told = True
            await self._clock.sleep(PAUSE)


def _log_drop(entry: OutgoingEntry, why: str) -> None:
    logger.warning(
        "%s was not sent, because %s.", entry.outgoing.response, why, extra=_fields(entry)
    )


def _fields(entry: OutgoingEntry) -> dict[str, Any]:
    return {"position": entry.position, **thread_fields(entry.outgoing.thread)}
