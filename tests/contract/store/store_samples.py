"""Events and sessions for the tests of the store."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from channels.core.briefing.transcript import Line
from channels.core.events import Array, Echo, Postback, Thread, UserMessage
from channels.core.plans import Plan
from channels.core.records.inbox import InboxEntry
from channels.core.records.outgoing import Outgoing
from channels.core.sessions.session import Cause, EndReason, Session, Speaker
from channels.core.sessions.transitions import ended, ending, opening
from channels.store.protocol import Store

NOW = datetime(2024, 2, 29, 23, 59, 59, 123_457, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ANNA = Thread(page="1001", user="2001")
BEN = Thread(page="1001", user="2002")
CARA = Thread(page="1001", user="2003")


def message(key: str, thread: Thread = ANNA, **fields: Any) -> UserMessage:
    common = {"key": key, "thread": thread, "at": NOW, "received_at": NOW, "mid": f"m_{key}"}
    return UserMessage(**{**common, "array": Array.MESSAGING, "text": f"text of {key}", **fields})


def postback(key: str, **fields: Any) -> Postback:
    common = {"key": key, "thread": ANNA, "at": NOW, "received_at": NOW}
    return Postback(**{**common, "array": Array.MESSAGING, **fields})


def echo(key: str, **fields: Any) -> Echo:
    common = {"key": key, "thread": ANNA, "at": NOW, "received_at": NOW, "mid": f"m_{key}"}
    return Echo(**{**common, "array": Array.STANDBY, "app_id": "3001", **fields})


def new_session(session_id: str, thread: Thread = ANNA, *, now: datetime = NOW) -> Session:
    """A session in state opening, of version 1, due at `now`."""
    plan = Plan(name="default")
    opened = opening(thread=thread, plan=plan, cause=Cause(at=now, key=session_id), now=now)
    return msgspec.structs.replace(opened, id=session_id)


def taken_over(entries: list[InboxEntry]) -> list[InboxEntry]:
    """The entries as the next worker gets them."""
    return [msgspec.structs.replace(entry, is_repeated=True, was_lost=True) for entry in entries]


def next_version(session: Session, **changes: Any) -> Session:
    """The next version of a session, changed in one way or another."""
    return msgspec.structs.replace(session, version=session.version + 1, **changes)


def line(key: str, *, at: datetime = NOW, speaker: Speaker = Speaker.USER) -> Line:
    return Line(key=key, at=at, speaker=speaker, text=f"text of {key}")


async def end_session(store: Store, session: Session) -> Session:
    """Store the two versions of `session` that end it at NOW, and return the last."""
    ending_session = ending(session, EndReason.KEYWORD, NOW)
    assert await store.save_session(ending_session)
    ended_session = ended(ending_session)
    assert await store.save_session(ended_session)
    return ended_session


def words(text: str, thread: Thread = ANNA, **fields: Any) -> Outgoing:
    """A message of the bot's."""
    return Outgoing(
        **{
            "thread": thread,
            "turn": "m_1",
            "place": 0,
            "message": {"text": text},
            "mark": f"mark of {text}",
            "response": "utter_text",
            "cause": Cause(at=NOW, key="cause"),
            "said_at": NOW,
            **fields,
        }
    )
