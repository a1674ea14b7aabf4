"""The beginning of a session: opened, adopted, its thread passed, or the pass failed. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ...events import Thread
from ...plans import Plan
from ..session import Cause, EndReason, Session, State
from .versions import first_probe, next_version, watched


def opening(
    *,
    thread: Thread,
    plan: Plan,
    cause: Cause,
    now: datetime,
    user_at: datetime | None = None,
    is_asked_for: bool = False,
) -> Session:
    """A new session, stored before control is passed.

    `user_at` is when the user last wrote, if that was not the cause. `is_asked_for`: the
    plan's app has asked for the thread, and Rasa is to hear of it.
    """
    return Session(
        id=cause.session_id,
        thread=thread,
        plan=plan,
        state=State.OPENING,
        version=1,
        opened_at=now,
        cause_at=cause.at,
        last_user_at=user_at or cause.at,
        owner_app=plan.target_app_id(thread.platform),
        is_adopted=is_asked_for,
        is_announced=not is_asked_for,
        due_at=now,
    )


def unknown(session: Session, now: datetime) -> Session:
    """An opening session that is not stored yet, and can't be made: its plan is unknown."""
    return msgspec.structs.replace(
        session, state=State.ENDING, reason=EndReason.FAILED, ended_at=now, regained=True
    )


def on_failure(session: Session) -> Session:
    """An opening session that is not stored yet, made because the bot has failed."""
    return msgspec.structs.replace(session, has_bot_failed=True, is_announced=False)


def adopted(
    *,
    thread: Thread,
    plan: Plan,
    cause: Cause,
    owner_app: str | None,
    now: datetime,
    user_at: datetime | None = None,
    is_owned: bool = True,
) -> Session:
    """A new session for a thread that somebody else has taken; Rasa is to hear of it.

    Unless it `is_owned`, an app writes there without having taken it: then the thread's owner shows
    nothing. `user_at` is when the user last wrote, if that was not the cause.
    """
    return Session(
        id=cause.session_id,
        thread=thread,
        plan=plan,
        state=State.ACTIVE,
        version=1,
        opened_at=now,
        cause_at=cause.at,
        last_user_at=user_at or cause.at,
        owner_app=owner_app,
        is_adopted=True,
        is_announced=False,
        active_at=now,
        probe_at=first_probe(cause.session_id, plan, now) if is_owned else None,
        due_at=now,
    )


def activated(session: Session, now: datetime) -> Session:
    """Control has been passed: the plan's times, which count from the start, now apply."""
    return watched(
        session,
        state=State.ACTIVE,
        active_at=now,
        attempts=0,
        probe_at=first_probe(session.id, session.plan, now),
    )


def failed(session: Session, now: datetime, *, regained: bool = True) -> Session:
    """The handover could not be made; not `regained` if control may have been passed."""
    return next_version(
        session,
        state=State.ENDING,
        reason=EndReason.FAILED,
        ended_at=now,
        regained=regained,
        attempts=0,
        tellings=0,
        due_at=now,
    )


def following(session: Session, plan: Plan, now: datetime, *, at: datetime) -> Session:
    """The handover that begins when this session ends, because its follow-up asked for it.

    `at` is the present time by Meta's clock.
    """
    first = opening(
        thread=session.thread,
        plan=plan,
        cause=Cause(at=at, key=session.ended_message_id),
        now=now,
        user_at=session.last_user_at,
    )
    return msgspec.structs.replace(first, row=next_in_row(session))


def next_in_row(session: Session) -> int:
    """The `row` of the session that follows; it starts over once somebody says something."""
    was_quiet = session.user_messages == session.operator_messages == 0
    return session.row + 1 if was_quiet else 0
