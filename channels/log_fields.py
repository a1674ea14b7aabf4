"""What a log line may say about a thread."""

from __future__ import annotations

import hashlib

from .events import Thread
from .sessions import Session

_DIGITS = 12


def thread_hash(thread: Thread) -> str:
    """A short stand-in for the thread: the same in every line, and no one's id in clear."""
    return hashlib.sha256(thread.key.encode()).hexdigest()[:_DIGITS]


def session_fields(session: Session) -> dict[str, str]:
    """What a log line about a session carries beside its text."""
    return {
        "session": session.id,
        "plan": session.plan.name,
        "thread_hash": thread_hash(session.thread),
    }
