"""What the operator API answers, as typed values. What people wrote is only in comments and
exports. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..core.events import Platform
from ..core.plans import INBOX_APP_IDS
from ..core.sessions.session import EndReason, Session, State, deadline, waits_since
from ..core.sessions.statistics import Moment, Statistics
from .stories import Story


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """The names of the user, the page and the app that has the thread, as far as they are known."""

    name: str | None = None
    page_name: str | None = None
    target_app_name: str | None = None


class _Told(Called, frozen=True, kw_only=True):
    session_id: str
    page: str
    platform: Platform
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
    operator_messages: int
    user_messages: int


class Handover(_Told, frozen=True, kw_only=True):
    """An open session.

    `sender_id` is the user's id in Rasa and in the paths of this API; `name` is the user's name at
    Meta. `target_app` is the app that has the thread, as far as is known, and `is_with_inbox` is
    true if that is Meta's own Inbox. `opened_by` says who began it: "bot", "somebody else", or
    "bot_failed" if the channel did because the bot had failed. `first_answer_at` is when an
    operator first wrote. `waits_since` is when the user began to wait for an operator's answer, or
    for the plan's hours: null if the operator wrote last, or if somebody else began and the user
    has said nothing. `ends_at` is when the session ends by itself if nothing is said before then,
    and `ends_by` the reason that it will have; `due_at` is when the bot looks at it next. A session
    that is `waiting` is opened then, if anybody is there.
    """

    waits_since: Moment | None
    ends_at: Moment | None
    ends_by: EndReason | None
    due_at: Moment | None


class OpenHandovers(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the open sessions that match the query; `found` counts all that match.

    `total` counts all open sessions, and `unanswered` those whose users are waiting. `plans` and
    `pages` are those that have open sessions; a page's name is null if it is not known. `now` is
    the time by the bot's clock, from which the time left can be counted.
    """

    now: Moment
    total: int
    unanswered: int
    found: int
    plans: list[str]
    pages: dict[str, str | None]
    handovers: list[Handover]


class PastHandover(_Told, frozen=True, kw_only=True):
    """A session that has ended, and what its user thought of it, if the user was asked.

    `comment` is in the user's own words.
    """

    ended_at: Moment | None
    score: int | str | None
    comment: str | None


class PastHandovers(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions that ended within some days, the latest first; `is_more`: more come after them."""

    since: Moment
    until: Moment
    is_more: bool
    handovers: list[PastHandover]


class Returning(msgspec.Struct, frozen=True, kw_only=True):
    """The bot takes this session's thread back."""

    returning: Handover


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """All that was kept about a user is erased: this many events, sessions and lines."""

    sender_id: str
    erased: int


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept about a user, including what was said.

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
    known; "ProcessDied" if handling it ended the process three times.
    """

    id: str
    kind: str
    sender_id: str
    since: Moment
    died_at: Moment
    error: str


class DeadOnes(msgspec.Struct, frozen=True, kw_only=True):
    """What was set aside, the latest first."""

    dead: list[DeadOne]


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """How many are retried."""

    retried: int


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a call did nothing, in prose."""

    error: str


ANSWERS: Sequence[type[msgspec.Struct]] = (
    OpenHandovers,
    Handover,
    PastHandovers,
    Story,
    Returning,
    Forgotten,
    Exported,
    DeadOnes,
    Retried,
    Statistics,
    Problem,
)


def handover(session: Session, sender_id: str, called: Called) -> Handover:
    """A session as operators see it."""
    ends = deadline(session) if session.state in (State.ACTIVE, State.WAITING) else None
    return Handover(
        **_told(session, sender_id, called),
        waits_since=waits_since(session),
        ends_at=ends and ends[0],
        ends_by=ends and ends[1],
        due_at=session.due_at,
    )


def past_handover(session: Session, sender_id: str, called: Called) -> PastHandover:
    """An ended session as operators see it."""
    feedback = session.feedback
    return PastHandover(
        **_told(session, sender_id, called),
        ended_at=session.ended_at,
        score=None if feedback is None else feedback.score,
        comment=None if feedback is None else feedback.comment,
    )


def _told(session: Session, sender_id: str, called: Called) -> dict[str, Any]:
    target_app = session.owner_app or session.target_app_id
    return {
        **msgspec.structs.asdict(called),
        "session_id": session.id,
        "page": session.thread.page,
        "platform": session.thread.platform,
        "user": session.thread.user,
        "sender_id": sender_id,
        "plan": session.plan.name,
        "target_app": target_app,
        "is_with_inbox": target_app in INBOX_APP_IDS.values(),
        "state": session.state,
        "reason": session.reason,
        "opened_by": session.opened_by,
        "opened_at": session.opened_at,
        "first_answer_at": session.first_answer_at,
        "operator_messages": session.operator_messages,
        "user_messages": session.user_messages,
    }
