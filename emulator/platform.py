from __future__ import annotations

from datetime import datetime

from .delivery import Deliveries
from .errors import JsonObject
from .events import Delivery, for_standby
from .log import ProtocolLog
from .models import App
from .ownership import Array, Control, How, RoutingMode, array_for, settled
from .state import State
from .threads import Message, Thread, new_mid


class Platform:
    """What every verb of the platform needs: threads as they stand now, owners that move, events
    that reach the apps which subscribed to them.
    """

    def __init__(self, state: State, log: ProtocolLog, deliveries: Deliveries) -> None:
        self.state = state
        self.log = log
        self._deliveries = deliveries

    def now(self) -> datetime:
        """The emulator's time."""
        return self.state.clock.now()

    def thread(self, user: str) -> Thread:
        """A person's thread with expired control gone; GraphError 100/2018001 if unknown."""
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
            array = array_for(app.id, thread.control, self.state.routing)
            self.deliver(app, thread.user.id, array, field, event)

    def deliver(self, app: App, user: str, array: Array, field: str, event: JsonObject) -> None:
        """Send an event to one app if it subscribed to the field, and to `standby` where it
        arrives there (the facts sheet 1.4 and 2.3; Meta: "standby").
        """
        needed = {field} if array is Array.MESSAGING else {field, "standby"}
        if needed <= set(app.subscribed_fields):
            shown = event if array is Array.MESSAGING else for_standby(event)
            self._deliveries.put(app.id, Delivery(user=user, array=array, event=shown))

    def tell_handover(self, app_ids: list[str], thread: Thread, body: JsonObject) -> None:
        """Send an event of `messaging_handovers`, which always comes on `messaging`."""
        event = self.state.write.from_user(thread.user.id, self.now(), **body)
        for app in self.state.connected_apps():
            if app.id in app_ids:
                self.deliver(app, thread.user.id, Array.MESSAGING, "messaging_handovers", event)

    def set_routing(self, mode: RoutingMode) -> None:
        """Switch the Page's routing; legacy mode tells every app its role."""
        self.state.mode = mode
        self._tell_roles()

    def make_default(self, app_id: str) -> None:
        """Make an app the default one; UnknownAppError if there is none. Meta documents no event
        for it; under legacy roles apps hear of their new role.
        """
        self.state.make_default(app_id)
        self._tell_roles()

    def _tell_roles(self) -> None:
        if self.state.mode is not RoutingMode.LEGACY:
            return
        for app in self.state.connected_apps():
            role = "primary_receiver" if app.default else "secondary_receiver"
            event = self.state.write.app_role(app.id, role, self.now())
            self.deliver(app, "", Array.MESSAGING, "messaging_handovers", event)

    async def reset(self) -> None:
        """As freshly started, with the webhook URLs that the apps have now."""
        await self._deliveries.stop()
        self.state.reset()
        self.log.clear()
