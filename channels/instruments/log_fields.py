"""What a log line may say about a thread."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ..core.events import Thread
from ..core.sessions.session import Session

_DIGITS = 12


@dataclass(slots=True)
class _Subject:
    """What work is under way for; what the log says of it is made when something is logged."""

    thread: Thread | None
    session: Session | None = None


_subject: ContextVar[_Subject | None] = ContextVar("handover_log_subject", default=None)


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
    subject = _Subject(thread)
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)
        # What was begun within keeps this context, such as the timer of Rasa's reminders, which
        # is everybody's.
        subject.thread = subject.session = None


def about_session(session: Session) -> None:
    """What is logged in the rest of the `about_thread` block is about the session."""
    subject = _subject.get()
    if subject is not None and subject.thread is not None:
        subject.session = session


def subject() -> Mapping[str, str]:
    """The fields of the thread, and of its session if there is one, that work is under way for."""
    subject = _subject.get()
    if subject is None or subject.thread is None:
        return {}
    if subject.session is None:
        return thread_fields(subject.thread)
    return session_fields(subject.session)
