"""Rasa's own stores, for trackers and locks, which may be unavailable while Rasa takes a turn.

A turn whose tracker can't be read, or whose lock can't be had, has not begun. A turn whose tracker
can't be saved has had its effects, so it is not taken again: it waits for the store and is saved
then. If the store saves others meanwhile, it can't hold this one, and the turn is given up.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache
from typing import Any

from rasa.core.lock_store import LockError
from sqlalchemy.event import listen
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from ..core.errors import StoreUnavailable, TurnNotSaved
from ..instruments.leases import still_ours, surely_ours
from .turn_time import TurnTime

logger = logging.getLogger(__name__)

_CHECKS = "_handover_checks"
_MOST_PASSED_OVER = 3  # tries between which other turns were saved
# What another try can't fix: a value that the store can't hold.
_OF_THE_TURN = (TypeError, ValueError, DataError, IntegrityError)
_in_turn: ContextVar[TurnTime | None] = ContextVar("in_turn", default=None)


class _OfTheTurn(ValueError):
    """One of these errors, without its message, which may quote the user."""


def is_in_turn() -> bool:
    """Whether this is part of a turn that the channel lets Rasa take."""
    return _in_turn.get() is not None


@contextmanager
def insisting_on_stores(agent: Any, wait: TurnTime) -> Iterator[None]:
    """Make the turn inside fail if Rasa can't read its tracker, or get its lock.

    By itself, Rasa 3.6 goes on with an empty tracker if it can't read the user's, and keeps what it
    can't save in the memory of this process. A turn that only remains to be saved waits (`wait`).
    """
    store = agent.tracker_store
    _check_before_saving(store)
    _tell_of_waiting(agent.lock_store)
    if isinstance(store, _fail_safe_tracker_store()):
        store._on_tracker_store_error = _tracker_store_failed
    token = _in_turn.set(wait)
    try:
        yield
    except LockError as error:
        # Rasa's own message names the user.
        kind = type(error.__cause__ or error.__context__ or error).__name__
        raise StoreUnavailable(
            f"Rasa's lock of a conversation could not be acquired ({kind}). Check the lock store "
            "of endpoints.yml."
        ) from None
    finally:
        _in_turn.reset(token)


def _check_before_saving(store: Any) -> None:
    """Keep the tracker store from saving a turn that another worker has taken over.

    If the store is an SQL database, this is checked again right before the commit.
    """
    if _CHECKS in vars(store):
        return
    innermost = store
    while (wrapped := getattr(innermost, "_tracker_store", None)) is not None:
        innermost = wrapped
    sessions = getattr(innermost, "sessionmaker", None)
    if sessions is not None:
        listen(sessions, "before_commit", lambda _: surely_ours())
    store.save = _Saves(store.save).save
    setattr(store, _CHECKS, True)


def _tell_of_waiting(lock_store: Any) -> None:
    """Tell a turn that it is waiting for its lock, which another process may hold."""
    if _CHECKS in vars(lock_store):
        return
    lock = lock_store.lock

    @asynccontextmanager
    async def waited_for(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        turn = _in_turn.get()
        async with AsyncExitStack() as stack:
            with nullcontext() if turn is None else turn.waiting():
                ticket = await stack.enter_async_context(lock(*args, **kwargs))
            yield ticket

    lock_store.lock = waited_for
    setattr(lock_store, _CHECKS, True)


class _Saves:
    """The saves of one tracker store; `tried` is the store's own."""

    def __init__(self, tried: Callable[..., Awaitable[Any]]) -> None:
        self._tried = tried
        self._saved = 0

    async def save(self, tracker: Any, *args: Any, **kwargs: Any) -> Any:
        _date_in_order(tracker)
        turn = _in_turn.get()
        if turn is None:
            return await self._tried(tracker, *args, **kwargs)
        saved_before, passed_over = self._saved, 0

        async def step() -> Any:
            nonlocal saved_before, passed_over
            await still_ours()
            try:
                result = await self._tried(tracker, *args, **kwargs)
            except _OfTheTurn as error:
                raise _not_saved(str(error).rstrip(".")) from None
            except _OF_THE_TURN as error:
                raise _not_saved(type(error).__name__) from None
            except StoreUnavailable as error:
                passed_over += self._saved > saved_before
                saved_before = self._saved
                if passed_over >= _MOST_PASSED_OVER:
                    raise _not_saved(str(error).rstrip(".")) from None
                raise
            self._saved += 1
            return result

        return await turn.until_stored(step)


def _date_in_order(tracker: Any) -> None:
    """Date no event before the start of its session: Rasa would not read it from an SQL database.

    The start may have been dated by a machine whose clock is ahead, or before this one's was set
    back: Rasa would then go on in the middle of an earlier turn.
    """
    latest = 0.0
    for event in tracker.events:
        latest = event.timestamp = max(event.timestamp, latest)


def _not_saved(why: str) -> TurnNotSaved:
    return TurnNotSaved(
        f"Rasa's tracker store can't hold what came of a turn: {why}. Find out which action "
        "sets a slot to what the store does not take, and whether the tracker is too large for it."
    )


@cache
def _fail_safe_tracker_store() -> type[Any]:
    """Imported late: its module makes SQLAlchemy warn, before anything that a command prints."""
    try:
        from rasa.core.tracker_stores.tracker_store import FailSafeTrackerStore  # Rasa Pro
    except ImportError:
        from rasa.core.tracker_store import FailSafeTrackerStore
    kind: type[Any] = FailSafeTrackerStore
    return kind


def _tracker_store_failed(error: Exception) -> None:
    """Other channels are unaffected."""
    failure = f"Rasa's tracker store failed ({_without_quotes(error)})."
    if is_in_turn():
        if isinstance(error, _OF_THE_TURN):
            raise _OfTheTurn(failure) from None
        raise StoreUnavailable(failure) from None
    logger.error("%s", failure)


def _without_quotes(error: Exception) -> str:
    """The error's class, whose message may quote the user; and what a database says of itself."""
    name = type(error).__name__
    if not isinstance(error, OperationalError):
        return name
    return f"{name}: {str(error.orig).strip().partition(chr(10))[0]}"
