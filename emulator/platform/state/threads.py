from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...rules.accounts import INBOXES, Account, PlatformName
from ...rules.errors import JsonObject
from ...rules.ownership import IDLE, Control
from .models import User

FROM_USER = "user"


class UnknownMessageError(LookupError):
    """The thread has no message with this mid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One line of a thread. `sender` is FROM_USER or the id of the app that sent it; `edits` is how
    often the person has changed its text.
    """

    mid: str
    sender: str
    at: datetime
    content: JsonObject
    edits: int = 0

    def tappables(self) -> Iterator[JsonObject]:
        """Its quick replies, its buttons and those of its elements, as they were sent."""
        if self.sender == FROM_USER:
            return
        yield from _objects(self.content.get("quick_replies"))
        for attachment in _objects(self.content.get("attachments")):
            payload = attachment["payload"]
            yield from _objects(payload.get("buttons"))
            for element in _objects(payload.get("elements")):
                yield from _objects(element.get("buttons"))


@dataclass(kw_only=True, slots=True)
class Thread:
    """The conversation of one person with the Page or its Instagram account."""

    user: User
    account: Account
    control: Control = IDLE
    last_user_action_at: datetime | None = None
    last_user_message_at: datetime | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def platform(self) -> PlatformName:
        """Where the person writes."""
        return self.account.platform

    @property
    def inbox(self) -> str:
        """The app id of the Inbox that owns such a thread when an operator does."""
        return INBOXES[self.platform]

    def newest_answer(self) -> Message | None:
        """The last message that an app or an operator sent."""
        return next((one for one in reversed(self.messages) if one.sender != FROM_USER), None)

    def message(self, mid: str) -> Message:
        """The message with this mid. Raises UnknownMessageError if there is none."""
        for message in reversed(self.messages):
            if message.mid == mid:
                return message
        raise UnknownMessageError(f"No message of this thread has the mid {mid}.")

    def find_tappable(self, title: str) -> tuple[Message, JsonObject] | None:
        """The newest message with a quick reply or button with that title, and the button."""
        for message in reversed(self.messages):
            for tappable in message.tappables():
                if tappable.get("title") == title:
                    return message, tappable
        return None


def _objects(values: Any) -> list[JsonObject]:
    """The JSON objects of an array; the Send API leaves the parts of some templates unchecked."""
    return [value for value in values if isinstance(value, dict)] if values else []


def new_mid() -> str:
    """A message id that looks like Meta's."""
    return "m_" + secrets.token_urlsafe(24)


def content_of(message: JsonObject) -> JsonObject:
    """What a thread keeps from a Send API message; a single attachment becomes a list of one."""
    kept = ("text", "sticker_id", "quick_replies", "metadata", "persona_id")
    content: JsonObject = {key: message[key] for key in kept if message.get(key)}
    attachments = [message["attachment"]] if message.get("attachment") else []
    attachments += message.get("attachments") or []
    if attachments:
        content["attachments"] = attachments
    return content
