"""The metadata that goes with a passed thread: what the agent's app can know of it. Pure.

Meta names no limit for it; that of the Send API's metadata is the safe reading.
Source: Messenger Platform, Conversation Routing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .limits import MESSENGER
from .sessions import Session
from .splitting import ELLIPSIS, length

LONGEST_METADATA = MESSENGER.metadata


def pass_metadata(session: Session, *, language: str, last_texts: Iterable[str]) -> str:
    """Valid JSON of less than 1,000 characters: the session first, then what fits of the rest.

    The plan's `metadata` goes in key by key, then the user's last messages, the newest first,
    unless the plan keeps them back. Nothing is cut: what does not fit is left out whole, and an
    ellipsis stands for messages that are missing after one that is told. `last_texts` is in the
    order of writing.
    """
    context: dict[str, Any] = {
        "session": session.id,
        "plan": session.plan.name,
        "timeout_seconds": int(session.plan.timeout.total_seconds()),
        "language": language,
    }
    for key, value in session.plan.metadata.items():
        _add_if_it_fits(context, "metadata", {**context.get("metadata", {}), key: value})
    if session.plan.last_messages:
        _add_last_messages(context, list(last_texts))
    return _written(context)


def return_metadata(session: Session) -> str:
    """What goes with taking the thread back: which session ends, and why."""
    reason = session.reason.value if session.reason else None
    return _written({"session": session.id, "reason": reason})


def _add_last_messages(context: dict[str, Any], texts: list[str]) -> None:
    """The newest first; one that is too long does not hide the ones before it."""
    missing: list[str] = []
    for text in reversed(texts):
        told = context.get("last_messages", [])
        if _add_if_it_fits(context, "last_messages", [text, *missing, *told]):
            missing = []
        else:
            missing = [ELLIPSIS]


def _add_if_it_fits(context: dict[str, Any], key: str, value: object) -> bool:
    fits = length(_written({**context, key: value})) <= LONGEST_METADATA
    if fits:
        context[key] = value
    return fits


def _written(context: dict[str, Any]) -> str:
    return json.dumps(context, ensure_ascii=False, separators=(",", ":"))
