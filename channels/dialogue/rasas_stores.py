"""Rasa's own stores, of trackers and locks: a turn that they fail has not been taken."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from rasa.core.lock_store import LockError
from sqlalchemy.event import listen

from ..core.errors import StoreUnavailable
from ..instruments.leases import still_ours, surely_ours

logger = logging.getLogger(__name__)

_CHECKS = "_handover_checks_before_saving"
_in_turn: ContextVar[bool] = ContextVar("in_turn", default=False)


def is_in_turn() -> bool:
    """Whether this is part of a turn that the channel lets Rasa take."""
    return _in_turn.get()


@contextmanager
def insisting_on_stores(agent: Any) -> Iterator[None]:
    """Let the turn inside fail where Rasa can't read or save its tracker, or get its lock.

    Left alone, Rasa 3.6 answers with an empty tracker where it can't read the user's, and keeps
    what it can't save in the memory of this process.
    """
    store = agent.tracker_store
    _check_before_saving(store)
    if isinstance(store, _fail_safe_tracker_store()):
        store._on_tracker_store_error = _tracker_store_failed
    token = _in_turn.set(True)
    try:
        yield
    except LockError as error:
        raise StoreUnavailable(f"Rasa's lock could not be had: {error}") from error
    finally:
        _in_turn.reset(token)


def _check_before_saving(store: Any) -> None:
    """Let the tracker store save no turn that another worker has taken over meanwhile.

    Where it is an SQL database, it is looked at once more right before the commit.
    """
    if _CHECKS in vars(store):
        return
    sessions = getattr(getattr(store, "_tracker_store", store), "sessionmaker", None)
    if sessions is not None:
        listen(sessions, "before_commit", lambda _: surely_ours())
    save = store.save

    async def checked(*args: Any, **kwargs: Any) -> Any:
        await still_ours()
        return await save(*args, **kwargs)

    store.save = checked
    setattr(store, _CHECKS, True)


@cache
def _fail_safe_tracker_store() -> type[Any]:
    """Imported late: its module makes SQLAlchemy warn, in front of all that a command prints."""
    try:
        from rasa.core.tracker_stores.tracker_store import FailSafeTrackerStore  # Rasa Pro
    except ImportError:
        from rasa.core.tracker_store import FailSafeTrackerStore
    kind: type[Any] = FailSafeTrackerStore
    return kind


def _tracker_store_failed(error: Exception) -> None:
    """What other channels do goes on as Rasa has it. The error may quote the user: it stays out."""
    failure = f"Rasa's tracker store failed ({type(error).__name__})."
    if _in_turn.get():
        raise StoreUnavailable(failure) from None
    logger.error("%s", failure)
