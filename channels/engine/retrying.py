"""Handles a recorded event, however long that takes, until it is done or set aside as dead."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from ..core.errors import (
    TRY_LATER,
    ClaimLost,
    GraphUnavailable,
    ProcessDied,
    RasaUnavailable,
    StoreError,
    TurnNotSaved,
    TurnTimedOut,
)
from ..core.events import Event
from ..core.meta.backoff import Backoff
from ..core.records.dead import DeadId, Part, error_class
from ..core.records.inbox import InboxEntry
from ..instruments.clock import Clock
from ..instruments.leases import still_ours, working_on
from ..instruments.log_fields import thread_fields
from ..instruments.metrics import Metrics
from ..instruments.suspects import MOST_DEATHS, Suspects
from ..store.protocol import DEAD_AFTER_FAILURES, Store

logger = logging.getLogger(__name__)

RETRY_PAUSE = timedelta(seconds=1)  # before an event that failed is tried again
LONGEST_PAUSE = timedelta(seconds=30)  # between tries of an event that waits for Meta
_BACKOFF = Backoff(first=RETRY_PAUSE, longest=LONGEST_PAUSE)
_FOR_GOOD = (ProcessDied, TurnTimedOut, TurnNotSaved)
_AT_ONCE = timedelta(seconds=1)  # an event that was read so recently has not waited
PATIENCE = timedelta(minutes=10)  # with an event that Meta does not answer while it answers others

T = TypeVar("T")


class Handle(Protocol):
    """Handles an event completely, or raises."""

    async def __call__(self, event: Event, *, repeated: bool) -> None: ...


class Retrying:
    """Tries to handle entries, one after another in each thread's queue.

    An event that fails again and again is set aside, so that it does not hold up its thread. A rate
    limit, a refused token or an outage is not its own failure: then it waits.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        shared_clock: Clock,
        metrics: Metrics,
        handle: Handle,
        dies: Callable[[Event], Awaitable[None]],
        ready: Callable[[], Awaitable[None]],
        suspects: Suspects,
    ) -> None:
        """`ready` returns once Rasa has a model loaded; `dies` is called before an event is set
        aside for good.
        """
        self._store = store
        self._clock = clock
        self._shared_clock = shared_clock
        self._metrics = metrics
        self._handle = handle
        self._suspects = suspects
        self._dies = dies
        self._ready = ready

    async def handle(self, entry: InboxEntry, *, read_at: datetime | None = None) -> None:
        """Handle an entry until it is done, or dead, or another worker's.

        `read_at` is when its event was read from the store, unless it has waited in a queue since.
        """
        waits, failures, repeated = 0, entry.failures, entry.is_repeated
        failed_first_at: datetime | None = None
        waits_for: str | None = None
        while True:
            try:
                with working_on(entry, store=self._store, clock=self._shared_clock):
                    await still_ours()
                    is_new = self._was_just_read(read_at)
                    event = entry.event if is_new else await self._as_it_is(entry)
                    await self._trying(entry, event, repeated=repeated)
            except ClaimLost:
                if not await self._is_ours(entry):
                    logger.info("Another worker goes on with an event.", extra=_fields(entry))
                    return
                pause = RETRY_PAUSE  # only a step of it is another worker's
            except Exception as error:
                failed_first_at = failed_first_at or self._clock.now()
                what = _waits_for(error, self._clock.now() - failed_first_at)
                if what is None:
                    failures += 1
                    if await self._has_died(entry, error, failures):
                        return
                else:
                    _log_wait(entry, what, error, told=waits_for)
                    waits_for = what
                pause = _pause(error, waits)
                waits += isinstance(error, TRY_LATER)
            else:
                await self._once_stored(
                    lambda: self._store.done(entry.position, self._shared_clock.now())
                )
                return
            repeated = True
            read_at = None
            await self._clock.sleep(pause)

    def _was_just_read(self, read_at: datetime | None) -> bool:
        return read_at is not None and abs(self._shared_clock.now() - read_at) <= _AT_ONCE

    async def _as_it_is(self, entry: InboxEntry) -> Event:
        """The event as it is now: while it waited, it may have been taken back or edited."""
        return await self._store.recorded(entry.position) or entry.event

    def _trying(self, entry: InboxEntry, event: Event, *, repeated: bool) -> Awaitable[None]:
        if entry.was_lost:
            return self._try_suspect(entry, event, repeated=repeated)
        return self._handle(event, repeated=repeated)

    async def _try_suspect(self, entry: InboxEntry, event: Event, *, repeated: bool) -> None:
        id_ = DeadId(part=Part.EVENT, position=entry.position)

        async def count(times: int) -> int:
            # Wait until it is stored: if it failed, what has been handled would be handled again.
            return await self._once_stored(lambda: self._store.attempt(id_, times))

        await self._ready()  # until a model is loaded it has not begun, and is not to blame
        async with self._suspects.begun(entry.attempts, count) as may:
            if not may:
                raise ProcessDied(f"Handling it has ended the process {MOST_DEATHS} times.")
            await self._handle(event, repeated=repeated)

    async def _has_died(self, entry: InboxEntry, error: Exception, failures: int) -> bool:
        for_good = isinstance(error, _FOR_GOOD)  # another try would be no better
        is_last = for_good or failures >= DEAD_AFTER_FAILURES
        if for_good:
            logger.error("An event can't be handled: %s", error, extra=_fields(entry))
        else:
            logger.exception("Handling an event failed.", extra=_fields(entry))
        if is_last:  # first, so that nobody is left alone if the worker is killed in between
            await self._step_in(entry)
        failed = partial(self._store.failed, error=error_class(error), for_good=is_last)
        is_dead = await self._once_stored(lambda: failed(entry.position, self._shared_clock.now()))
        if is_dead:
            self._metrics.dead.inc()
            logger.error(
                "An event is set aside for good. Once its cause is fixed, `rasa-handover dead "
                "--retry` takes it up again.",
                extra=_fields(entry),
            )
        return is_dead

    async def _step_in(self, entry: InboxEntry) -> None:
        async def step_in() -> None:
            await still_ours()
            await self._dies(entry.event)

        try:
            with working_on(entry, store=self._store, clock=self._shared_clock):
                await self._once_stored(step_in)
        except ClaimLost:
            logger.info("Another worker goes on with an event.", extra=_fields(entry))
        except Exception as error:  # it must not keep the event from being set aside
            logger.error(
                "A user whose bot has failed is not handed over (%s). The event is set aside all "
                "the same; hand the user over by hand, and report this.",
                type(error).__name__,
                extra=_fields(entry),
            )

    async def _is_ours(self, entry: InboxEntry) -> bool:
        return await self._once_stored(lambda: self._store.holds(entry, self._shared_clock.now()))

    async def _once_stored(self, step: Callable[[], Awaitable[T]]) -> T:
        """What a step on the store returns; tries again for as long as the store is away."""
        is_told = False
        while True:
            try:
                return await step()
            except StoreError as error:
                if not is_told:
                    logger.error("The outcome of an event can't be stored yet: %s", error)
                is_told = True
            await self._clock.sleep(RETRY_PAUSE)


