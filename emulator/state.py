from __future__ import annotations

from datetime import timedelta

import msgspec

from .clock import EmulatorClock
from .errors import JsonObject, unknown_user
from .events import EventWriter
from .models import PAGE_INBOX, App, Config, DeliverySettings, Page, User, inbox_app
from .ownership import Routing, RoutingMode
from .threads import Thread


class UnknownAppError(LookupError):
    """No app with this id is connected to the Page."""


class State:
    """All that the emulator remembers, apart from the log, the faults and the queues."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.clock = EmulatorClock()
        self.apps: dict[str, App] = {}
        self._begin(webhooks={})

    def _begin(self, webhooks: dict[str, str | None]) -> None:
        inbox = inbox_app()
        self.apps = {app.id: app for app in self._config.apps}
        for app_id, webhook in webhooks.items():
            self.apps[app_id] = msgspec.structs.replace(self.apps[app_id], webhook=webhook)
        self.apps[inbox.id] = inbox
        self.threads = {user.id: Thread(user=user) for user in self._config.users}
        self.profiles: dict[str, JsonObject] = {}
        self.mode = self._config.routing
        self.switches = self._config.switches

    def reset(self) -> None:
        """As freshly started, but each app keeps the webhook that it has now."""
        self.clock.reset()
        self._begin({app.id: app.webhook for app in self.connected_apps()})

    @property
    def page(self) -> Page:
        """The one Page."""
        return self._config.page

    @property
    def delivery(self) -> DeliverySettings:
        """How webhooks are posted."""
        return self._config.delivery

    @property
    def answer_within(self) -> timedelta:
        """How long an app's webhook may take to answer."""
        return timedelta(milliseconds=self.delivery.answer_within_ms)

    @property
    def default_app(self) -> App:
        """The default app of Conversation Routing, or the primary receiver of legacy roles."""
        return next(app for app in self.apps.values() if app.default)

    @property
    def routing(self) -> Routing:
        """Routing as the pure rules want it."""
        return Routing(
            mode=self.mode,
            default_app=self.default_app.id,
            anyone_sends_when_off=self.switches.routing_off_sends == "anyone",
        )

    @property
    def routing_on(self) -> bool:
        """Whether Conversation Routing is on."""
        return self.mode is RoutingMode.ON

    @property
    def write(self) -> EventWriter:
        """The writer of events under today's switches."""
        return EventWriter(page=self.page.id, switches=self.switches)

    def connected_apps(self) -> list[App]:
        """The apps of the configuration, in its order; without the Page Inbox."""
        return [app for app in self.apps.values() if app.id != PAGE_INBOX]

    def app(self, app_id: str) -> App:
        """An app, the Page Inbox among them; UnknownAppError if there is none."""
        if app_id not in self.apps:
            raise UnknownAppError(f"No app has the id {app_id}; there are {', '.join(self.apps)}.")
        return self.apps[app_id]

    def replace_app(self, app: App) -> None:
        """Put a changed app in its place."""
        self.apps[app.id] = app

    def make_default(self, app_id: str) -> None:
        """Make an app the only default one; UnknownAppError if there is none."""
        chosen = self.app(app_id)
        for app in list(self.apps.values()):
            self.replace_app(msgspec.structs.replace(app, default=app is chosen))

    def add_user(self, user: User) -> None:
        """Add a person who has not written yet."""
        self.threads[user.id] = Thread(user=user)

    def thread(self, user: str) -> Thread:
        """The thread of a person; GraphError 100/2018001 if the Page has no such user."""
        if user not in self.threads:
            raise unknown_user()
        return self.threads[user]
