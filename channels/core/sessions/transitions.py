"""The session state machine. Pure.

Each function takes a session and the present moment and returns the session's next version.
Two that start from the same version can't both be stored (the store compares versions), so
whatever races, one wins.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ..events import Thread
from ..hours import WhenClosed
from ..meta.backoff import Backoff
from ..notices import NoticeKind
from ..plans import Plan
from .feedback import Feedback
from .session import (
    Cause,
    EndReason,
    Session,
    Speaker,
    State,
    deadline,
    mark_of,
    unanswered_at,
)

MOST_HEARD = 10  # marks that a session keeps of what was heard last
ASK_DEADLINE = timedelta(minutes=5)  # how long an owner that was asked may take to pass
_BACKOFF = Backoff(first=timedelta(seconds=1), longest=timedelta(minutes=5))


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

    `user_at` is when the user last wrote, where that was not the cause. `is_asked_for`: the
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


def by_hours(session: Session, now: datetime) -> Session:
    """An opening session that is not stored yet, as the plan's hours have it."""
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
    """Nobody is there yet, or no more: wait for the next opening."""
    return _next(session, due_at=_next_look(session, now))


def opened(
    session: Session, now: datetime, *, user_at: datetime | None, target_app: str | None = None
) -> Session:
    """A waiting session is opening: its clock runs from now on.

    `user_at` is when the user last wrote; `target_app` an app that has asked for the thread.
    """
    plan = session.plan.overridden({"target_app": target_app})
    return _next(
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
    due_at = now + _BACKOFF.pause(before=session.attempts)
    return _next(session, state=State.WAITING, attempts=session.attempts + 1, due_at=due_at)


def replaced(session: Session, now: datetime) -> Session:
    """Another handover is asked for instead of a waiting one. Rasa does not hear of the end."""
    return _next(
        session,
        state=State.ENDED,
        reason=EndReason.CANCELLED,
        ended_at=now,
        regained=True,
        due_at=None,
    )


def taken(session: Session, owner_app: str | None, cause: Cause, now: datetime) -> Session:
    """Somebody has taken the thread of a waiting session: it waits no more."""
    active = msgspec.structs.replace(
        session, owner_app=owner_app, opened_at=now, cause_at=cause.at, due_at=now
    )
    return activated(active, now)


def _next_look(session: Session, now: datetime) -> datetime:
    """When a waiting session opens, or has waited for too long."""
    ends, opens_at = deadline(session), session.plan.opens_at(now)
    return min(date for date in (ends and ends[0], opens_at) if date is not None)


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

    Unless it `is_owned`, an app writes there and has not taken it: its owner tells nothing then.

    `user_at` is when the user last wrote, where that was not the cause.
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
        probe_at=_first_probe(cause.session_id, plan, now) if is_owned else None,
        due_at=now,
    )


def activated(session: Session, now: datetime) -> Session:
    """Control has been passed: the plan's clock, which runs from the start, counts."""
    return _watched(
        session,
        state=State.ACTIVE,
        active_at=now,
        attempts=0,
        probe_at=_first_probe(session.id, session.plan, now),
    )


def announced(session: Session) -> Session:
    """Rasa has heard `handover_started`."""
    return _watched(session, is_announced=True, attempts=0, tellings=0)


def telling(session: Session, *, times: int = 1) -> Session:
    """Rasa is about to be told of the start, or of the end."""
    return _next(session, tellings=session.tellings + times)


def untold(session: Session) -> Session:
    """Rasa could not hear of the end."""
    return _next(session, is_untold=True)


def probed(session: Session, next_at: datetime) -> Session:
    """Somebody else still has the thread; look again at `next_at`."""
    return _watched(session, probe_at=next_at)


def reminded_of(session: Session) -> Session:
    """Operators are told that nobody has answered yet, if that is so."""
    if unanswered_at(session) is None:
        return session
    return _watched(session, told=(*session.told, NoticeKind.UNANSWERED))


def owned_by(session: Session, owner_app: str | None) -> Session:
    """Another app has the thread now."""
    return _watched(session, owner_app=owner_app)


def failed(session: Session, now: datetime, *, regained: bool = True) -> Session:
    """The handover could not be made; not `regained` where control may have been passed."""
    return _next(
        session,
        state=State.ENDING,
        reason=EndReason.FAILED,
        ended_at=now,
        regained=regained,
        attempts=0,
        tellings=0,
        due_at=now,
    )


