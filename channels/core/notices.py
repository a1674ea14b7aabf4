"""What operators are told about a handover: ids, times and counts, never what anybody wrote. Pure.

Source: Standard Webhooks 1.0 (payload structure, webhook-id).
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from .events import Thread

KEPT_TRYING = timedelta(days=1)
LATE = timedelta(minutes=5)  # after which people are told when it happened


class NoticeKind(enum.Enum):
    """What has happened, in the order in which it happens."""

    WAITING = "waiting"
    OPENED = "opened"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    ENDED = "ended"
    FAILED = "failed"


EVERY_KIND = frozenset(NoticeKind)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell about one session: `id` is the same at every try and for every target.

    `opened_by` is "bot", "somebody else" or "bot_failed".
    """

    id: str
    kind: NoticeKind
    at: datetime
    session_id: str
    thread: Thread
    plan: str
    target_app: str
    state: str
    opened_by: str
    reason: str | None
    opened_at: datetime
    active_at: datetime | None
    first_answer_at: datetime | None
    ended_at: datetime | None
    operator_messages: int
    user_messages: int


class Addressed(msgspec.Struct, frozen=True, kw_only=True):
    """A notice for one target, which is named without its secrets."""

    target: str
    notice: Notice


class NoticeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that a worker is delivering, and how often that has failed."""

    position: int
    notice: Notice
    failures: int


def notice_id(session_id: str, kind: NoticeKind) -> str:
    """An id by which targets recognise repeats: a session has at most one notice of each kind."""
    return f"msg_{session_id}_{kind.value}"


def payload_of(notice: Notice) -> dict[str, Any]:
    """The body of a webhook."""
    thread = notice.thread
    return {
        "type": f"handover.{notice.kind.value}",
        "timestamp": notice.at.isoformat(),
        "data": {
            "event": notice.kind.value,
            "session_id": notice.session_id,
            "channel": thread.platform.value,
            "page": thread.page,
            "user": thread.user,
            "plan": notice.plan,
            "target_app": notice.target_app,
            "state": notice.state,
            "opened_by": notice.opened_by,
            "reason": notice.reason,
            "opened_at": notice.opened_at.isoformat(),
            "active_at": _written(notice.active_at),
            "first_answer_at": _written(notice.first_answer_at),
            "ended_at": _written(notice.ended_at),
            "operator_messages": notice.operator_messages,
            "user_messages": notice.user_messages,
        },
    }


def words_of(notice: Notice, now: datetime) -> tuple[str, str]:
    """A title and a text for people, with the time if it is LATE `now`."""
    thread = notice.thread
    about = f"Plan {notice.plan}, user {thread.user}, page {thread.page}"
    titles = _TITLES if notice.opened_by != "somebody else" else _TITLES | _TITLES_OF_TAKEN
    when = f" This was at {notice.at:%Y-%m-%d %H:%M} UTC." if now - notice.at > LATE else ""
    return titles[notice.kind], f"{' '.join(_told(notice))} {about}.{when}".strip()


def _told(notice: Notice) -> Iterator[str]:
    waited_until = notice.first_answer_at or notice.at
    since = notice.active_at or notice.opened_at
    minutes = max(round((waited_until - since) / timedelta(minutes=1)), 0)
    if notice.opened_by == "somebody else" and notice.kind in _IN_HAND:
        yield "It began without the bot."
    elif notice.kind is NoticeKind.UNANSWERED:
        yield f"Nobody has answered for {minutes} min."
    elif notice.kind is NoticeKind.ANSWERED:
        yield f"The first answer came after {minutes} min."
    elif notice.kind in (NoticeKind.ENDED, NoticeKind.FAILED):
        if notice.kind is NoticeKind.ENDED:
            yield f"It ended for this reason: {(notice.reason or '').replace('_', ' ')}."
        yield f"Messages from your team: {notice.operator_messages}."
    elif notice.opened_by == "bot_failed":
        yield "The bot has failed."


_TITLES = {
    NoticeKind.WAITING: "Somebody is waiting until you open",
    NoticeKind.OPENED: "Somebody is waiting for an answer",
    NoticeKind.UNANSWERED: "Somebody is still waiting for an answer",
    NoticeKind.ANSWERED: "A handover has been answered",
    NoticeKind.ENDED: "A handover is over",
    NoticeKind.FAILED: "A handover could not be made",
}
# Whoever takes a thread may write before its user does: then nobody waits.
_TITLES_OF_TAKEN = {
    NoticeKind.OPENED: "Somebody has taken a thread",
    NoticeKind.ANSWERED: "Whoever took a thread has written there",
}
_IN_HAND = (NoticeKind.OPENED, NoticeKind.UNANSWERED, NoticeKind.ANSWERED)


def addressed(
    notices: Collection[Notice], targets: Collection[tuple[str, frozenset[NoticeKind]]]
) -> list[Addressed]:
    """The notices for each target that wants them."""
    return [
        Addressed(target=name, notice=notice)
        for notice in notices
        for name, kinds in targets
        if notice.kind in kinds
    ]


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
