"""Control API: what operators do in the Inbox, and what others than the bot send to people."""

from __future__ import annotations

from aiohttp import web

from ..platform.deeds.labels import Labels
from ..platform.deeds.sends import Sends
from ..platform.deeds.thread_control import ThreadControl
from ..platform.platform import Platform
from ..platform.state.models import User
from ..platform.state.threads import Thread
from ..rules.accounts import PlatformName
from .bodies import InboxMessage, Newsletter, PassControl, RequestControl, SetLabel
from .http import BadInputError, Route, read_body, thread_in

FIRST_READER = 73_000_000_000_000_00
"""The id of the first person whom a newsletter makes; the next ones follow it."""


class InboxControl:
    """The Inboxes of Messenger and Instagram, Meta's AI in them, labels, and newsletters."""

    def __init__(
        self, platform: Platform, sends: Sends, control: ThreadControl, labels: Labels
    ) -> None:
        self._platform = platform
        self._state = platform.state
        self._sends = sends
        self._control = control
        self._labels = labels

    def routes(self) -> list[Route]:
        """Paths below `/_emulator`."""
        return [
            ("POST", "inbox/{user}/messages", self._writes),
            ("POST", "inbox/{user}/take", self._takes),
            ("POST", "inbox/{user}/request", self._requests),
            ("POST", "inbox/{user}/pass", self._passes),
            ("POST", "inbox/{user}/release", self._releases),
            ("POST", "inbox/{user}/labels", self._sets_label),
            ("POST", "newsletter", self._newsletter),
        ]

    async def _writes(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, InboxMessage)
        if not (body.text or body.attachments):
            raise BadInputError("A message needs a text or attachments.")
        if body.by_ai:
            return web.json_response({"mid": self._sends.ai_writes(thread, body.text)})
        mid = self._sends.inbox_writes(thread, body.text, body.attachments)
        return web.json_response({"mid": mid})

    async def _takes(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        self._control.take(thread.inbox, thread)
        return self._owner(request)

    async def _requests(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, RequestControl)
        self._control.request(thread.inbox, thread, body.metadata)
        return self._owner(request)

    async def _passes(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, PassControl)
        target = body.target_app_id or self._state.default_app(thread.platform).id
        self._control.pass_to(thread.inbox, thread, target, body.metadata)
        return self._owner(request)

    async def _releases(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        self._control.release(thread.inbox, thread)
        return self._owner(request)

    async def _sets_label(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, SetLabel)
        label = self._labels.named(body.name)
        act = self._labels.give if body.action == "add" else self._labels.take_away
        act(label, thread)
        return web.json_response({"label": label.id})

    async def _newsletter(self, request: web.Request) -> web.Response:
        body = await read_body(request, Newsletter)
        readers = self._readers(body.people)
        self._sends.newsletter(body.app_id, readers, body.text)
        return web.json_response({"users": [thread.user.id for thread in readers]})

    def _readers(self, count: int) -> list[Thread]:
        """This many people on Messenger, the earliest first; if there are too few, more are made
        up.
        """
        lacking = max(0, count - len(self._on_messenger()))
        ids = (str(FIRST_READER + number) for number in range(count))
        for one in [one for one in ids if one not in self._state.threads][:lacking]:
            self._state.add_user(User(id=one, name=f"Reader {one[-5:]}"))
        return self._on_messenger()[:count]

    def _on_messenger(self) -> list[Thread]:
        return [
            self._platform.thread(user)
            for user, thread in list(self._state.threads.items())
            if thread.platform is PlatformName.MESSENGER
        ]

    def _owner(self, request: web.Request) -> web.Response:
        return web.json_response({"owner": self._thread(request).control.owner})

    def _thread(self, request: web.Request) -> Thread:
        return thread_in(request, self._platform)
