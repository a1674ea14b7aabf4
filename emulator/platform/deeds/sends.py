"""What apps and the Inbox send to people (Meta facts 1.5, 2.5 and 3; Meta: "Send API",
"message_echoes").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from ...rules.accounts import PAGE_INBOX, PlatformName
from ...rules.errors import JsonObject, outside_instagram_window, outside_window
from ...rules.events import ECHO_PAGE_INBOX
from ...rules.ownership import How, check_send, owned_by
from ..platform import Platform
from ..state.threads import Thread, content_of
from .thread_control import ThreadControl

STANDARD_WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)
AI_METADATA = '{"source":"axon"}'
UNTOLD_IN_ECHOES = ("quick_replies", "persona_id")


class Sends:
    """Apps' messages and sender actions, replies in the Inbox, and their echoes."""

    def __init__(self, platform: Platform, control: ThreadControl) -> None:
        self._platform = platform
        self._state = platform.state
        self._control = control

    def app_writes(
        self, app_id: str, thread: Thread, message: JsonObject, *, human: bool = False
    ) -> str:
        """A message from an app; returns the mid. `human` gives it the 7 days of HUMAN_AGENT.

        Raises GraphError 10/2018300 if another app controls the thread, and 10/2018278 (on
        Instagram 10/2534022) outside the window. The echo is sent separately (`tell_echo`): if the
        send moves control, after that.
        """
        self.check_app_writes(app_id, thread, human=human)
        return self._platform.keep(thread, "message", app_id, content_of(message))

    def check_app_writes(self, app_id: str, thread: Thread, *, human: bool = False) -> None:
        """Raise GraphError unless the app may write now; see `app_writes`."""
        check_send(app_id, thread.control, self._state.routing(thread.platform))
        self._check_window(thread, HUMAN_AGENT_WINDOW if human else STANDARD_WINDOW)

    def tell_echo(self, app_id: str, thread: Thread, mid: str) -> None:
        """Send the echo and the delivery receipt of a message, according to the present owner."""
        now, user = self._platform.now(), thread.user.id
        write = self._state.writer(thread.platform)
        content = thread.message(mid).content
        shown = {key: value for key, value in content.items() if key not in UNTOLD_IN_ECHOES}
        echo = write.echo(user, self._echo_id(app_id), now, {"mid": mid, **shown})
        self._platform.publish(thread, "message_echoes", echo)
        receipt = write.delivered(user, mid, now)
        self._platform.publish(thread, "message_deliveries", receipt)

    def app_acts(self, app_id: str, thread: Thread, action: str) -> None:
        """A sender action, such as `typing_on`."""
        if self._state.switches.sender_actions_need_control:
            check_send(app_id, thread.control, self._state.routing(thread.platform))
        self._platform.log.add("typing", user=thread.user.id, app_id=app_id, action=action)

    def ai_writes(self, thread: Thread, text: str) -> str:
        """Meta's own AI answers as the Inbox; returns the mid. It takes the thread, and no event
        tells anybody: only its echo does (Meta facts 2.2 and 2.4, reports from production).
        """
        self._check_window(thread, STANDARD_WINDOW)
        self._platform.move(thread, owned_by(thread.inbox, self._platform.now()), How.AI)
        content = {"text": text, "ai_generated": True, "metadata": AI_METADATA}
        mid = self._platform.keep(thread, "message", thread.inbox, content)
        self.tell_echo(thread.inbox, thread, mid)
        return mid

    def newsletter(self, app_id: str, threads: Iterable[Thread], text: str) -> None:
        """Another app, connected or not, writes to many people at once, which takes no thread.
        Whether it is allowed to (Meta: "Marketing Messages") is not checked, and nobody reads it
        here.
        """
        for thread in threads:
            mid = self._platform.keep(thread, "message", app_id, {"text": text})
            self.tell_echo(app_id, thread, mid)

    def inbox_writes(
        self, thread: Thread, text: str, attachments: Sequence[JsonObject] = ()
    ) -> str:
        """The operator replies in the Inbox, with words or files; returns the mid.

        With routing on, a reply to a thread that the inbox does not own takes control without
        asking anyone (Meta: "Conversation Routing"). Otherwise it needs control, like any app. It
        is a human's message, so its window is the 7 days of HUMAN_AGENT.
        """
        self.check_inbox_writes(thread)
        if thread.control.owner != thread.inbox and self._state.routing_on(thread.platform):
            self._control.seize(thread.inbox, thread, How.INBOX_REPLY)
        message = {"text": text, "attachments": list(attachments)}
        mid = self.app_writes(thread.inbox, thread, message, human=True)
        self.tell_echo(thread.inbox, thread, mid)
        return mid

    def check_inbox_writes(self, thread: Thread) -> None:
        """Raise GraphError unless an operator may reply now; see `inbox_writes`."""
        self._check_window(thread, HUMAN_AGENT_WINDOW)
        if not self._state.routing_on(thread.platform):
            self.check_app_writes(thread.inbox, thread, human=True)

    def _check_window(self, thread: Thread, window: timedelta) -> None:
        """The person's last message, tap or reaction opens the window (Meta: "Send Messages")."""
        last = thread.last_user_action_at
        if last is None or self._platform.now() - last > window:
            instagram = thread.platform is PlatformName.INSTAGRAM
            raise outside_instagram_window() if instagram else outside_window()

    def _echo_id(self, app_id: str) -> str:
        short = self._state.switches.inbox_echo_id == "echo_page"
        return ECHO_PAGE_INBOX if short and app_id == PAGE_INBOX else app_id
