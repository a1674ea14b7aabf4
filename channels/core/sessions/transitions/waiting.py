"""A session that waits until somebody is there. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ...hours import WhenClosed
from ..session import Cause, EndReason, Session, State, deadline
from .beginnings import activated
from .versions import BACKOFF, next_version


def by_hours(session: Session, now: datetime) -> Session:
    """An opening session that is not stored yet, adjusted to the plan's hours."""
    if session.plan.is_open(now):
        return session
    if session.plan.when_closed is WhenClosed.REFUSE:
        return msgspec.structs.replace(
            session, state=State.ENDING, reason=EndReason.CLOSED, ended_at=now, regained=True
        )
    waiting = msgspec.structs.replace(
        session, state=State.WAITING, waiting_since=now, is_announced=False
    )
    return msgspec.structs.replace(waiting, due_at=_next_look(waiting, now))


def waiting_on(session: Session, now: datetime) -> Session:
    """Nobody is there yet, or any more: wait for the next opening."""
    return next_version(session, due_at=_next_look(session, now))


def opened(
    session: Session, now: datetime, *, user_at: datetime | None, target_app: str | None = None
) -> Session:
    """A waiting session is opening: its times count from now on.

    `user_at` is when the user last wrote; `target_app` is an app that has asked for the thread.
    """
    plan = session.plan.overridden({"target_app": target_app})
    return next_version(
        session,
        state=State.OPENING,
        plan=plan,
        owner_app=plan.target_app_id(session.thread.platform),
        opened_at=now,
        last_user_at=max(user_at or session.last_user_at, session.last_user_at),
        due_at=now,
    )


def waiting_again(session: Session, now: datetime) -> Session:
    """Meta does not take the pass for now: the bot goes on talking until the next try."""
    due_at = now + BACKOFF.pause(before=session.attempts)
    return next_version(session, state=State.WAITING, attempts=session.attempts + 1, due_at=due_at)


def replaced(session: Session, now: datetime) -> Session:
    """Another handover replaces a waiting one. Rasa does not hear of this end."""
    return next_version(
        session,
        state=State.ENDED,
        reason=EndReason.CANCELLED,
        ended_at=now,
        regained=True,
        due_at=None,
    )


def taken(session: Session, owner_app: str | None, cause: Cause, now: datetime) -> Session:
    """Somebody has taken the thread of a waiting session: it no longer waits."""
    active = msgspec.structs.replace(
        session, owner_app=owner_app, opened_at=now, cause_at=cause.at, due_at=now
    )
    return activated(active, now)


def _next_look(session: Session, now: datetime) -> datetime:
    """When a waiting session opens, or has waited for too long."""
    ends, opens_at = deadline(session), session.plan.opens_at(now)
    return min(date for date in (ends and ends[0], opens_at) if date is not None)
