"""What a log line may say about a thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextvars import ContextVar, Token

import msgspec

from ..core.events import Thread
from ..core.sessions.session import Session

_DIGITS = 12


class AboutThread(msgspec.Struct):
    """What is logged within this block is about the thread, no matter what logs it: see `subject`.

    Its fields are made only once something is logged.
    """

    thread: Thread | None
    session: Session | None = None
    token: Token[AboutThread | None] | None = None

    def __enter__(self) -> None:
        self.token = _subject.set(self)

    def __exit__(self, *_: object) -> None:
        if self.token is not None:
            _subject.reset(self.token)
        # Whatever was begun within keeps this context, even the timer of Rasa's reminders, which
        # serves everybody.
        self.thread = self.session = self.token = None


_subject: ContextVar[AboutThread | None] = ContextVar("handover_log_subject", default=None)


def thread_hash(thread: Thread) -> str:
    """A short stand-in for the thread: the same in every line, and without anybody's id."""
    return hashlib.sha256(thread.key.encode()).hexdigest()[:_DIGITS]


def thread_fields(thread: Thread) -> dict[str, str]:
    """What a log line about a thread carries beside its text."""
    return {"thread_hash": thread_hash(thread)}


def session_fields(session: Session) -> dict[str, str]:
    """What a log line about a session carries beside its text."""
    return {
        **thread_fields(session.thread),
        "session_id": session.id,
        "plan": session.plan.name,
    }


def about_session(session: Session) -> None:
    """What is logged in the rest of the `AboutThread` block is about the session."""
    subject = _subject.get()
    if subject is not None and subject.thread is not None:
        subject.session = session


def subject() -> Mapping[str, str]:
    """The fields of the thread or the session for which work is under way; empty if for none."""
    subject = _subject.get()
    if subject is None or subject.thread is None:
        return {}
    if subject.session is None:
        return thread_fields(subject.thread)
    return session_fields(subject.session)
