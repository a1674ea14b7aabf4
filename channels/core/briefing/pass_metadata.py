"""The metadata that goes with a passed thread: what the agent's app can know about it. Pure.

Meta names no limit for it; the limit of the Send API's metadata is the safe assumption.
Source: Messenger Platform, Conversation Routing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import msgspec

from ..meta.limits import MESSENGER
from ..meta.splitting import ELLIPSIS, length
from ..sessions.session import Session
from .situation import Situation

LONGEST_METADATA = MESSENGER.metadata
MOST_BOT_TEXTS = 5


def pass_metadata(
    session: Session,
    *,
    language: str,
    last_texts: Iterable[str],
    situation: Situation | None = None,
    url: str | None = None,
) -> str:
    """Valid JSON of fewer than 1,000 characters: the session first, then as much else as fits.

    `url` is where all of it can be read. The plan's `metadata` goes in key by key, and so do the
    slots that it names; then the last messages of the user and of the bot in turn, the newest
    first, unless the plan keeps them back. Nothing is cut: what does not fit is left out whole, and
    an ellipsis stands for missing messages that came after one that is included. `last_texts` is in
    the order in which the texts were written.
    """
    situation = situation or Situation()
    context: dict[str, Any] = {
        "session": session.id,
        "plan": session.plan.name,
        "timeout_seconds": int(session.plan.timeout.total_seconds()),
        "language": language,
    }
    if url is not None:
        _add_if_it_fits(context, "context_url", url)
    if situation.intent is not None:
        _add_if_it_fits(context, "intent", situation.intent)
    for kind, values in (
        ("metadata", session.plan.metadata),
        ("slots", situation.slots_of(session)),
    ):
        for key, value in values.items():
            _add_if_it_fits(context, kind, {**context.get(kind, {}), key: value})
    if session.plan.last_messages:
        _add_last_words(context, list(last_texts), situation.bot_texts()[-MOST_BOT_TEXTS:])
    return _written(context)


def return_metadata(session: Session) -> str:
    """What goes with taking the thread back: which session ends, and why."""
    reason = session.reason.value if session.reason else None
    return _written({"session": session.id, "reason": reason})


def _add_last_words(context: dict[str, Any], users: list[str], bots: list[str]) -> None:
    """Add the newest first; one that is too long does not keep older ones out."""
    missing: dict[str, list[str]] = {"last_messages": [], "last_responses": []}
    for pair in zip_longest(reversed(users), reversed(bots)):
        for key, text in zip(missing, pair, strict=True):
            if text is None:
                continue
            told = [text, *missing[key], *context.get(key, [])]
            missing[key] = [] if _add_if_it_fits(context, key, told) else [ELLIPSIS]


def _add_if_it_fits(context: dict[str, Any], key: str, value: object) -> bool:
    fits = length(_written({**context, key: value})) <= LONGEST_METADATA
    if fits:
        context[key] = value
    return fits


def _written(context: dict[str, Any]) -> str:
    return msgspec.json.encode(context).decode()
