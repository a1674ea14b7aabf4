"""Control API: what the operators' own tools receive and ask for."""

from __future__ import annotations

import msgspec
from aiohttp import web

from ..desk.bot import BotLink, NoContextError
from ..desk.notices import NotGenuineError, NoticeReceiver
from ..platform.platform import Platform
from .bodies import ChangeDesk, OpenContext
from .http import BadInputError, Route, read_body, thread_in


class DeskControl:
    """Notices for operators, the context of a handover, and the state of the bot."""

    def __init__(self, platform: Platform, notices: NoticeReceiver, bot: BotLink) -> None:
        self._platform = platform
        self._state = platform.state
        self._notices = notices
        self._bot = bot

    def routes(self) -> list[Route]:
        """Paths below `/_emulator`."""
        return [
            ("POST", "notices", self._notice),
            ("PUT", "desk", self._change),
            ("GET", "bot/{user}", self._look),
            ("POST", "context", self._open),
        ]

    async def _notice(self, request: web.Request) -> web.Response:
        try:
            self._notices.take(await request.read(), request.headers)
        except NotGenuineError as error:
            return web.json_response({"error": str(error)}, status=401)
        return web.json_response({})

    async def _change(self, request: web.Request) -> web.Response:
        changes = (await read_body(request, ChangeDesk)).given()
        self._state.desk = msgspec.structs.replace(self._state.desk, **changes)
        return web.json_response(msgspec.to_builtins(self._state.desk))

    async def _look(self, request: web.Request) -> web.Response:
        thread = thread_in(request, self._platform)
        return web.json_response(await self._bot.look(thread.user.id))

    async def _open(self, request: web.Request) -> web.Response:
        body = await read_body(request, OpenContext)
        try:
            return web.json_response(await self._bot.context(body.url))
        except NoContextError as error:
            raise BadInputError(str(error)) from error
