"""The shapes of Graph's answers, and what they say. Pure.

Source: Messenger Platform, Conversation Routing and Send API; Meta facts 1.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from ..core.meta.ownership import Owner


class SendAnswer(msgspec.Struct, frozen=True):
    """The answer to a send. One that names whom the message went to says enough."""

    message_id: str | int | None = None
    recipient_id: str | int | None = None

    def __post_init__(self) -> None:
        if not (self.message_id or self.recipient_id):
            raise ValueError("It says neither which message was sent nor to whom.")

    @property
    def mid(self) -> str:
        """The message's id; empty where Meta does not tell it."""
        return str(self.message_id or "")


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a change of control, or to a sender action (which has no `success`)."""

    success: bool = True


_OWNER_KEYS = {"app_id", "expiration"}


def owner_in(answer: object, *, us: str) -> Owner:
    """Who owns the thread, for the app `us`, by the answer of `thread_owner`.

    An empty list says that the thread is idle. Meta names another app only to the default app: an
    owner without an app id is somebody, not nobody. Whatever else Meta answers says nothing.
    """
    lines = answer.get("data") if isinstance(answer, dict) else None
    if lines == []:
        return Owner.IDLE
    line = lines[0] if isinstance(lines, list) else None
    owner = line.get("thread_owner") if isinstance(line, dict) else None
    if not isinstance(owner, dict) or not owner:
        return Owner.UNKNOWN
    app_id = owner.get("app_id")
    if app_id in (None, "", "null"):
        return Owner.UNNAMED if owner.keys() <= _OWNER_KEYS else Owner.UNKNOWN
    if not isinstance(app_id, (str, int, Decimal)) or isinstance(app_id, bool):
        return Owner.UNKNOWN
    is_exact = isinstance(app_id, Decimal)
    is_ours = app_id == Decimal(us) if is_exact else str(app_id).strip() == us
    return Owner.OURS if is_ours else Owner.ANOTHER_APP


class _FeatureStatus(msgspec.Struct, frozen=True):
    msgr_multi_app: bool = False
    ig_multi_app: bool = False


class PageStatus(msgspec.Struct, frozen=True):
    """The answer to `messaging_feature_status`: where Conversation Routing is on."""

    id: str | int
    messaging_feature_status: _FeatureStatus = _FeatureStatus()

    def routes(self, page: str) -> bool:
        """Whether routing is on for the page, or for its Instagram account (any other id)."""
        status = self.messaging_feature_status
        return status.msgr_multi_app if str(self.id) == page else status.ig_multi_app


class PageIdentity(msgspec.Struct, frozen=True):
    """The page that the token is for."""

    id: str | int


class _Account(msgspec.Struct, frozen=True):
    id: str | int


class LinkedAccount(msgspec.Struct, frozen=True):
    """The page's Instagram account; Meta leaves it out where the token may not see it."""

    instagram_business_account: _Account | None = None


class Profile(msgspec.Struct, frozen=True):
    """What Meta tells of a user: nothing, without the feature *Business Asset User Profile Access*.

    Of a user of Instagram it tells `name`, which may be unset, and `username`; of others the parts.
    """

    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    username: str | None = None

    def told(self) -> str | None:
        """The name as people write it; None where Meta does not tell."""
        parts = " ".join(part for part in (self.first_name, self.last_name) if part)
        handle = f"@{self.username}" if self.username else None
        return self.name or parts or handle


class _Named(msgspec.Struct, frozen=True):
    id: str | int
    name: str = ""


class Named(msgspec.Struct, frozen=True):
    """Several things with their names."""

    data: list[_Named] = []


class _InstalledApp(msgspec.Struct, frozen=True):
    id: str | int
    subscribed_fields: list[str] | None = None


class _Paging(msgspec.Struct, frozen=True):
    next: str | None = None


class InstalledApps(msgspec.Struct, frozen=True):
    """The apps that are subscribed to the page's webhook; None where Meta does not tell."""

    data: list[_InstalledApp] | None = None
    paging: _Paging | None = None

    def leave_out(self, us: str, field: str = "messages") -> bool:
        """Whether Meta tells, and the app `us` gets nothing of this field."""
        if self.data is None:
            return False
        own = [app.subscribed_fields for app in self.data if str(app.id) == us]
        if own:
            return own[0] is not None and field not in own[0]
        may_come_later = self.paging is not None and self.paging.next is not None
        return not may_come_later


SENT = msgspec.json.Decoder(SendAnswer)
ACCEPTED = msgspec.json.Decoder(Accepted, strict=False)
THREAD_OWNER = msgspec.json.Decoder(Any, float_hook=Decimal)  # a float has 15 digits
PAGE_IDENTITY = msgspec.json.Decoder(PageIdentity)
LINKED_ACCOUNT = msgspec.json.Decoder(LinkedAccount)
INSTALLED_APPS = msgspec.json.Decoder(InstalledApps)
PROFILE = msgspec.json.Decoder(Profile)
NAMED = msgspec.json.Decoder(Named)
NAMED_PAGE = msgspec.json.Decoder(_Named)
PAGE_STATUS = msgspec.json.Decoder(PageStatus, strict=False)
