from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from ...rules.accounts import INBOXES, INSTAGRAM_IDS_BEGIN, Account, PlatformName
from ...rules.errors import JsonObject, not_linked, unknown_instagram_user, unknown_user
from ...rules.events import EventWriter
from ...rules.ownership import Routing, RoutingMode
from .clock import EmulatorClock
from .models import App, Config, DeliverySettings, InstagramAccount, Page, User, inbox_app
from .threads import Thread
from .uploads import Attachment, Label, Persona


class UnknownAppError(LookupError):
    """No app with this id is connected to the Page."""


class State:
    """Everything that the emulator remembers, except the log, the faults and the queues."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._accounts = _accounts_of(config)
        self.clock = EmulatorClock()
        self.desk = config.desk
        self.apps: dict[str, App] = {}
        self._begin(webhooks={})

    def _begin(self, webhooks: dict[str, str | None]) -> None:
        self.apps = {app.id: app for app in self._config.apps}
        for app_id, webhook in webhooks.items():
            self.apps[app_id] = msgspec.structs.replace(self.apps[app_id], webhook=webhook)
        self.apps |= {INBOXES[platform]: inbox_app(platform) for platform in self.platforms}
        self.threads: dict[str, Thread] = {}
        for user in self._config.users:
            self.add_user(user)
        self.profiles: dict[tuple[str, PlatformName], JsonObject] = {}
        self.menus: dict[tuple[str, str], list[Any]] = {}
        self.attachments: dict[str, Attachment] = {}
        self.personas: dict[str, Persona] = {}
        self.labels: dict[str, Label] = {}
        self.modes = dict.fromkeys(self.platforms, self._config.routing)
        self.switches = self._config.switches

    def reset(self) -> None:
        """Start over, but each app keeps its present webhook, and the desk what it knows about the
        bot.
        """
        self.clock.reset()
        self._begin({app.id: app.webhook for app in self.connected_apps()})

    @property
    def page(self) -> Page:
        """The one Page."""
        return self._config.page

    @property
    def instagram(self) -> InstagramAccount | None:
        """The Instagram account that is linked to the Page, if there is one."""
        return self._config.instagram

    @property
    def platforms(self) -> tuple[PlatformName, ...]:
        """Where people can write to the Page."""
        return tuple(self._accounts)

    def account(self, platform: PlatformName) -> Account:
        """What people on a platform write to. Raises GraphError 100/2534013 if there is none."""
        if platform not in self._accounts:
            raise not_linked()
        return self._accounts[platform]

    @property
    def delivery(self) -> DeliverySettings:
        """How webhooks are posted."""
        return self._config.delivery

    @property
    def answer_within(self) -> timedelta:
        """How long an app's webhook may take to answer."""
        return timedelta(milliseconds=self.delivery.answer_within_ms)

    def default_app(self, platform: PlatformName) -> App:
        """The default app of Conversation Routing, or the primary receiver of legacy roles. If it
        is an Inbox, on each platform it is that platform's own.
        """
        default = next(app for app in self.apps.values() if app.default)
        return self.apps[INBOXES[platform]] if _is_inbox(default) else default

    def routing(self, platform: PlatformName) -> Routing:
        """Routing, in the form that the pure rules need; Messenger and Instagram each have their
        own.
        """
        return Routing(
            mode=self.modes[platform],
            default_app=self.default_app(platform).id,
            anyone_sends_when_off=self.switches.routing_off_sends == "anyone",
        )

    def routing_on(self, platform: PlatformName) -> bool:
        """Whether Conversation Routing is on; it is off on Instagram without an account there."""
        return self.modes.get(platform) is RoutingMode.ON

    def writer(self, platform: PlatformName) -> EventWriter:
        """The writer of a platform's events under the present switches."""
        return EventWriter(
            account=self.account(platform).id,
            switches=self.switches,
            is_instagram=platform is PlatformName.INSTAGRAM,
        )

    def connected_apps(self) -> list[App]:
        """The configured apps, in order, without the Inboxes."""
        return [app for app in self.apps.values() if not _is_inbox(app)]

    def possible_owners(self, platform: PlatformName) -> list[App]:
        """The apps that can own a platform's threads; an Inbox can own only its own platform's."""
        return [*self.connected_apps(), self.apps[INBOXES[platform]]]

    def app(self, app_id: str) -> App:
        """An app, which may be an Inbox. Raises UnknownAppError if there is none."""
        if app_id not in self.apps:
            raise UnknownAppError(f"No app has the id {app_id}; known are {', '.join(self.apps)}.")
        return self.apps[app_id]

    def replace_app(self, app: App) -> None:
        """Put a changed app in its place."""
        self.apps[app.id] = app

    def make_default(self, app_id: str) -> None:
        """Make an app the only default one. Raises UnknownAppError if there is none."""
        chosen = self.app(app_id)
        for app in list(self.apps.values()):
            self.replace_app(msgspec.structs.replace(app, default=app is chosen))

    def add_user(self, user: User) -> None:
        """Add a person who has not written yet. Raises GraphError 100/2534013 if they could not."""
        self.threads[user.id] = Thread(user=user, account=self.account(user.platform))

    def thread(self, user: str) -> Thread:
        """The thread of a person. Raises GraphError 100/2018001 if the Page has no such user, or
        100/2534014 if the id looks like Instagram's.
        """
        if user not in self.threads:
            instagram = user.startswith(INSTAGRAM_IDS_BEGIN)
            raise unknown_instagram_user() if instagram else unknown_user()
        return self.threads[user]


def _is_inbox(app: App) -> bool:
    return app.id in INBOXES.values()


def _accounts_of(config: Config) -> dict[PlatformName, Account]:
    linked = {PlatformName.MESSENGER: config.page, PlatformName.INSTAGRAM: config.instagram}
    return {
        platform: Account(platform=platform, id=one.id)
        for platform, one in linked.items()
        if one is not None
    }
