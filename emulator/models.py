"""What the emulator is configured with: a Page, apps, people, and how webhooks are delivered."""

from __future__ import annotations

import msgspec

from .ownership import RoutingMode
from .switches import Switches

PAGE_INBOX = "263902037430900"
"""The app id of the Page Inbox of Messenger (the facts sheet 1.1; Meta: "Conversation Routing")."""

PAGE_INBOX_NAME = "Page Inbox"

WEBHOOK_FIELDS = frozenset(
    (
        "messages",
        "messaging_postbacks",
        "messaging_handovers",
        "standby",
        "message_echoes",
        "message_reads",
        "message_deliveries",
        "message_reactions",
        "message_edits",
        "messaging_referrals",
        "messaging_optins",
        "messaging_optouts",
        "messaging_account_linking",
        "messaging_policy_enforcement",
        "messaging_feedback",
        "response_feedback",
        "inbox_labels",
        "message_context",
        "message_mention",
        "messaging_integrity",
        "business_integrity",
    )
)
"""The fields an app can subscribe to (the facts sheet 1.4; Meta: "subscribed_apps")."""

DEFAULT_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_handovers",
    "standby",
    "message_echoes",
    "message_reads",
    "message_deliveries",
)


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Page that people write to."""

    id: str
    name: str


class User(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person: `id` is the page-scoped id (PSID), digits only."""

    id: str
    name: str


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An app that is connected to the Page.

    `webhook` is the callback URL; without one the app's webhooks are recorded in the log and
    posted nowhere. `take_control` is the Page's per-app setting *Take control of conversations*.
    `subscribed_fields` are the webhook fields that the app gets. Secrets stay out of the repr.
    """

    id: str
    name: str
    secret: str = ""
    verify_token: str = ""
    page_access_token: str = ""
    webhook: str | None = None
    default: bool = False
    take_control: bool = True
    subscribed_fields: tuple[str, ...] = DEFAULT_FIELDS

    def __repr__(self) -> str:
        return f"App(id={self.id!r}, name={self.name!r}, webhook={self.webhook!r})"


class DeliverySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How webhooks are posted, on real time (the facts sheet 2.1; Meta: "Webhooks").

    Meta wants a 200 within 5 s, tries again at once and a few times more, and for an hour in
    all; an hour is too long for a local tool, hence the short list of waits.
    """

    answer_within_ms: int = 5_000
    retry_after_ms: tuple[int, ...] = (0, 250, 500, 1_000, 2_000, 4_000)


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an emulator starts with. The first app is the bot, the second an agent's app."""

    page: Page
    apps: tuple[App, ...]
    users: tuple[User, ...] = ()
    routing: RoutingMode = RoutingMode.ON
    switches: Switches = Switches()
    delivery: DeliverySettings = DeliverySettings()


def inbox_app() -> App:
    """The Page Inbox is an app like any other, but Meta's own: no token, no webhook."""
    return App(id=PAGE_INBOX, name=PAGE_INBOX_NAME, subscribed_fields=())
