"""What the emulator is configured with: a Page, apps, people, and how webhooks are delivered."""

from __future__ import annotations

import base64
import secrets
from typing import Annotated

import msgspec

from ...rules.accounts import INBOXES, PlatformName
from ...rules.ownership import RoutingMode
from ...rules.subscriptions import ALL_PAGE_FIELDS, DEFAULT_INSTAGRAM_FIELDS, DEFAULT_PAGE_FIELDS
from ...rules.switches import Switches

INBOX_NAMES = {PlatformName.MESSENGER: "Page Inbox", PlatformName.INSTAGRAM: "Instagram Inbox"}


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Page that people write to."""

    id: str
    name: str


class InstagramAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Instagram account that is linked to the Page."""

    id: str
    name: str


class User(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person: `id` is the page-scoped id (PSID) or the Instagram-scoped one (IGSID), digits
    only.
    """

    id: str
    name: str
    platform: PlatformName = PlatformName.MESSENGER


ADMINISTRATOR = User(id="122100000000000001", name="Grace Hopper")
"""The Page's administrator, whose token gives access to the Page's. Nobody can write to them."""


class PageToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an app's token is, as shown by `debug_token` (Meta facts 5; Meta: "debug_token").

    The two dates are seconds since 1970, and 0 means never; once `expires_at` has passed, Graph
    refuses the token. `page_ids` are the Pages that its permissions are for; None: this one.
    """

    type: str = "PAGE"
    without_scopes: tuple[str, ...] = ()
    page_ids: tuple[str, ...] | None = None
    expires_at: int = 0
    data_access_expires_at: int = 0


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An app that is connected to the Page.

    `webhook` is the callback URL; without one the app's webhooks are recorded in the log and
    posted nowhere. `take_control` is the Page's per-app setting *Take control of conversations*.
    `require_app_secret` is Meta's setting *Require App Secret*: each call needs a proof.
    `installed` says whether the app is on the Page at all. `subscribed_fields` are the webhook
    fields that it has subscribed to at the Page, `app_fields` those of its own subscription to
    Pages, which can be `active` or not; `instagram_fields` are those of the Instagram account.
    `user_access_token` is the token of the Page's administrator for this app, with which client
    libraries ask for the Page's token; it is optional. Secrets stay out of the repr.
    """

    id: str
    name: str
    secret: str = ""
    verify_token: str = ""
    page_access_token: str = ""
    user_access_token: str = ""
    webhook: str | None = None
    default: bool = False
    take_control: bool = True
    require_app_secret: bool = False
    subscribed_fields: tuple[str, ...] = DEFAULT_PAGE_FIELDS
    instagram_fields: tuple[str, ...] = DEFAULT_INSTAGRAM_FIELDS
    installed: bool = True
    active: bool = True
    app_fields: tuple[str, ...] = ALL_PAGE_FIELDS
    page_token: PageToken = PageToken()

    def __repr__(self) -> str:
        return f"App(id={self.id!r}, name={self.name!r}, webhook={self.webhook!r})"

    def fields(self, platform: PlatformName) -> frozenset[str]:
        """The fields that bring this app a platform's events. Those of the Page must be subscribed
        to twice, on the Page and by the app (Meta facts 1.4; Meta: "subscribed_apps"); for
        Instagram's, the app must also subscribe to any one field of the Page (Meta facts 2.6; Meta:
        "Instagram Webhooks").
        """
        if not self.installed:
            return frozenset()
        if platform is PlatformName.MESSENGER:
            own = self.app_fields if self.active else ()
            return frozenset(self.subscribed_fields).intersection(own)
        return frozenset(self.instagram_fields if self.subscribed_fields else ())


Secret = Annotated[str, msgspec.Meta(pattern=r"^(whsec_)?[A-Za-z0-9+/]{20,}={0,2}$")]
"""A Standard Webhooks key: base64, with or without the prefix `whsec_`."""


def new_secret() -> str:
    """A new random Standard Webhooks key."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Desk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operators' own tools know about the bot, like those of an agents' app.

    `notify_secret` is the secret under `notify` in the bot's credentials.yml, a new one unless
    given; `operator_token` is the key of that name there, or None.
    """

    notify_secret: Secret = msgspec.field(default_factory=new_secret)
    operator_token: str | None = None

    def __repr__(self) -> str:
        return "Desk()"


class DeliverySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How webhooks are posted, in real time (Meta facts 2.1; Meta: "Webhooks").

    Meta expects a 200 within 5 s, and tries again at once and a few times more, for an hour in all;
    that is too long for a local tool, hence the short list of waits. An app gets posts in this many
    `lanes` at once; what happens in one person's thread stays in order.
    """

    answer_within_ms: int = 5_000
    retry_after_ms: tuple[int, ...] = (0, 250, 500, 1_000, 2_000, 4_000)
    lanes: Annotated[int, msgspec.Meta(ge=1)] = 1


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an emulator starts with. The first app is the bot, the second an agent's app."""

    page: Page
    apps: tuple[App, ...]
    instagram: InstagramAccount | None = None
    users: tuple[User, ...] = ()
    routing: RoutingMode = RoutingMode.ON
    switches: Switches = Switches()
    delivery: DeliverySettings = DeliverySettings()
    desk: Desk = msgspec.field(default_factory=Desk)


def inbox_app(platform: PlatformName) -> App:
    """The Inbox is an app like any other, but Meta's own: no token, no webhook."""
    return App(id=INBOXES[platform], name=INBOX_NAMES[platform], subscribed_fields=())
