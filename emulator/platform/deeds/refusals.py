"""What Meta would refuse now, and in which words; asking changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from ...rules import ownership
from ...rules.errors import GraphError
from ..platform import Platform
from ..state.models import App
from ..state.threads import Thread
from .sends import Sends
from .thread_control import ThreadControl

_Refusals = dict[str, str | None]
_ANOTHER_APP = ""  # stands for any other app, as the target of a pass


class Refusals:
    """Checks the verbs with which an app, or an operator in the Inbox, can act in a thread."""

    def __init__(self, platform: Platform, control: ThreadControl, sends: Sends) -> None:
        self._state = platform.state
        self._control = control
        self._sends = sends

    def of(self, thread: Thread) -> dict[str, _Refusals]:
        """For each app and verb: why it would be refused now, or None if it would not."""
        return {
            app.id: {verb: _refusal(check) for verb, check in self._checks(app, thread).items()}
            for app in self._state.possible_owners(thread.platform)
        }

    def _checks(self, app: App, thread: Thread) -> dict[str, Callable[[], None]]:
        control, routing = thread.control, self._state.routing(thread.platform)
        return {
            "write": lambda: self._check_writes(app, thread),
            "take": lambda: self._control.check_take(app.id, thread),
            "request": lambda: ownership.check_request(app.id, control, routing),
            "release": lambda: ownership.check_release(app.id, control),
            "pass": lambda: ownership.check_pass(app.id, _ANOTHER_APP, control, routing),
        }

    def _check_writes(self, app: App, thread: Thread) -> None:
        if app.id == thread.inbox:
            self._sends.check_inbox_writes(thread)
        else:
            self._sends.check_app_writes(app.id, thread)


def _refusal(check: Callable[[], None]) -> str | None:
    try:
        check()
    except GraphError as error:
        return error.message
    return None
