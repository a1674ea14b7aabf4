"""The session state machine: opening → active → ending → ended. Pure.

Each function takes a session and the present moment and returns the session's next version.
Two that start from the same version can't both be stored (the store compares versions), so
whatever races, one wins.
"""

from __future__ import annotations

import enum
import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from .events import Thread
from .plans import Plan

_BACKOFF_FIRST = timedelta(seconds=1)
_BACKOFF_LAST = timedelta(minutes=5)


class State(enum.Enum):
    """Where a session is; all but ENDED count as open."""

    OPENING = "opening"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"


class EndReason(enum.Enum):
    """Why a session ended. Rules tell these apart by the slot `handover_end_reason`."""

    TIMEOUT = "timeout"
    IDLE = "idle"
    UNANSWERED = "unanswered"
    KEYWORD = "keyword"
    INTENT = "intent"
    AGENT_RETURNED = "agent_returned"
    AGENT_RELEASED = "agent_released"
    OPERATOR_REQUEST = "operator_request"
    FAILED = "failed"


class Speaker(enum.Enum):
    """Who was heard in a thread while the bot was silent."""

    USER = "user"
    OPERATOR = "operator"


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What led to a handover: a user's event, or Rasa on its own (a reminder, a trigger).

    `at` is its time, by Meta's clock where it is an event; `key` is the event's, or unique.
    """

    at: datetime
    key: str

    @property
    def session_id(self) -> str:
        """The id of the session that it leads to: the same event never leads to a second one."""
        return session_id_for(self.key)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One handover of one thread, with its plan as it was at the start.

    `cause_at` is the time, by Meta's clock, of the user's event that led to the handover:
    nothing older can end it. `due_at` is when a worker has to look at the session next; None
    means never by itself. `regained` says that the thread is the bot's own again. `attempts`
    counts the tries of the step under way.
    """

    id: str
    thread: Thread
    plan: Plan
    state: State
    version: int
    opened_at: datetime
    cause_at: datetime
    due_at: datetime | None
    active_at: datetime | None = None
    ended_at: datetime | None = None
    reason: EndReason | None = None
    regained: bool = False
    attempts: int = 0
    operator_messages: int = 0
    user_messages: int = 0

    @property
    def is_open(self) -> bool:
        return self.state is not State.ENDED

    @property
    def ended_message_id(self) -> str:
        """The `message_id` of this session's `handover_ended` in the tracker."""
        return f"handover-ended-{self.id}"


def session_id_for(event_key: str) -> str:
    """The id of the session that an event leads to, if it leads to one."""
    return hashlib.sha256(event_key.encode(errors="surrogatepass")).hexdigest()[:32]


def opening(
    *, session_id: str, thread: Thread, plan: Plan, cause_at: datetime, now: datetime
) -> Session:
    """A new session, stored before control is passed."""
    return Session(
        id=session_id,
        thread=thread,
        plan=plan,
        state=State.OPENING,
        version=1,
        opened_at=now,
        cause_at=cause_at,
        due_at=now,
    )


def activated(session: Session, now: datetime) -> Session:
    """Control has been passed: the plan's clock, which runs from the start, counts."""
    deadline = session.opened_at + session.plan.timeout
    return _next(session, state=State.ACTIVE, active_at=now, attempts=0, due_at=deadline)


def failed(session: Session, now: datetime, *, regained: bool = True) -> Session:
    """The handover could not be made; not `regained` where control may have been passed."""
    return _next(
        session,
        state=State.ENDING,
        reason=EndReason.FAILED,
        ended_at=now,
        regained=regained,
        attempts=0,
        due_at=now,
    )


def ending(session: Session, reason: EndReason, now: datetime) -> Session:
    """The session is to end for `reason`; from here on no other reason counts."""
    return _next(
        session,
        state=State.ENDING,
        reason=reason,
        ended_at=now,
        regained=reason in (EndReason.AGENT_RETURNED, EndReason.AGENT_RELEASED),
        attempts=0,
        due_at=now,
    )


def regained(session: Session, now: datetime) -> Session:
    """The thread is the bot's own again; what is left is to tell Rasa."""
    return _next(session, regained=True, attempts=0, due_at=now)


def postponed(session: Session, now: datetime) -> Session:
    """The step under way failed for now: try it again later, and ever less often."""
    pause = min(_BACKOFF_FIRST * 2 ** min(session.attempts, 16), _BACKOFF_LAST)
    return _next(session, attempts=session.attempts + 1, due_at=now + pause)


def left_with_agent(session: Session) -> Session:
    """Meta refuses to give the thread back: it stays with the agent, with no deadline."""
    return _next(
        session,
        state=State.ACTIVE,
        active_at=session.active_at or session.ended_at,
        reason=None,
        ended_at=None,
        attempts=0,
        due_at=None,
    )


def ended(session: Session) -> Session:
    """Rasa has handled `handover_ended`."""
    return _next(session, state=State.ENDED, due_at=None)


def heard(session: Session, speaker: Speaker) -> Session:
    """Somebody said something while the bot was silent."""
    if speaker is Speaker.OPERATOR:
        return _next(session, operator_messages=session.operator_messages + 1)
    return _next(session, user_messages=session.user_messages + 1)


def _next(session: Session, **changes: Any) -> Session:
    return msgspec.structs.replace(session, version=session.version + 1, **changes)
