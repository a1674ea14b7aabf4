"""What the operator API answers, as typed values: no text but comments, and exports. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..core.plans import INBOX_APP_IDS
from ..core.sessions.session import EndReason, Session, State, deadline
from ..core.sessions.statistics import Moment, Statistics


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """An open session.

    `sender_id` is the user as Rasa has it, and as the paths of this API have it. `target_app` is
    the app that has the thread, as far as is known, and `is_with_inbox` says that this is Meta's
    own Inbox. `opened_by` says who began it: "bot", "somebody else", or "bot_failed" where the
    channel did because the bot has failed. `first_answer_at` is when an operator first wrote.
    `ends_at` is when the session ends by itself if nothing is said until then, and `ends_by` for
    what reason; `due_at` is when the bot looks at it next. One that is `waiting` is opened then,
    if somebody is there.
    """

    session_id: str
    page: str
    user: str
    sender_id: str
    plan: str
    target_app: str
    is_with_inbox: bool
    state: State
    reason: EndReason | None
    opened_by: str
    opened_at: Moment
    first_answer_at: Moment | None
    ends_at: Moment | None
    ends_by: EndReason | None
    due_at: Moment | None
    operator_messages: int
    user_messages: int


class OpenHandovers(msgspec.Struct, frozen=True, kw_only=True):
    """The open sessions, the oldest first; `total` counts those that are too many to list, too.

    `now` is the bot's clock, for the time that is left.
    """

    now: Moment
    total: int
    handovers: list[Handover]


class PastHandover(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has ended, and what its user thought of it, where that was asked.

    `comment` is in the user's own words.
    """

    session_id: str
    page: str
    user: str
    sender_id: str
    plan: str
    target_app: str
    is_with_inbox: bool
    state: State
    reason: EndReason | None
    opened_by: str
    opened_at: Moment
    first_answer_at: Moment | None
    ended_at: Moment | None
    operator_messages: int
    user_messages: int
    score: int | str | None
    comment: str | None


class PastHandovers(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions that ended within some days, those that ended last first."""

    since: Moment
    until: Moment
    handovers: list[PastHandover]


class Returning(msgspec.Struct, frozen=True, kw_only=True):
    """The bot takes this session's thread back."""

    returning: Handover


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """All that was kept of a user is erased: so many events, sessions and lines."""

    sender_id: str
    erased: int


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of a user, with what was said.

    `events` are what came in, `handovers` the sessions, `transcript` what was said in them, and
    `messages` what the bot said.
    """

    sender_id: str
    now: Moment
    events: list[dict[str, Any]]
    handovers: list[dict[str, Any]]
    transcript: list[dict[str, Any]]
    messages: list[dict[str, Any]]


class DeadOne(msgspec.Struct, frozen=True, kw_only=True):
    """An event or a message that was set aside for good.

    `kind` is the event's, such as "user_message", or "message" for one of the bot's; `since` is
    when it was recorded. `error` is the class of the last error, with Meta's numbers if they are
    known; "ProcessDied" where handling it ended the process three times.
    """

    id: str
    kind: str
    sender_id: str
    since: Moment
    died_at: Moment
    error: str


class DeadOnes(msgspec.Struct, frozen=True, kw_only=True):
    """What was set aside, what died last first."""

    dead: list[DeadOne]


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """So many are taken up again."""

    retried: int


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a call did nothing, in prose."""

    error: str


ANSWERS: Sequence[type[msgspec.Struct]] = (
    OpenHandovers,
    Handover,
    PastHandovers,
    Returning,
    Forgotten,
    Exported,
    DeadOnes,
    Retried,
    Statistics,
    Problem,
)


def handover(session: Session, sender_id: str) -> Handover:
    """A session as operators see it."""
    target_app = session.owner_app or session.target_app_id
    ends = deadline(session) if session.state in (State.ACTIVE, State.WAITING) else None
    return Handover(
        session_id=session.id,
        page=session.thread.page,
        user=session.thread.user,
        sender_id=sender_id,
        plan=session.plan.name,
        target_app=target_app,
        is_with_inbox=target_app in INBOX_APP_IDS.values(),
        state=session.state,
        reason=session.reason,
        opened_by=session.opened_by,
        opened_at=session.opened_at,
        first_answer_at=session.first_answer_at,
        ends_at=ends and ends[0],
        ends_by=ends and ends[1],
        due_at=session.due_at,
        operator_messages=session.operator_messages,
        user_messages=session.user_messages,
    )


def past_handover(session: Session, sender_id: str) -> PastHandover:
    """An ended session as operators see it."""
    target_app = session.owner_app or session.target_app_id
    feedback = session.feedback
    return PastHandover(
        session_id=session.id,
        page=session.thread.page,
        user=session.thread.user,
        sender_id=sender_id,
        plan=session.plan.name,
        target_app=target_app,
        is_with_inbox=target_app in INBOX_APP_IDS.values(),
        state=session.state,
        reason=session.reason,
        opened_by=session.opened_by,
        opened_at=session.opened_at,
        first_answer_at=session.first_answer_at,
        ended_at=session.ended_at,
        operator_messages=session.operator_messages,
        user_messages=session.user_messages,
        score=None if feedback is None else feedback.score,
        comment=None if feedback is None else feedback.comment,
    )
