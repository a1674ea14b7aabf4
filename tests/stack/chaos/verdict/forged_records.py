"""The record of one user's thread in which everything went well, and ways to spoil it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.verdict.evidence import (
    USER,
    Delivered,
    Evidence,
    Kind,
    Owned,
    Ran,
    Said,
    Stored,
    Told,
    Tracked,
)

USER_ID = "7200000000000000"
INBOX = "263902037430900"
SESSION = "session_1"
END = f"end_of_{SESSION}"
BACK = "As you asked, you are back with the bot."
FEEDBACK = "How was the chat with our team?"


def at(seconds: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)


def written(seconds: float, mid: str, text: str) -> Said:
    return Said(user=USER_ID, mid=mid, at=at(seconds), sender=USER, text=text)


def sent(seconds: float, text: str, *, turn: str = "m_4") -> Said:
    """A message of the bot's in a turn; each send has a mark of its own."""
    return Said(
        user=USER_ID,
        mid=f"bot_{seconds}",
        at=at(seconds),
        sender=BOT,
        text=text,
        mark=f"mark_{seconds}",
        turn=turn,
    )


def turn(
    seconds: float, message_id: str, *texts: str, intent: str = "", session: str = ""
) -> tuple[Tracked, ...]:
    """A turn that lasts for a second."""
    heard = Tracked(
        user=USER_ID,
        at=at(seconds),
        kind=Kind.HEARD,
        message_id=message_id,
        intent=intent,
        session=session,
    )
    spoken = [
        Tracked(user=USER_ID, at=at(seconds + 0.1), kind=Kind.SPOKEN, text=text) for text in texts
    ]
    over = Tracked(user=USER_ID, at=at(seconds + 1), kind=Kind.LISTENS)
    return (heard, *spoken, over)


def end_of(session: str, seconds: float, *texts: str, message_id: str = "") -> tuple[Tracked, ...]:
    message_id = message_id or f"end_of_{session}"
    return turn(seconds, message_id, *texts, intent="handover_ended", session=session)


def ran(seconds: float, message_id: str) -> Ran:
    return Ran(user=USER_ID, message_id=message_id, at=at(seconds))


def owned(seconds: float, owner: str | None) -> Owned:
    return Owned(user=USER_ID, at=at(seconds), owner=owner)


def ended(session: str, **known: Any) -> Stored:
    stored = {"user": USER_ID, "state": "ended", "reason": "keyword", **known}
    return Stored(session=session, **stored)


def told(seconds: float, kind: str, session: str = SESSION) -> Told:
    return Told(notice=f"msg_{session}_{kind}", session=session, kind=kind, at=at(seconds))


def without(evidence: Evidence, text: str) -> Evidence:
    """The record without this message of the bot."""
    return replace(evidence, said=tuple(one for one in evidence.said if one.text != text))


def more(evidence: Evidence, *said: Said, **parts: tuple[object, ...]) -> Evidence:
    """The record with more in these parts of it, each in its order."""
    by_time = sorted((*evidence.said, *said), key=lambda one: one.at)
    longer: dict[str, Any] = {
        name: (*getattr(evidence, name), *added) for name, added in parts.items()
    }
    return replace(evidence, said=tuple(by_time), **longer)


GOOD = Evidence(
    said=(
        written(0, "m_1", "message 1"),
        sent(1, "You said: message 1", turn="m_1"),
        written(10, "m_2", "talk to a person"),
        sent(11, "I'm connecting you.", turn="m_2"),
        Said(user=USER_ID, mid="o_1", at=at(15), sender=INBOX, text="I am the operator."),
        written(16, "m_3", "menu"),
        sent(21, BACK, turn=END),
        sent(21.5, FEEDBACK, turn=END),
        written(30, "m_4", "message 2"),
        sent(31, "You said: message 2"),
    ),
    delivered=(
        Delivered(mid="m_1", array="messaging"),
        Delivered(mid="m_2", array="messaging"),
        Delivered(mid="m_3", array="standby"),
        Delivered(mid="m_4", array="messaging"),
    ),
    owned=(owned(11.2, INBOX), owned(17, BOT)),
    tracked=(
        *turn(0.5, "m_1", "You said: message 1"),
        *turn(10.5, "m_2", "I'm connecting you."),
        *end_of(SESSION, 20.5, BACK, FEEDBACK),
        *turn(30.5, "m_4", "You said: message 2"),
    ),
    sessions=(
        ended(
            SESSION,
            began_at=at(10.5),
            active_at=at(11.2),
            first_answer_at=at(15),
            ended_at=at(17),
        ),
    ),
    undone=(),
    transcribed=frozenset({"m_3"}),
    unanswered=frozenset(),
    kills=(),
    pauses=(),
    stops=(),
    runs=(ran(0.6, "m_1"), ran(30.6, "m_4")),
    told=(told(11.3, "opened"), told(15.1, "answered"), told(20, "ended")),
)
