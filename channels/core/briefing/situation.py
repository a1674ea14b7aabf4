"""Where a conversation stands, for the agent who gets it. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ..events import Event, SignOfLife, UserMessage
from ..sessions.session import Session

CONTEXT_PATH = "/webhooks/facebook/handovers"
READ_AFTER_END = timedelta(days=1)  # how long the agent's app may read the context
_DIGITS = 32  # 128 bits


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot or its user has said; `speaker` is "bot" or "user".

    `mid` is the id of the user's message, if it has one.
    """

    at: datetime
    speaker: str
    text: str
    mid: str | None = None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the assistant knows: the last intent, the slots that are set, and what was said."""

    intent: str | None = None
    slots: dict[str, Any] = {}
    said: tuple[Said, ...] = ()

    def slots_of(self, session: Session) -> dict[str, Any]:
        """Those slots that the session's plan names, if they are set and JSON can hold them."""
        named = {name: self.slots.get(name) for name in session.plan.context_slots}
        return {
            name: value for name, value in named.items() if value is not None and _is_json(value)
        }

    def amended(self, events: Iterable[Event]) -> Situation:
        """The same without what the user has taken back since then, and with what they have edited.

        `events` are those that are kept of the thread, as they are now.
        """
        now: dict[str | None, str | None] = {
            event.mid: event.text if isinstance(event, UserMessage) else None
            for event in events
            if (isinstance(event, SignOfLife) or (isinstance(event, UserMessage) and event.edits))
            and event.mid is not None
        }
        texts = ((said, now.get(said.mid, said.text)) for said in self.said)
        said = tuple(msgspec.structs.replace(said, text=text) for said, text in texts if text)
        return msgspec.structs.replace(self, said=said)

    def bot_texts(self) -> list[str]:
        """What the bot has said, in order."""
        return [said.text for said in self.said if said.speaker == "bot"]


def context_url(session: Session, *, public_url: str, app_secret: str) -> str:
    """Where the agent's app reads the whole context of this session, and of no other."""
    token = context_token(session.id, app_secret)
    return f"{public_url}{CONTEXT_PATH}/{session.id}/context?token={token}"


def context_token(session_id: str, app_secret: str) -> str:
    """What opens the context of one session."""
    told = f"handover-context:{session_id}".encode(errors="surrogatepass")
    return hmac.new(app_secret.encode(), told, hashlib.sha256).hexdigest()[:_DIGITS]


def opens_context(token: str, session_id: str, app_secret: str) -> bool:
    """Whether the token is that of the session."""
    expected = context_token(session_id, app_secret)
    return hmac.compare_digest(expected.encode(), token.encode(errors="surrogatepass"))


def may_be_read(session: Session, now: datetime) -> bool:
    """Whether the agent's app may still read the session's context."""
    return session.ended_at is None or now < session.ended_at + READ_AFTER_END


def _is_json(value: object) -> bool:
    try:
        msgspec.json.encode(value)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError):
        return False
    return True
