"""What a log line may say about a thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar

from ..core.events import Thread
from ..core.sessions.session import Session

_DIGITS = 12


class _Subject:
    """What work is under way for; what the log says of it is made when something is logged."""

    def __init__(self, thread: Thread) -> None:
        self.thread: Thread | None = thread
        self.session: Session | None = None

    def __enter__(self) -> None:
        self._token = _subject.set(self)

    def __exit__(self, *_: object) -> None:
        _subject.reset(self._token)
        # What was begun within keeps this context, such as the timer of Rasa's reminders, which
        # is everybody's.
        self.thread = self.session = None


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


def about_thread(thread: Thread) -> AbstractContextManager[None]:
    """What is logged within this block is about the thread, whoever logs it: see `subject`."""
    return _Subject(thread)


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
