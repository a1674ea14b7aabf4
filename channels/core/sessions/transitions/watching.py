"""What happens in a session while somebody else has the thread. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...notices import NoticeKind
from ..session import Session, Speaker, mark_of, unanswered_at
from .versions import next_version, watched

MOST_HEARD = 10  # how many marks a session keeps of what was heard last


def announced(session: Session) -> Session:
    """Rasa has heard `handover_started`."""
    return watched(session, is_announced=True, attempts=0, tellings=0)


def telling(session: Session, *, times: int = 1) -> Session:
    """Rasa is about to be told of the start, or of the end."""
    return next_version(session, tellings=session.tellings + times)


def untold(session: Session) -> Session:
    """Rasa could not hear of the end."""
    return next_version(session, is_untold=True)


def probed(session: Session, next_at: datetime) -> Session:
    """Somebody else still has the thread; look again at `next_at`."""
    return watched(session, probe_at=next_at)


def reminded_of(session: Session) -> Session:
    """Operators are told that nobody has answered yet, if nobody has."""
    if unanswered_at(session) is None:
        return session
    return watched(session, told=(*session.told, NoticeKind.UNANSWERED))


def owned_by(session: Session, owner_app: str | None) -> Session:
    """Another app has the thread now."""
    return watched(session, owner_app=owner_app)


def heard(
    session: Session,
    speaker: Speaker,
    *,
    said_at: datetime | None,
    now: datetime,
    mid: str | None = None,
    is_message: bool = True,
) -> Session:
    """Somebody was there while the bot was silent: said something if it `is_message`.

    `said_at` is by Meta's clock; None for what does not open Meta's messaging window. What was
    heard before, going by its `mid`, is not heard again.
    """
    mark = None if mid is None else mark_of(mid)
    if mark in session.heard_mids:
        return session
    changes: dict[str, Any] = {"last_heard_at": now}
    if mark is not None:
        changes["heard_mids"] = (*session.heard_mids, mark)[-MOST_HEARD:]
    if speaker is Speaker.OPERATOR:
        count = session.operator_messages + 1
        first = session.first_answer_at or (now if count == 1 else None)
        changes["last_operator_at"] = now
        return watched(session, operator_messages=count, first_answer_at=first, **changes)
    if said_at is not None:
        changes["last_user_at"] = max(said_at, session.last_user_at)
    return watched(session, user_messages=session.user_messages + is_message, **changes)
