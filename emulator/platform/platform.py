from __future__ import annotations

from datetime import datetime

from ..rules.accounts import Account, PlatformName
from ..rules.errors import JsonObject
from ..rules.events import Delivery, for_standby
from ..rules.ownership import Array, Control, How, RoutingMode, array_for, settled
from ..rules.subscriptions import needed_fields, uncertain_fields
from .delivery import Deliveries
from .state.log import ProtocolLog
from .state.models import App
from .state.state import State
from .state.threads import Message, Thread, new_mid


class Platform:
    """What every verb of the platform needs: the threads' present state, changes of owner, and
    events that reach the apps subscribed to them.
    """

    def __init__(self, state: State, log: ProtocolLog, deliveries: Deliveries) -> None:
        self.state = state
        self.log = log
        self._deliveries = deliveries

    def now(self) -> datetime:
        """The emulator's time."""
        return self.state.clock.now()

    def thread(self, user: str) -> Thread:
        """A person's thread, without expired control. Raises GraphError 100 if it is unknown."""
        thread = self.state.thread(user)
        control = settled(thread.control, self.now())
        if control is not thread.control:
            self.move(thread, control, How.EXPIRY)
        return thread

    def settle_all(self) -> None:
        """Let control expire wherever its time has come; Meta sends no webhook for it."""
        for user in self.state.threads:
            self.thread(user)

    def move(self, thread: Thread, control: Control, how: How) -> None:
        """Set a thread's control and log it if the owner is another one."""
        previous, thread.control = thread.control.owner, control
        if previous != control.owner:
            self.log.add(
                "owner",
                user=thread.user.id,
                previous=previous,
                owner=control.owner,
                how=how.value,
            )

    def keep(self, thread: Thread, kind: str, sender: str, content: JsonObject) -> str:
        """Put a message or postback into the thread and the log; returns its new mid."""
        message = Message(mid=new_mid(), sender=sender, at=self.now(), content=content)
        thread.messages.append(message)
        self.log.add(kind, user=thread.user.id, **{"from": sender}, mid=message.mid, **content)
        return message.mid

    def publish(self, thread: Thread, field: str, event: JsonObject) -> None:
        """Send an event to every app: the owner hears it on `messaging`, others on `standby`."""
        for app in self.state.connected_apps():
            self.deliver(app, thread, self.array_for(app, thread), field, event)

    def array_for(self, app: App, thread: Thread) -> Array:
        """The array in which an app gets the thread's events now."""
        return array_for(app.id, thread.control, self.state.routing(thread.platform))

    def deliver(
        self, app: App, thread: Thread, array: Array, field: str, event: JsonObject
    ) -> None:
        """Send an event of a thread to one app, if it has subscribed to the fields it needs."""
        self._put(app, thread.account, thread.user.id, array, field, event)

    def tell_handover(self, app_ids: list[str], thread: Thread, body: JsonObject) -> None:
        """Send an event of `messaging_handovers`, which always comes on `messaging`."""
        write = self.state.writer(thread.platform)
        event = write.from_user(thread.user.id, self.now(), **body)
        for app in self.state.connected_apps():
            if app.id in app_ids:
                self.deliver(app, thread, Array.MESSAGING, "messaging_handovers", event)

    def set_routing(self, mode: RoutingMode, platforms: tuple[PlatformName, ...]) -> None:
        """Switch the routing of these platforms; legacy mode tells every app its role there, and
        owners stay. Meta documents no event for the end of the roles.
        """
        accounts = [self.state.account(platform) for platform in platforms]
        self.state.modes |= dict.fromkeys(platforms, mode)
        self.log.add("routing", mode=mode.value, platforms=[one.value for one in platforms])
        for account in accounts:
            self._tell_roles(account)

    def make_default(self, app_id: str) -> None:
        """Make an app the default one. Raises UnknownAppError if there is no such app. Meta
        documents no event for this; under legacy roles apps are told their new roles.
        """
        self.state.make_default(app_id)
        for platform in self.state.platforms:
            self._tell_roles(self.state.account(platform))

    def _tell_roles(self, account: Account) -> None:
        """`app_roles` to each connected app (Meta facts 2.4; Meta: "messaging_handovers").
        For Instagram it is not documented; here it has the same shape.
        """
        routing, write = self.state.routing(account.platform), self.state.writer(account.platform)
        for app in self.state.connected_apps():
            role = routing.role_of(app.id)
            if role is not None:
                event = write.app_role(app.id, role.value, self.now())
                self._put(app, account, "", Array.MESSAGING, "messaging_handovers", event)

    async def reset(self) -> None:
        """As freshly started, with the webhook URLs that the apps have now."""
        await self._deliveries.stop()
        self.state.reset()
        self.log.clear()

    def _put(
        self, app: App, account: Account, user: str, array: Array, field: str, event: JsonObject
    ) -> None:
        fields = app.fields(account.platform)
        if not self.state.switches.instagram_control_fields:
            fields -= uncertain_fields(account.platform)
        if needed_fields(account.platform, field, array) <= fields:
            shown = for_standby(event) if array is Array.STANDBY else event
            delivery = Delivery(account=account, user=user, array=array, event=shown)
            self._deliveries.put(app.id, delivery)
