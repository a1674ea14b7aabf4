"""The shapes of the Graph answers that only the doctor reads. Pure.

Source: Graph API, `debug_token`, `subscriptions` of an app, `subscribed_apps` of a Page;
Messenger Platform, `messenger_profile`; Meta facts 1.3, 1.4, 1.6 and 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import msgspec

from channels.graph.answers import names_an_app

from .findings import Unknown


class _Scope(msgspec.Struct, frozen=True):
    scope: str
    target_ids: list[str | int] | None = None


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""


class TokenInfo(msgspec.Struct, frozen=True):
    """What an access token is. Its dates are seconds since 1970; 0 means never."""

    is_valid: bool = False
    app_id: str | int = ""
    application: str = ""
    type: str = ""
    expires_at: int = 0
    data_access_expires_at: int = 0
    scopes: list[str] = []
    granular_scopes: list[_Scope] = []
    error: _Problem = _Problem()

    def hiding(self, secret: str) -> TokenInfo:
        """The same, without a secret that Meta may repeat in its message."""
        message = self.error.message.replace(secret, "***")
        return msgspec.structs.replace(self, error=_Problem(message=message))

    def covers(self, scope: str, target: str) -> bool:
        """Whether a permission applies to a Page or an account; without targets, to all."""
        if scope not in self.scopes:
            return False
        targets = [one.target_ids for one in self.granular_scopes if one.scope == scope]
        limits = [ids for ids in targets if ids is not None]
        return not limits or any(target in map(str, ids) for ids in limits)


class TokenAnswer(msgspec.Struct, frozen=True):
    """The answer of `debug_token`."""

    data: TokenInfo


class _Field(msgspec.Struct, frozen=True):
    name: str


class Subscription(msgspec.Struct, frozen=True):
    """What an app has subscribed to at one kind of object (`page`, `instagram`)."""

    object: str
    callback_url: str = ""
    active: bool = False
    fields: list[_Field] = []

    @property
    def field_names(self) -> set[str]:
        return {field.name for field in self.fields}


class SubscriptionsAnswer(msgspec.Struct, frozen=True):
    """The answer of an app's `subscriptions`."""

    data: list[Subscription] = []


class InstalledApp(msgspec.Struct, frozen=True):
    """An app on the Page, with the fields that it has subscribed to there."""

    id: str | int
    name: str = ""
    subscribed_fields: list[str] = []


class InstalledAppsAnswer(msgspec.Struct, frozen=True):
    """The answer of `subscribed_apps`."""

    data: list[Any] = []

    @property
    def apps(self) -> list[InstalledApp]:
        """All the apps; a line that names no app does not hide the others."""
        return [msgspec.convert(line, InstalledApp) for line in self.data if names_an_app(line)]

    def __post_init__(self) -> None:
        try:
            _ = self.apps
        except msgspec.ValidationError as error:
            raise ValueError(f"An app can't be read: {error}") from error


class Identity(msgspec.Struct, frozen=True):
    """Whom the token belongs to."""

    id: str | int
    name: str = ""


class _Account(msgspec.Struct, frozen=True):
    id: str | int


class LinkedAnswer(msgspec.Struct, frozen=True):
    """The answer for the field `instagram_business_account` of the Page."""

    instagram_business_account: _Account | None = None

    @property
    def account(self) -> str | None:
        """The id of the account that Meta shows the token."""
        account = self.instagram_business_account
        return None if account is None else str(account.id)


class Features(msgspec.Struct, frozen=True):
    """Where Conversation Routing is on."""

    msgr_multi_app: bool = False
    ig_multi_app: bool = False


class FeaturesAnswer(msgspec.Struct, frozen=True):
    """The answer for the field `messaging_feature_status` of the Page."""

    messaging_feature_status: Features = Features()


class _Button(msgspec.Struct, frozen=True):
    payload: str = ""
    call_to_actions: list[_Button] = []


class _Profile(msgspec.Struct, frozen=True):
    get_started: _Button = _Button()
    persistent_menu: list[_Button] = []


class ProfileAnswer(msgspec.Struct, frozen=True):
    """The answer of `messenger_profile`; an empty list if nothing is set."""

    data: list[_Profile] = []

    @property
    def payloads(self) -> set[str]:
        """What the button Get Started and the menu send."""
        return {
            payload
            for profile in self.data
            for payload in _payloads([profile.get_started, *profile.persistent_menu])
        }


def _payloads(buttons: Iterable[_Button]) -> Iterator[str]:
    for button in buttons:
        if button.payload:
            yield button.payload
        yield from _payloads(button.call_to_actions)


TOKEN = msgspec.json.Decoder(TokenAnswer)
SUBSCRIPTIONS = msgspec.json.Decoder(SubscriptionsAnswer)
INSTALLED_APPS = msgspec.json.Decoder(InstalledAppsAnswer)
IDENTITY = msgspec.json.Decoder(Identity)
FEATURES = msgspec.json.Decoder(FeaturesAnswer)
LINKED = msgspec.json.Decoder(LinkedAnswer)
PROFILE = msgspec.json.Decoder(ProfileAnswer)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageAnswers:
    """What Graph says about a Page's token, and answers when asked with it."""

    token: TokenInfo | Unknown
    identity: Identity | Unknown
    installed: InstalledAppsAnswer | Unknown
    features: FeaturesAnswer | Unknown
    profile: ProfileAnswer | Unknown
    linked: LinkedAnswer | Unknown

    @property
    def page(self) -> str | Unknown:
        """The id of the Page that the token is for."""
        return self.identity if isinstance(self.identity, Unknown) else str(self.identity.id)


def date_of(seconds: int) -> datetime | None:
    """A date of Graph's, aware and in UTC; None for never."""
    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None
