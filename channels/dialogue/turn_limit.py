"""How long Rasa may work at a turn, and what becomes of a turn that takes longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from ..core.errors import TurnBroken, TurnTimedOut
from ..instruments.clock import Clock, lived_for
from .store_wait import StoreWait

CANCEL_GRACE = timedelta(seconds=1)  # for a turn that is cancelled, to let go of Rasa's lock

_T = TypeVar("_T")


class TurnLimit:
    """Lets Rasa work for as long as `turn-timeout` says."""

    def __init__(self, limit: timedelta, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock

    async def keep(
        self, work: Coroutine[Any, Any, _T], store_wait: StoreWait, at_limit: Callable[[], None]
    ) -> _T:
        """What Rasa's work returns. Raises TurnTimedOut, and TurnBroken.

        Waiting for Rasa's lock, or for a store that is away, does not count: before the lock the
        turn has had no effects yet, and once it waits for the store it has had all of them.
        """
        limit, began = self._limit, self._clock.now()
        working = asyncio.ensure_future(_unbroken(work))
        rest = limit
        try:
            while rest:
                await _first_of(working, lived_for(self._clock, rest))
                if working.done():
                    return _came_of(working)
                rest = store_wait.rest_of(limit, began=began)
            at_limit()
        finally:
            await _cancelled(working)
        raise TurnTimedOut(
            f"A turn of Rasa took longer than {limit.total_seconds():.0f} s and was given up. "
            "Find out which action, model or store it waits for; 'turn-timeout' in credentials.yml "
            "sets the limit."
        )


async def _first_of(working: asyncio.Future[Any], time: Coroutine[Any, Any, None]) -> None:
    passing = asyncio.ensure_future(time)
    futures: set[asyncio.Future[Any]] = {working, passing}
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    finally:
        passing.cancel()


async def _unbroken(work: Coroutine[Any, Any, _T]) -> _T:
    """What the work returns; a task that ends by SystemExit would end the process."""
    try:
        return await work
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:
        raise _broken_by(error) from error


def _came_of(work: asyncio.Future[_T]) -> _T:
    """The result, or what was raised; a bare CancelledError would look as if we were stopping."""
    try:
        return work.result()
    except asyncio.CancelledError as error:
        raise _broken_by(error) from error


def _broken_by(error: BaseException) -> TurnBroken:
    return TurnBroken(
        f"A turn of Rasa was broken off by {type(error).__name__}, which no stop of ours has "
        "raised. Find out which action, component or library raises or cancels it."
    )


async def _cancelled(turn: asyncio.Future[Any]) -> None:
    """Wait until the turn has let go of what it holds. One that won't is left to itself."""
    if turn.cancel():
        await asyncio.wait({turn}, timeout=CANCEL_GRACE.total_seconds())
    turn.add_done_callback(lambda over: over.cancelled() or over.exception())
