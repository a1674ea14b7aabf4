"""Control API: what people and the operator at the Inbox do, and how a thread stands."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from ..platform.people import People
from ..platform.platform import Platform
from ..platform.sends import Sends
from ..platform.thread_control import ThreadControl
from ..platform.threads import FROM_USER, Message, Thread
from ..rules.errors import JsonObject
from .bodies import InboxMessage, PassControl, React, RequestControl, Tap, UserMessage
from .http import BadInputError, Route, UnknownUserError, read_body


class PeopleControl:
    """Users, the Inboxes of Messenger and Instagram, and their threads."""

    def __init__(
        self, platform: Platform, people: People, sends: Sends, control: ThreadControl
    ) -> None:
        self._platform = platform
        self._state = platform.state
        self._people = people
        self._sends = sends
        self._control = control

    def routes(self) -> list[Route]:
        """Paths below `/_emulator`."""
        return [
            ("POST", "users/{user}/messages", self._user_writes),
            ("POST", "users/{user}/taps", self._user_taps),
            ("POST", "users/{user}/reads", self._user_reads),
            ("POST", "users/{user}/reactions", self._user_reacts),
            ("POST", "inbox/{user}/messages", self._inbox_writes),
            ("POST", "inbox/{user}/take", self._inbox_takes),
            ("POST", "inbox/{user}/request", self._inbox_requests),
            ("POST", "inbox/{user}/pass", self._inbox_passes),
            ("POST", "inbox/{user}/release", self._inbox_releases),
            ("GET", "threads/{user}", self._thread_view),
        ]

    async def _user_writes(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, UserMessage)
        if not (body.text or body.attachments):
            raise BadInputError("A message needs a text or attachments.")
        mid = self._people.write(thread, body.content(), body.timestamp_ms)
        return web.json_response({"mid": mid})

    async def _user_taps(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, Tap)
        if body.payload is not None:
            app_id = body.app_id and self._state.app(body.app_id).id
            mid = self._people.post_back(thread, body.postback(), button_of=app_id)
        elif body.title is not None:
            mid = self._people.tap(thread, body.title)
        else:
            raise BadInputError("A tap needs the title of a button, or a payload.")
        return web.json_response({"mid": mid})

    async def _user_reads(self, request: web.Request) -> web.Response:
        self._people.read(self._thread(request))
        return web.json_response({})

    async def _user_reacts(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, React)
        self._people.react(thread, thread.message(body.mid).mid, body.reaction)
        return web.json_response({})

    async def _inbox_writes(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, InboxMessage)
        return web.json_response({"mid": self._sends.inbox_writes(thread, body.text)})

    async def _inbox_takes(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        self._control.take(thread.inbox, thread)
        return self._owner(request)

    async def _inbox_requests(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, RequestControl)
        self._control.request(thread.inbox, thread, body.metadata)
        return self._owner(request)

    async def _inbox_passes(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, PassControl)
        target = body.target_app_id or self._state.default_app(thread.platform).id
        self._control.pass_to(thread.inbox, thread, target, body.metadata)
        return self._owner(request)

    async def _inbox_releases(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        self._control.release(thread.inbox, thread)
        return self._owner(request)

    async def _thread_view(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        owner = thread.control.owner
        return web.json_response(
            {
                "user": thread.user.id,
                "platform": thread.platform.value,
                "owner": owner,
                "owner_name": self._state.app(owner).name if owner else None,
                "expires_at": _iso(thread.control.expires_at),
                "last_user_message_at": _iso(thread.last_user_message_at),
                "messages": [self._message_view(thread, one) for one in thread.messages],
            }
        )

    def _message_view(self, thread: Thread, message: Message) -> JsonObject:
        from_user = message.sender == FROM_USER
        return {
            "mid": message.mid,
            "from": message.sender,
            "from_name": thread.user.name if from_user else self._state.app(message.sender).name,
            "at": message.at.isoformat(),
            **message.content,
        }

    def _owner(self, request: web.Request) -> web.Response:
        return web.json_response({"owner": self._thread(request).control.owner})

    def _thread(self, request: web.Request) -> Thread:
        user = request.match_info["user"]
        if user not in self._state.threads:
            raise UnknownUserError(f"No user has the id {user}; POST /_emulator/users adds one.")
        return self._platform.thread(user)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
