"""Edges of the Page that send and that control threads (Meta facts 1.1, 1.2 and 1.5; Meta:
"Send API", "Conversation Routing").
"""

from __future__ import annotations

from datetime import timedelta

from ..platform.deeds.sends import Sends
from ..platform.deeds.thread_control import ThreadControl
from ..platform.platform import Platform
from ..platform.state.models import App
from ..platform.state.threads import Thread
from ..rules import limits
from ..rules.accounts import PlatformName
from ..rules.errors import JsonObject, invalid_parameter, nonexisting_field
from ..rules.ownership import check_lists_receivers
from .request.request import Edges, GraphCall
from .uploads import GraphAttachments, GraphPersonas

SUCCESS: JsonObject = {"success": True}


class GraphMessaging:
    """Sends and thread control; every edge raises GraphError if Meta refuses."""

    def __init__(
        self,
        platform: Platform,
        control: ThreadControl,
        sends: Sends,
        *,
        attachments: GraphAttachments,
        personas: GraphPersonas,
    ) -> None:
        self._platform = platform
        self._control = control
        self._sends = sends
        self._attachments = attachments
        self._personas = personas

    def edges(self) -> Edges:
        """What each method and edge does."""
        return {
            ("POST", "messages"): self._messages,
            ("POST", "pass_thread_control"): self._pass,
            ("POST", "take_thread_control"): self._take,
            ("POST", "release_thread_control"): self._release,
            ("POST", "request_thread_control"): self._request,
            ("POST", "extend_thread_control"): self._extend,
            ("GET", "thread_owner"): self._thread_owner,
            ("GET", "secondary_receivers"): self._secondary_receivers,
        }

    def _messages(self, app: App, call: GraphCall) -> JsonObject:
        if "sender_action" in call.params:
            return self._sender_action(app, call)
        limits.check_messaging_type(call.params)
        message = self._attachments.with_file(call, call.object("message"))
        thread = self._thread(call)
        self._check_message(thread, message)
        message = self._attachments.resolved(message)
        persona = self._personas.check(call)
        inline = call.object("thread_control") if "thread_control" in call.params else None
        if inline is not None:
            self._control.check_inline(app.id, thread, inline)
        written = message if persona is None else {**message, "persona_id": persona}
        mid = self._sends.app_writes(app.id, thread, written, human=limits.is_human(call.params))
        if inline is not None:
            self._control.inline(app.id, thread, inline)
        self._sends.tell_echo(app.id, thread, mid)
        kept = self._attachments.kept(message)
        return {"recipient_id": thread.user.id, "message_id": mid, **kept}

    def _check_message(self, thread: Thread, message: JsonObject) -> None:
        if thread.platform is PlatformName.INSTAGRAM:
            text_in = self._platform.state.switches.instagram_text_in
            limits.check_instagram_message(message, text_in=text_in)
        else:
            limits.check_message(message)

    def _sender_action(self, app: App, call: GraphCall) -> JsonObject:
        action = limits.sender_action(call.params)
        thread = self._thread(call)
        self._sends.app_acts(app.id, thread, action)
        return {"recipient_id": thread.user.id}

    def _pass(self, app: App, call: GraphCall) -> JsonObject:
        thread, target = self._thread(call), call.text("target_app_id")
        self._control.pass_to(app.id, thread, target, call.text("metadata"))
        return SUCCESS

    def _take(self, app: App, call: GraphCall) -> JsonObject:
        self._control.take(app.id, self._thread(call), call.text("metadata"))
        return SUCCESS

    def _release(self, app: App, call: GraphCall) -> JsonObject:
        self._control.release(app.id, self._thread(call))
        return SUCCESS

    def _request(self, app: App, call: GraphCall) -> JsonObject:
        self._control.request(app.id, self._thread(call), call.text("metadata"))
        return SUCCESS

    def _extend(self, app: App, call: GraphCall) -> JsonObject:
        duration = timedelta(seconds=call.unsigned("duration"))
        self._control.extend(app.id, self._thread(call), duration)
        return SUCCESS

    def _thread_owner(self, app: App, call: GraphCall) -> JsonObject:
        """Here, and only here, the recipient is a plain string."""
        recipient = call.text("recipient")
        if recipient is None:
            raise invalid_parameter("The parameter recipient is required")
        return self._control.owner(app.id, self._platform.thread(recipient))

    def _secondary_receivers(self, app: App, call: GraphCall) -> JsonObject:
        """Gone since 2026-06; legacy roles still have it, but only for the primary receiver."""
        state = self._platform.state
        platform = state.account(call.platform()).platform
        routing = state.routing(platform)
        if routing.role_of(app.id) is None and state.switches.secondary_receivers == "gone":
            raise nonexisting_field(call.edge)
        check_lists_receivers(app.id, routing)
        others = [one for one in state.possible_owners(platform) if one.id != app.id]
        return {"data": [{"id": one.id, "name": one.name} for one in others]}

    def _thread(self, call: GraphCall) -> Thread:
        recipient = call.object("recipient")
        if not recipient.get("id"):
            raise invalid_parameter("Param recipient must have an id; the emulator knows no other")
        return self._platform.thread(str(recipient["id"]))
