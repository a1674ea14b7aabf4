"""Control API: what people do, and the state of a thread."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from ..platform.deeds.people import People
from ..platform.deeds.refusals import Refusals
from ..platform.platform import Platform
from ..platform.state.threads import FROM_USER, Message, Thread
from ..rules.errors import JsonObject
from .bodies import Act, Edit, React, TakeBack, Tap, UserMessage
from .http import BadInputError, Route, read_body, thread_in


class PeopleControl:
    """Users and their threads."""

    def __init__(self, platform: Platform, people: People, refusals: Refusals) -> None:
        self._platform = platform
        self._state = platform.state
        self._people = people
        self._refusals = refusals

    def routes(self) -> list[Route]:
        """Paths below `/_emulator`."""
        return [
            ("POST", "users/{user}/messages", self._user_writes),
            ("POST", "users/{user}/taps", self._user_taps),
            ("POST", "users/{user}/reads", self._user_reads),
            ("POST", "users/{user}/reactions", self._user_reacts),
            ("POST", "users/{user}/deletions", self._user_takes_back),
            ("POST", "users/{user}/edits", self._user_edits),
            ("POST", "users/{user}/acts", self._user_acts),
            ("GET", "threads/{user}", self._thread_view),
        ]

    async def _user_writes(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, UserMessage)
        if not body.content():
            raise BadInputError("A message needs a text or attachments, or must be unsupported.")
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

    async def _user_takes_back(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, TakeBack)
        self._people.take_back(thread, thread.message(body.mid))
        return web.json_response({})

    async def _user_edits(self, request: web.Request) -> web.Response:
        thread, body = self._thread(request), await read_body(request, Edit)
        edited = self._people.edit(thread, thread.message(body.mid), body.text)
        return web.json_response({"num_edit": edited.edits})

    async def _user_acts(self, request: web.Request) -> web.Response:
        thread, acts = self._thread(request), (await read_body(request, Act)).acts()
        if len(acts) != 1:
            raise BadInputError("Give one act at a time: referral, optin or account_linking.")
        name, details = acts[0]
        self._people.act(thread, name, details)
        return web.json_response({})

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
                "refusals": self._refusals.of(thread),
                "last_user_message_at": _iso(thread.last_user_message_at),
                "messages": [self._message_view(thread, one) for one in thread.messages],
            }
        )

    def _message_view(self, thread: Thread, message: Message) -> JsonObject:
        return {
            "mid": message.mid,
            "from": message.sender,
            "from_name": self._name(thread, message.sender),
            "at": message.at.isoformat(),
            **message.content,
        }

    def _name(self, thread: Thread, sender: str) -> str:
        """The sender's name; a newsletter's app need not be connected to the Page."""
        if sender == FROM_USER:
            return thread.user.name
        app = self._state.apps.get(sender)
        return app.name if app is not None else f"App {sender}"

    def _thread(self, request: web.Request) -> Thread:
        return thread_in(request, self._platform)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