def _log_wait(entry: InboxEntry, what: str, error: Exception, *, told: str | None) -> None:
    """Log each reason once, however long it lasts: many events may wait, tried every second."""
    if what != told:
        level = logging.ERROR if isinstance(error, StoreError) else logging.INFO
        logger.log(level, "An event waits for %s: %s", what, error, extra=_fields(entry))


def _waits_for(error: Exception, tried_for: timedelta) -> str | None:
    """What keeps an event from being handled now; None if it is the event itself that fails.

    A message that Meta can't deal with looks like an outage in which others get through now and
    then: only time tells the two apart.
    """
    if isinstance(error, StoreError):
        return "the store"
    if isinstance(error, RasaUnavailable):
        return "Rasa"
    if isinstance(error, GraphUnavailable) and error.others_answered and tried_for >= PATIENCE:
        return None
    return "Meta" if isinstance(error, TRY_LATER) else None


def _pause(error: Exception, waits: int) -> timedelta:
    """The pause before the next try; for Meta, it gets longer each time."""
    if not isinstance(error, TRY_LATER):
        return RETRY_PAUSE
    pause = _BACKOFF.pause(before=waits)
    return max(pause, error.retry_after)


def _fields(entry: InboxEntry) -> dict[str, Any]:
    return {"position": entry.position, **thread_fields(entry.event.thread)}