def ending(
    session: Session, reason: EndReason, now: datetime, *, user_at: datetime | None = None
) -> Session:
    """The session is to end for `reason`; from here on no other reason counts.

    The thread of one that is waiting is the bot's own.

    `user_at` is when the user wrote, where that is what has ended it.
    """
    return _next(
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
    return _next(session, asked_at=now, attempts=0, due_at=now + ASK_DEADLINE)


def regained(session: Session, now: datetime, *, user_at: datetime | None = None) -> Session:
    """The thread is the bot's own again; what is left is to tell Rasa.

    `user_at` is when the user wrote, where that is what has shown it.
    """
    last_user_at = max(user_at or session.last_user_at, session.last_user_at)
    return _next(session, regained=True, last_user_at=last_user_at, attempts=0, due_at=now)


def postponed(session: Session, now: datetime, *, before: datetime | None = None) -> Session:
    """The step under way failed for now: try it again later, and ever less often.

    Neither a deadline is missed for that, nor the moment that it has to be `before`.
    """
    due_at, ends = now + _BACKOFF.pause(before=session.attempts), deadline(session)
    if before is not None and now < before:
        due_at = min(due_at, before)
    if session.state is State.ACTIVE and ends is not None and now < ends[0]:
        due_at = min(due_at, ends[0])
    return _next(session, attempts=session.attempts + 1, due_at=due_at)


def left_with_agent(session: Session) -> Session:
    """Meta refuses to give the thread back: it stays with the agent, with no deadline."""
    active_at = session.active_at or session.ended_at  # a failed pass may have been made
    first_probe = active_at and _first_probe(session.id, session.plan, active_at)
    return _watched(
        session,
        state=State.ACTIVE,
        active_at=active_at,
        probe_at=session.probe_at or first_probe,
        reason=None,
        ended_at=None,
        asked_at=None,
        has_deadline=False,
        attempts=0,
        tellings=0,
    )


def next_asked_for(session: Session, wishes: Mapping[str, Any]) -> Session:
    """The follow-up asks for the next handover, which begins once this one has ended."""
    return _next(session, next_wishes=dict(wishes))


def ended(session: Session) -> Session:
    """Rasa has handled `handover_ended`."""
    return _next(session, state=State.ENDED, due_at=None)


def rated(session: Session, feedback: Feedback) -> Session:
    """The user has said how the handover was."""
    return _next(session, feedback=feedback)


def following(session: Session, plan: Plan, now: datetime, *, at: datetime) -> Session:
    """The handover that begins as this session ends, because its follow-up asked for it.

    `at` is the moment by Meta's clock.
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
    """The `row` of the session that follows; it begins again once somebody says something."""
    was_quiet = session.user_messages == session.operator_messages == 0
    return session.row + 1 if was_quiet else 0


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
    heard before, by its `mid`, is not heard again.
    """
    if session.has_heard(mid):
        return session
    changes: dict[str, Any] = {"last_heard_at": now}
    if mid is not None:
        changes["heard_mids"] = (*session.heard_mids, mark_of(mid))[-MOST_HEARD:]
    if speaker is Speaker.OPERATOR:
        count = session.operator_messages + 1
        first = session.first_answer_at or (now if count == 1 else None)
        changes["last_operator_at"] = now
        return _watched(session, operator_messages=count, first_answer_at=first, **changes)
    if said_at is not None:
        changes["last_user_at"] = max(said_at, session.last_user_at)
    return _watched(session, user_messages=session.user_messages + is_message, **changes)


def _first_probe(session_id: str, plan: Plan, now: datetime) -> datetime:
    """Half an interval to one and a half from now, so that probes are spread out."""
    spread = zlib.crc32(session_id.encode()) / 2**32
    return now + plan.owner_probe * (0.5 + spread)


def _watched(session: Session, **changes: Any) -> Session:
    """The next version of an active session, due at the first of all that it waits for."""
    changed = _next(session, **changes)
    ends_at = deadline(changed)
    asked = (ends_at and ends_at[0], changed.probe_at, unanswered_at(changed))
    dates = [date for date in asked if date is not None]
    if not changed.is_announced:
        dates.append(changed.opened_at)
    return msgspec.structs.replace(changed, due_at=min(dates, default=None))


def _next(session: Session, **changes: Any) -> Session:
    return msgspec.structs.replace(session, version=session.version + 1, **changes)
