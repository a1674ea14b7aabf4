"""The metadata that goes with a passed thread: what the agent's app can know of it. Pure.

Meta names no limit for it; the Send API's 1,000 characters are the safe reading.
Source: Messenger Platform, Conversation Routing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .sessions import Session

LONGEST_METADATA = 1000  # characters


def pass_metadata(session: Session, *, language: str, last_texts: Iterable[str]) -> str:
    """Valid JSON of at most 1,000 characters: the session first, then what fits of the rest.

    The plan's `metadata` goes in key by key, then the user's last messages, the newest first;
    whatever does not fit is left out whole. `last_texts` is in the order of writing.
    """
    context: dict[str, Any] = {
        "session": session.id,
        "plan": session.plan.name,
        "timeout_seconds": int(session.plan.timeout.total_seconds()),
        "language": language,
    }
    for key, value in session.plan.metadata.items():
        _add_if_it_fits(context, "metadata", {**context.get("metadata", {}), key: value})
    for text in reversed(list(last_texts)):
        if not _add_if_it_fits(context, "last_messages", [text, *context.get("last_messages", [])]):
            break
    return _written(context)


def return_metadata(session: Session) -> str:
    """What goes with taking the thread back: which session ends, and why."""
    reason = session.reason.value if session.reason else None
    return _written({"session": session.id, "reason": reason})


def _add_if_it_fits(context: dict[str, Any], key: str, value: object) -> bool:
    fits = _length(_written({**context, key: value})) <= LONGEST_METADATA
    if fits:
        context[key] = value
    return fits


def _written(context: dict[str, Any]) -> str:
    return json.dumps(context, ensure_ascii=False, separators=(",", ":"))


def _length(text: str) -> int:
    """UTF-16 units, as a browser counts: never less than the number of characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
