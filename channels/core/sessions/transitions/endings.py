"""The end of a session: for one reason, until Rasa has heard of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..feedback import Feedback
from ..session import EndReason, Session, State, deadline
from .versions import BACKOFF, first_probe, next_version, watched

ASK_DEADLINE = timedelta(minutes=5)  # how long an owner may take to pass the thread when asked


def ending(
    session: Session, reason: EndReason, now: datetime, *, user_at: datetime | None = None
) -> Session:
    """The session ends for `reason`; from here on no other reason counts.

    If it is waiting, the thread is already the bot's. `user_at` is when the user wrote, if that is
    what ended it.
    """
    return next_version(
        session,
        state=State.ENDING,
        reason=reason,
        ended_at=now,
        regained=session.is_waiting
        or reason in (EndReason.AGENT_RETURNED, EndReason.AGENT_RELEASED),
        last_user_at=max(user_at or session.last_user_at, session.last_user_at),
        attempts=0,
        tellings=0,
        due_at=now,
    )


def asked(session: Session, now: datetime) -> Session:
    """The thread's owner has been asked for it; until `ASK_DEADLINE` it may pass the thread."""
    return next_version(session, asked_at=now, attempts=0, due_at=now + ASK_DEADLINE)


def regained(session: Session, now: datetime, *, user_at: datetime | None = None) -> Session:
    """The thread is the bot's own again; it remains to tell Rasa.

    `user_at` is when the user wrote, if that is what showed it.
    """
    last_user_at = max(user_at or session.last_user_at, session.last_user_at)
    return next_version(session, regained=True, last_user_at=last_user_at, attempts=0, due_at=now)


def postponed(session: Session, now: datetime, *, before: datetime | None = None) -> Session:
    """The step under way has failed for now: try it again later, and less and less often.

    The next try comes neither after a deadline nor after `before`.
    """
    due_at, ends = now + BACKOFF.pause(before=session.attempts), deadline(session)
    if before is not None and now < before:
        due_at = min(due_at, before)
    if session.state is State.ACTIVE and ends is not None and now < ends[0]:
        due_at = min(due_at, ends[0])
    return next_version(session, attempts=session.attempts + 1, due_at=due_at)


def left_with_agent(session: Session) -> Session:
    """Meta refuses to give the thread back: it stays with the agent, with no deadline."""
    active_at = session.active_at or session.ended_at  # a failed pass may have been made
    probe_at = active_at and first_probe(session.id, session.plan, active_at)
    return watched(
        session,
        state=State.ACTIVE,
        active_at=active_at,
        probe_at=session.probe_at or probe_at,
        reason=None,
        ended_at=None,
        asked_at=None,
        has_deadline=False,
        attempts=0,
        tellings=0,
    )


def next_asked_for(session: Session, wishes: Mapping[str, Any]) -> Session:
    """The follow-up asks for the next handover, which begins once this one has ended."""
    return next_version(session, next_wishes=dict(wishes))


def ended(session: Session) -> Session:
    """Rasa has handled `handover_ended`."""
    return next_version(session, state=State.ENDED, due_at=None)


def rated(session: Session, feedback: Feedback) -> Session:
    """The user has rated the handover."""
    return next_version(session, feedback=feedback)
