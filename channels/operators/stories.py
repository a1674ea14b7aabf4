"""What has happened in a handover, step by step, for the operators' page. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from ..core.briefing.transcript import Line
from ..core.events import Platform, Thread
from ..core.sessions.session import Session
from ..core.sessions.statistics import Moment
from .contexts import Spoken, spoken

_INBOX = "https://business.facebook.com/latest/inbox/all"


class Happening(enum.Enum):
    """What happened. ASKED_FOR: outside the plan's hours. PASSED: the team got the thread.

    For what operators and users said, only the first and the last time are shown.
    """

    ASKED_FOR = "asked_for"
    OPENED = "opened"
    PASSED = "passed"
    FIRST_ANSWER = "first_answer"
    LAST_ANSWER = "last_answer"
    USER_WROTE = "user_wrote"
    ENDED = "ended"
    RATED = "rated"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, and when."""

    at: Moment
    what: Happening


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened in a session, in order.

    `transcript` is the last lines of what the user and operators said; null if it is not kept.
    `inbox_url` leads to the conversation in Meta's own Inbox, for people who may open that.
    """

    session_id: str
    sender_id: str
    steps: list[Step]
    transcript: list[Spoken] | None
    inbox_url: str


def story(session: Session, sender_id: str, lines: Sequence[Line] | None) -> Story:
    """The story of a session, with what was said in it, if that is kept."""
    return Story(
        session_id=session.id,
        sender_id=sender_id,
        steps=sorted(_steps(session), key=_at),
        transcript=None if lines is None else [spoken(line) for line in lines],
        inbox_url=inbox_url(session.thread),
    )


def inbox_url(thread: Thread) -> str:
    """Where Meta shows the conversation; for Instagram, where it shows all of them."""
    if thread.platform is Platform.INSTAGRAM:
        return _INBOX
    asked = {
        "asset_id": thread.page,
        "mailbox_id": thread.page,
        "selected_item_id": thread.user,
        "thread_type": "FB_MESSAGE",
    }
    return f"{_INBOX}?{urlencode(asked)}"


def _steps(session: Session) -> Iterator[Step]:
    rated_at = None if session.feedback is None else session.feedback.at
    wrote_at, answered_at = session.last_user_at, session.last_operator_at
    for what, at in (
        (Happening.ASKED_FOR, session.waiting_since),
        (Happening.OPENED, None if session.is_waiting else session.opened_at),
        (Happening.PASSED, session.active_at),
        (Happening.FIRST_ANSWER, session.first_answer_at),
        (Happening.LAST_ANSWER, None if answered_at == session.first_answer_at else answered_at),
        (Happening.USER_WROTE, wrote_at if session.user_messages else None),
        (Happening.ENDED, session.ended_at),
        (Happening.RATED, rated_at),
    ):
        if at is not None:
            yield Step(at=at, what=what)


def _at(step: Step) -> datetime:
    return step.at
