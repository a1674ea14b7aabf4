"""What a log line may say about a thread."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from ..core.events import Thread
from ..core.sessions.session import Session

_DIGITS = 12

_subject: ContextVar[dict[str, str] | None] = ContextVar("handover_log_subject", default=None)


def thread_hash(thread: Thread) -> str:
    """A short stand-in for the thread: the same in every line, and no one's id in clear."""
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


@contextmanager
def about_thread(thread: Thread) -> Iterator[None]:
    """What is logged within this block is about the thread, whoever logs it: see `subject`."""
    fields = thread_fields(thread)
    token = _subject.set(fields)
    try:
        yield
    finally:
        _subject.reset(token)
        # What was begun within keeps this context, such as the timer of Rasa's reminders, which
        # is everybody's.
        fields.clear()


def about_session(session: Session) -> None:
    """What is logged in the rest of the `about_thread` block is about the session."""
    fields = _subject.get()
    if fields:
        fields.update(session_fields(session))


def subject() -> Mapping[str, str]:
    """The fields of the thread, and of its session if there is one, that work is under way for."""
    return _subject.get() or {}
