"""The shapes of Graph's answers, and what they say. Pure.

Source: Messenger Platform, Conversation Routing and Send API; Meta facts 1.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeGuard

import msgspec

from ..core.meta.ownership import Owner


def _id(value: object) -> str:
    """An id from Meta, as text; empty if it is not an id."""
    is_one = isinstance(value, (str, int)) and not isinstance(value, bool)
    return str(value) if is_one and value else ""


def names_an_app(line: object) -> TypeGuard[dict[str, Any]]:
    """Whether a line in a list of apps describes an app."""
    return isinstance(line, dict) and bool(_id(line.get("id")))


class SendAnswer(msgspec.Struct, frozen=True):
    """The answer to a send. It is enough if it names the recipient."""

    message_id: Any = None
    recipient_id: Any = None

    def __post_init__(self) -> None:
        if not (_id(self.message_id) or _id(self.recipient_id)):
            raise ValueError("It says neither which message was sent nor to whom.")

    @property
    def mid(self) -> str:
        """The message's id; empty if Meta does not give it."""
        return _id(self.message_id)


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a change of control, or to a sender action (which has no `success`)."""

    success: bool = True


_OWNER_KEYS = {"app_id", "expiration"}


def owner_in(answer: object, *, us: str) -> Owner:
    """Who owns the thread, as seen by the app `us`, according to the answer of `thread_owner`.

    An empty list means that the thread is idle. Meta names another app only to the default app: an
    owner without an app id is somebody, not nobody. Any other answer means UNKNOWN.
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
    if isinstance(app_id, Decimal):
        return Owner.OURS if app_id == Decimal(us) else Owner.ANOTHER_APP
    told = str(app_id).strip()
    if not told.isdecimal() or not told.strip("0"):
        return Owner.UNKNOWN  # no app has such an id
    return Owner.OURS if told == us else Owner.ANOTHER_APP


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
    """The page's Instagram account; Meta leaves it out if the token may not see it."""

    instagram_business_account: _Account | None = None


class Profile(msgspec.Struct, frozen=True):
    """A user's names: none of them, without the feature *Business Asset User Profile Access*.

    For an Instagram user Meta gives `name`, which may be unset, and `username`; for others, the
    first and last name.
    """

    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    username: str | None = None

    def told(self) -> str | None:
        """The name as people write it; None if Meta does not give it."""
        parts = " ".join(part for part in (self.first_name, self.last_name) if part)
        handle = f"@{self.username}" if self.username else None
        return self.name or parts or handle


class NamedPage(msgspec.Struct, frozen=True):
    """A page and its name."""

    id: str | int
    name: str = ""


class InstalledApps(msgspec.Struct, frozen=True):
    """The apps that are subscribed to the page's webhook, as far as Meta shows them."""

    data: Any = None
    paging: Any = None

    def leave_out(self, us: str, field: str = "messages") -> bool:
        """Whether Meta shows that the app `us` does not get this field."""
        own = [app.get("subscribed_fields") for app in self._apps if _id(app["id"]) == us]
        return _lacks(own[0], field) if own else self._is_whole

    def names(self) -> dict[str, str]:
        """The apps' names, by their ids."""
        told = ((_id(app["id"]), app.get("name")) for app in self._apps)
        return {app: name for app, name in told if name and isinstance(name, str)}

    @property
    def _apps(self) -> list[dict[str, Any]]:
        return [line for line in self.data if names_an_app(line)] if self._tells else []

    @property
    def _tells(self) -> bool:
        return isinstance(self.data, list)

    @property
    def _is_whole(self) -> bool:
        """Whether every app is shown: no line is unreadable, and no further page follows."""
        may_follow = isinstance(self.paging, dict) and self.paging.get("next") is not None
        return self._tells and len(self._apps) == len(self.data) and not may_follow


def _lacks(told: object, field: str) -> bool:
    """Whether `told` is a readable list of fields without this one."""
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        return False
    return field not in told


SENT = msgspec.json.Decoder(SendAnswer)
ACCEPTED = msgspec.json.Decoder(Accepted, strict=False)
THREAD_OWNER = msgspec.json.Decoder(Any, float_hook=Decimal)  # a float has 15 digits
PAGE_IDENTITY = msgspec.json.Decoder(PageIdentity)
LINKED_ACCOUNT = msgspec.json.Decoder(LinkedAccount)
INSTALLED_APPS = msgspec.json.Decoder(InstalledApps)
PROFILE = msgspec.json.Decoder(Profile)
NAMED_PAGE = msgspec.json.Decoder(NamedPage)
PAGE_STATUS = msgspec.json.Decoder(PageStatus, strict=False)
