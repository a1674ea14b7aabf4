"""The verbs of thread control (Meta facts 1.1 and 2.4; Meta: "Conversation Routing",
"messaging_handovers"). Each raises GraphError if Meta refuses.
"""

from __future__ import annotations

from datetime import timedelta

from ...rules import ownership
from ...rules.errors import JsonObject, incorrect_app_id, invalid_parameter
from ...rules.limits import check_pass_metadata
from ...rules.ownership import IDLE, How, Role, Routing, owned_by
from ..platform import Platform
from ..state.threads import Thread


class ThreadControl:
    """Passes, takes, releases, requests and extends control, and says who has it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._state = platform.state

    def pass_to(
        self, app_id: str, thread: Thread, target: str | None, metadata: str | None = None
    ) -> None:
        """Pass control; without a target, to the default app, if routing has one."""
        self._check_metadata(metadata)
        target_id = self._target(app_id, thread, target)
        ownership.check_pass(app_id, target_id, thread.control, self._routing(thread))
        self._give(target_id, thread, metadata, How.PASS)

    def take(self, app_id: str, thread: Thread, metadata: str | None = None) -> None:
        """Take control; the app that lost it is told, and nobody if the thread was idle."""
        self._check_metadata(metadata)
        self.check_take(app_id, thread)
        self.seize(app_id, thread, How.TAKE, metadata)

    def check_take(self, app_id: str, thread: Thread) -> None:
        """Raise GraphError unless the app may take the thread now."""
        toggle = self._state.app(app_id).take_control
        ownership.check_take(app_id, thread.control, self._routing(thread), toggle=toggle)

    def seize(self, app_id: str, thread: Thread, how: How, metadata: str | None = None) -> None:
        """Move control to an app without asking whether it may, and tell the loser."""
        previous = thread.control.owner
        self._platform.move(thread, owned_by(app_id, self._platform.now()), how)
        self._tell("take_thread_control", thread, previous, app_id, metadata, party=previous)

    def release(self, app_id: str, thread: Thread) -> None:
        """Make the thread idle; no webhook."""
        ownership.check_release(app_id, thread.control)
        self._platform.move(thread, IDLE, How.RELEASE)

    def request(self, app_id: str, thread: Thread, metadata: str | None = None) -> None:
        """Ask for control: an idle thread is granted at once; otherwise its owner, or the primary
        receiver, is asked by webhook.
        """
        self._check_metadata(metadata)
        routing = self._routing(thread)
        ownership.check_request(app_id, thread.control, routing)
        if thread.control.owner is None:
            self._give(app_id, thread, metadata, How.REQUEST)
            return
        to_primary = self._state.switches.requests_to == "primary_receiver"
        asked = ownership.asked_for_control(thread.control, routing, primary_is_asked=to_primary)
        body = self._state.writer(thread.platform).control_requested(app_id, metadata)
        self._platform.tell_handover([asked or ""], thread, body)

    def extend(self, app_id: str, thread: Thread, duration: timedelta) -> None:
        """Prolong control up to 7 days; no webhook."""
        ownership.check_extend(app_id, thread.control, duration)
        thread.control = ownership.extended(thread.control, duration, self._platform.now())

    def owner(self, app_id: str, thread: Thread) -> JsonObject:
        """The answer of `thread_owner`: empty when idle, and the owner's id only for the owner
        and the default app. Under legacy roles only the primary receiver may ask.
        """
        routing, control = self._routing(thread), thread.control
        hidden = self._state.switches.secondary_asks_owner == "hidden"
        ownership.check_asks_owner(app_id, routing, hidden=hidden)
        if control.owner is None or control.expires_at is None:
            return {"data": []}
        shown: JsonObject = {"expiration": int(control.expires_at.timestamp())}
        if ownership.sees_owner(app_id, control, routing):
            shown["app_id"] = self._state.writer(thread.platform).app_id(control.owner)
        return {"data": [{"thread_owner": shown}]}

    def inline(self, app_id: str, thread: Thread, control: JsonObject) -> None:
        """`thread_control` of a send, once the message has gone (Meta facts 1.2). The
        handover event carries no metadata: none is documented for it.
        """
        if control.get("control_type") == "pass":
            self._give(self._target(app_id, thread, _app_id(control)), thread, None, How.PASS)
        elif self._state.switches.inline_release_to == "default_app":
            default = self._state.default_app(thread.platform)
            receiver = owned_by(default.id, self._platform.now())
            self._platform.move(thread, receiver, How.RELEASE)
        else:
            self._platform.move(thread, IDLE, How.RELEASE)

    def check_inline(self, app_id: str, thread: Thread, control: JsonObject) -> None:
        """Raise GraphError unless the send may carry this `thread_control`; routing must be on."""
        if not self._state.routing_on(thread.platform):
            raise invalid_parameter("thread_control needs Conversation Routing to be enabled")
        if control.get("control_type") not in (None, "pass", "release"):
            raise invalid_parameter("Param control_type must be one of {pass, release}")
        if control.get("control_type") == "pass":
            target = self._target(app_id, thread, _app_id(control))
            ownership.check_pass(app_id, target, thread.control, self._routing(thread))

    def _give(self, app_id: str, thread: Thread, metadata: str | None, how: How) -> None:
        previous = thread.control.owner
        self._platform.move(thread, owned_by(app_id, self._platform.now()), how)
        self._tell("pass_thread_control", thread, previous, app_id, metadata, party=app_id)

    def _tell(
        self,
        name: str,
        thread: Thread,
        previous: str | None,
        new: str,
        metadata: str | None,
        *,
        party: str | None,
    ) -> None:
        to_all = self._state.switches.handover_events_to == "all"
        everyone = [app.id for app in self._state.connected_apps()]
        write = self._state.writer(thread.platform)
        body = write.control_moved(name, previous, new, metadata)
        self._platform.tell_handover(everyone if to_all else [party or ""], thread, body)

    def _target(self, app_id: str, thread: Thread, target: str | None) -> str:
        """No target means the default app, even for a secondary receiver of legacy roles. The
        Inbox of the other platform can't be a target here.
        """
        if target is None:
            role = self._routing(thread).role_of(app_id)
            if self._state.routing_on(thread.platform) or role is Role.SECONDARY:
                return self._state.default_app(thread.platform).id
            raise invalid_parameter("The parameter target_app_id is required")
        if target not in [app.id for app in self._state.possible_owners(thread.platform)]:
            raise incorrect_app_id()
        return target

    def _routing(self, thread: Thread) -> Routing:
        return self._state.routing(thread.platform)

    def _check_metadata(self, metadata: str | None) -> None:
        if self._state.switches.limit_pass_metadata:
            check_pass_metadata(metadata)


def _app_id(control: JsonObject) -> str | None:
    app_id = control.get("app_id")
    return None if app_id is None else str(app_id)
