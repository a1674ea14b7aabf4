"""The time that one of Rasa's turns takes: how long Rasa may work on it, and what does not count.

A turn waits for an unavailable store: if it were taken again, it would have its effects again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from ..core.errors import StoreError, TurnBroken, TurnTimedOut
from ..instruments.clock import Clock, SystemClock, lived_for

logger = logging.getLogger(__name__)

PAUSE = timedelta(seconds=1)  # between two tries
CANCEL_GRACE = timedelta(seconds=1)  # for a cancelled turn to let go of Rasa's lock

T = TypeVar("T")


class TurnTime:
    """The time of one turn, which begins now.

    Waiting for what is not the turn's own doing does not count: an unavailable store, or Rasa's
    lock on the conversation, which a process that stands still may hold. Before it has the lock,
    the turn has had no effects yet, and once it waits for the store it has had all of them.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._waits = 0
        self._began = self._since = self._clock.now()
        self._waited = timedelta()

    @property
    def is_waiting(self) -> bool:
        return self._waits > 0

    def taken(self) -> timedelta:
        """How long ago the turn began, including all its waiting."""
        return self._clock.now() - self._began

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The turn is waiting while inside."""
        if not self.is_waiting:
            self._since = self._clock.now()
        self._waits += 1
        try:
            yield
        finally:
            self._waits -= 1
            if not self.is_waiting:
                self._waited += self._clock.now() - self._since

    async def until_stored(self, step: Callable[[], Awaitable[T]]) -> T:
        """What the step returns; it is tried again while the store is away. Raises ClaimLost."""
        is_told = False
        with self.waiting():  # from the first try on: it may hang rather than fail
            while True:
                try:
                    return await step()
                except StoreError as error:
                    if not is_told:
                        logger.error("A turn of Rasa waits for the store: %s", error)
                    is_told = True
                await self._clock.sleep(PAUSE)

    async def keep(
        self, limit: timedelta, work: Coroutine[Any, Any, T], at_limit: Callable[[], None]
    ) -> T:
        """What Rasa's work returns, within the limit. Raises TurnTimedOut and TurnBroken."""
        working = asyncio.ensure_future(_unbroken(work))
        rest = limit
        try:
            while rest:
                await _first_of(working, lived_for(self._clock, rest))
                if working.done():
                    return _came_of(working)
                rest = self._rest_of(limit)
            at_limit()
        finally:
            await _cancelled(working)
        raise TurnTimedOut(
            f"A turn of Rasa took longer than {limit.total_seconds():.0f} s and was given up. "
            "Find out which action, model or store it waited for; 'turn-timeout' in "
            "credentials.yml sets the limit."
        )

    def _rest_of(self, limit: timedelta) -> timedelta:
        if self.is_waiting:
            return limit
        return max(limit - (self.taken() - self._waited), timedelta())


async def _first_of(working: asyncio.Future[Any], time: Coroutine[Any, Any, None]) -> None:
    passing = asyncio.ensure_future(time)
    futures: set[asyncio.Future[Any]] = {working, passing}
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    finally:
        passing.cancel()


async def _unbroken(work: Coroutine[Any, Any, T]) -> T:
    """What the work returns; a task that ended with SystemExit would end the process."""
    try:
        return await work
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:
        raise _broken_by(error) from error


def _came_of(work: asyncio.Future[T]) -> T:
    """The result, or what was raised, but never CancelledError: it would look like a stop."""
    try:
        return work.result()
    except asyncio.CancelledError as error:
        raise _broken_by(error) from error


def _broken_by(error: BaseException) -> TurnBroken:
    return TurnBroken(
        f"A turn of Rasa was broken off by {type(error).__name__}, which did not come from a stop "
        "of the channel. Find out which action, component or library raises it or cancels the turn."
    )


async def _cancelled(turn: asyncio.Future[Any]) -> None:
    """Wait until the turn has let go of what it holds; if it does not, leave it alone."""
    if turn.cancel():
        await asyncio.wait({turn}, timeout=CANCEL_GRACE.total_seconds())
    turn.add_done_callback(lambda over: over.cancelled() or over.exception())
