"""The bodies that the control API accepts; unknown keys and wrong types are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ..platform.faults import CallFault, WebhookFault
from ..platform.state.models import PageToken, Secret
from ..rules.accounts import PlatformName
from ..rules.errors import JsonObject
from ..rules.ownership import RoutingMode


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON object with known keys only."""


class Changes(Body, frozen=True, kw_only=True):
    """Keys that may change while the emulator runs; those left out stay as they are."""

    def given(self) -> JsonObject:
        """The keys that were there, with their values."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not UNSET}


class ChangeApp(Changes, frozen=True, kw_only=True):
    """Changes to an app."""

    name: str | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    verify_token: str | UnsetType = UNSET
    page_access_token: str | UnsetType = UNSET
    user_access_token: str | UnsetType = UNSET
    webhook: str | UnsetType | None = UNSET
    take_control: bool | UnsetType = UNSET
    require_app_secret: bool | UnsetType = UNSET
    subscribed_fields: tuple[str, ...] | UnsetType = UNSET
    instagram_fields: tuple[str, ...] | UnsetType = UNSET
    installed: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    app_fields: tuple[str, ...] | UnsetType = UNSET
    page_token: PageToken | UnsetType = UNSET


class ChangeDesk(Changes, frozen=True, kw_only=True):
    """Changes to what the operators' own tools know."""

    notify_secret: Secret | UnsetType = UNSET
    operator_token: str | UnsetType | None = UNSET


class OpenContext(Body, frozen=True, kw_only=True):
    """`url` is the `context_url` of a pass."""

    url: str


class QuickReply(Body, frozen=True, kw_only=True):
    payload: str


class UserMessage(Body, frozen=True, kw_only=True):
    """What a person writes.

    `unsupported`: something that Meta does not show to apps, such as some of Instagram's stickers.
    `timestamp_ms` fakes an old event.
    """

    text: str = ""
    attachments: list[JsonObject] = []
    quick_reply: QuickReply | None = None
    unsupported: bool = False
    timestamp_ms: int | None = None

    def content(self) -> JsonObject:
        """The `message` of the event, without its mid."""
        content: JsonObject = {}
        if self.text:
            content["text"] = self.text
        if self.attachments:
            content["attachments"] = self.attachments
        if self.quick_reply is not None:
            content["quick_reply"] = {"payload": self.quick_reply.payload}
        if self.unsupported:
            content["is_unsupported"] = True
        return content


class Tap(Body, frozen=True, kw_only=True):
    """A tap on the button with `title`; with `payload`, a raw postback as from a persistent menu,
    whose owner may be named in `app_id`.
    """

    title: str | None = None
    payload: str | None = None
    app_id: str | None = None

    def postback(self) -> JsonObject:
        """The `postback` of the event, without its mid."""
        values = {"title": self.title, "payload": self.payload}
        return {name: value for name, value in values.items() if value is not None}


class React(Body, frozen=True, kw_only=True):
    mid: str
    reaction: str


class TakeBack(Body, frozen=True, kw_only=True):
    mid: str


class Edit(Body, frozen=True, kw_only=True):
    mid: str
    text: Annotated[str, msgspec.Meta(min_length=1)]


class Act(Body, frozen=True, kw_only=True):
    """What a person does besides writing: one key, which is Meta's name for it, with what Meta
    says about it. What is left out is filled in from Meta's samples.
    """

    referral: JsonObject | None = None
    optin: JsonObject | None = None
    account_linking: JsonObject | None = None

    def acts(self) -> list[tuple[str, JsonObject]]:
        """Name and details of each that is there."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return [(name, details) for name, details in values.items() if details is not None]


class InboxMessage(Body, frozen=True, kw_only=True):
    """`by_ai`: Meta's own AI has written it, in the Inbox's name."""

    text: str = ""
    attachments: list[JsonObject] = []
    by_ai: bool = False


class SetLabel(Body, frozen=True, kw_only=True):
    """`name` of a label, which is created if there is none of that name."""

    name: str
    action: Literal["add", "remove"] = "add"


class Newsletter(Body, frozen=True, kw_only=True):
    """`text` from the app `app_id`, connected or not, to this many `people` on Messenger; if there
    are too few, more are made up.
    """

    text: str
    people: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    app_id: str = "900300300300300"


class PassControl(Body, frozen=True, kw_only=True):
    """`target_app_id` is the default app unless given."""

    target_app_id: str | None = None
    metadata: str | None = None


class RequestControl(Body, frozen=True, kw_only=True):
    metadata: str | None = None


class AdvanceClock(Body, frozen=True, kw_only=True):
    advance_seconds: float


class SetFaults(Body, frozen=True, kw_only=True):
    calls: CallFault | None = None
    webhooks: WebhookFault | None = None


class SetRouting(Body, frozen=True, kw_only=True):
    """`platform` is the one whose routing changes; without it, all of the Page's change."""

    mode: RoutingMode
    platform: PlatformName | None = None


class ChooseApp(Body, frozen=True, kw_only=True):
    app_id: str


class RawWebhook(Body, frozen=True, kw_only=True):
    """`body` is posted as it is if it is a string, otherwise as Meta would serialise it."""

    app_id: str
    body: Any
    sign: bool = True
