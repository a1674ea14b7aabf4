"""Takes in what the webhook has brought: it is recorded in time, or left for Meta to repeat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import msgspec

from ..core.errors import StoreError, StoreUnavailable
from ..core.events import Echo, Event
from ..core.meta.broadcasts import Broadcasts
from ..core.meta.metas_clock import MOST_SKEW
from ..graph.protocol import Graph
from ..instruments.clock import Clock
from ..instruments.time_limits import TimeLimits
from ..store.protocol import Store
from .health import HealthWatch
from .inbox import Inbox
from .own_echoes import OwnEchoes


class Intake:
    """Lets the inbox record a delivery's events, and hears the echoes of what the bot has sent."""

    def __init__(
        self,
        *,
        store: Store,
        graph: Graph,
        clock: Clock,
        own_clock: Clock,
        health: HealthWatch,
        broadcasts: Broadcasts,
        own_echoes: OwnEchoes,
        inbox: Inbox,
    ) -> None:
        self._store = store
        self._graph = graph
        self._clock = clock
        self._own_clock = own_clock
        self._health = health
        self._broadcasts = broadcasts
        self._own_echoes = own_echoes
        self._inbox = inbox
        self._time_limits = TimeLimits()
        self._taking_in: set[asyncio.Task[None]] = set()

    async def accept(
        self,
        events: Sequence[Event],
        *,
        own_echoes: Sequence[str] = (),
        within: timedelta | None = None,
    ) -> None:
        """Record events; once this returns they may be acknowledged.

        `own_echoes` are the marks of messages of ours that a webhook has reported as sent. Raises
        StoreError, also if it takes longer than `within`. Neither that nor cancelling the caller
        stops the recording: what is recorded is handled.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        taking_in = loop.create_task(self._take_in(events, own_echoes))
        self._taking_in.add(taking_in)
        taking_in.add_done_callback(partial(self._taken_in, answer))
        if within is None:
            await answer
            return
        waiting = self._time_limits.begin(within, partial(self._not_in_time, answer, within))
        try:
            await answer
        finally:
            self._time_limits.end(waiting)

    async def _take_in(self, events: Sequence[Event], own_echoes: Sequence[str]) -> None:
        """Record events, except echoes of ours that show it only by id or text (Instagram)."""
        try:
            if own_echoes:
                await asyncio.gather(*map(self.hear_echo, own_echoes))
            events = [self._dated(event) for event in events]
            news = [
                event
                for event in events
                if not (isinstance(event, Echo) and await self._is_own_echo(event))
            ]
            for event in news:
                if isinstance(event, Echo):
                    self._broadcasts.note(event)
            await self._inbox.accept(news)
        except StoreError:
            self._health.recording_failed()
            raise
        if news:
            self._health.recorded()

    def _taken_in(self, answer: asyncio.Future[None], taking_in: asyncio.Task[None]) -> None:
        """Tell the caller, if it still waits; nobody else needs to know what went wrong."""
        self._taking_in.discard(taking_in)
        error = None if taking_in.cancelled() else taking_in.exception()
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        elif taking_in.cancelled():
            answer.cancel()
        else:
            answer.set_result(None)

    def _not_in_time(self, answer: asyncio.Future[None], limit: timedelta) -> None:
        if not answer.done():
            self._health.recording_failed()
            seconds = limit.total_seconds()
            answer.set_exception(StoreUnavailable(f"the store has not answered for {seconds:g} s."))

    def _dated(self, event: Event) -> Event:
        """The event; if it is dated in the future, by Meta's clock and ours, it is dated now.

        Otherwise everything that follows would count as older.
        """
        skew = self._graph.skew()
        if skew is None or event.at <= self._own_clock.now() + max(skew, timedelta()) + MOST_SKEW:
            return event
        return msgspec.structs.replace(event, at=self._clock.metas())

    async def _is_own_echo(self, event: Echo) -> bool:
        return event.tells_no_sender and await self._own_echoes.has_said(event)

    async def hear_echo(self, mark: str) -> None:
        """A webhook has reported a send of this or another worker's. Raises StoreError."""
        self._graph.echo_heard(mark)
        if not await self._own_echoes.has_sent(mark):
            await self._store.keep_echo(mark, self._clock.now())

    async def finished(self) -> None:
        """Return once what is being taken in is recorded, or has failed."""
        await asyncio.gather(*self._taking_in, return_exceptions=True)
