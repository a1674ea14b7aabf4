"""Control API: what the Page, its apps and its routing are."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from ..platform.faults import FaultPlan
from ..platform.platform import Platform
from ..platform.state.config import ConfigError, check_app, is_id
from ..platform.state.models import User
from ..rules.accounts import INBOXES, INSTAGRAM_INBOX, PAGE_INBOX, PlatformName
from ..rules.switches import Switches
from .bodies import ChangeApp, ChooseApp, SetRouting
from .http import BadInputError, Route, read_body


class SettingsControl:
    """Configuration, users, routing, switches, reset."""

    def __init__(self, platform: Platform, faults: FaultPlan) -> None:
        self._platform = platform
        self._state = platform.state
        self._faults = faults

    def routes(self) -> list[Route]:
        """Paths below `/_emulator`."""
        return [
            ("GET", "config", self._config),
            ("PUT", "apps/{app}", self._change_app),
            ("POST", "users", self._add_user),
            ("PUT", "routing", self._set_routing),
            ("PUT", "default_app", self._set_default),
            ("GET", "switches", self._switches),
            ("PUT", "switches", self._set_switches),
            ("POST", "reset", self._reset),
        ]

    async def _config(self, _request: web.Request) -> web.Response:
        users = [thread.user for thread in self._state.threads.values()]
        return web.json_response(
            {
                "page": msgspec.to_builtins(self._state.page),
                "instagram": msgspec.to_builtins(self._state.instagram),
                "apps": msgspec.to_builtins(self._state.connected_apps()),
                "desk": msgspec.to_builtins(self._state.desk),
                "users": msgspec.to_builtins(users),
                "routing": self._state.modes[PlatformName.MESSENGER],
                "instagram_routing": self._state.modes.get(PlatformName.INSTAGRAM),
                "inbox_app_id": PAGE_INBOX,
                "instagram_inbox_app_id": INSTAGRAM_INBOX,
            }
        )

    async def _change_app(self, request: web.Request) -> web.Response:
        app_id = request.match_info["app"]
        if app_id in INBOXES.values():
            raise BadInputError("An Inbox is Meta's own app; it has no settings here.")
        app, changes = self._state.app(app_id), await read_body(request, ChangeApp)
        changed = msgspec.structs.replace(app, **changes.given())
        try:
            check_app(changed)
        except ConfigError as error:
            raise BadInputError(str(error)) from error
        self._state.replace_app(changed)
        return web.json_response(msgspec.to_builtins(changed))

    async def _add_user(self, request: web.Request) -> web.Response:
        user = await read_body(request, User)
        accounts = [self._state.account(one).id for one in self._state.platforms]
        if not is_id(user.id) or user.id in {*accounts, *self._state.threads}:
            raise BadInputError(f"A user's id must be new, and digits only; {user.id!r} is not.")
        self._state.add_user(user)
        return web.json_response(msgspec.to_builtins(user), status=201)

    async def _set_routing(self, request: web.Request) -> web.Response:
        body = await read_body(request, SetRouting)
        platforms = self._state.platforms if body.platform is None else (body.platform,)
        self._platform.set_routing(body.mode, platforms)
        return web.json_response({"mode": body.mode.value})

    async def _set_default(self, request: web.Request) -> web.Response:
        self._platform.make_default((await read_body(request, ChooseApp)).app_id)
        default = self._state.default_app(PlatformName.MESSENGER)
        return web.json_response({"app_id": default.id})

    async def _switches(self, _request: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(self._state.switches))

    async def _set_switches(self, request: web.Request) -> web.Response:
        changes = await read_body(request, dict[str, Any])
        today = msgspec.to_builtins(self._state.switches)
        try:
            self._state.switches = msgspec.convert({**today, **changes}, Switches)
        except msgspec.ValidationError as error:
            raise BadInputError(f"The body is wrong: {error}.") from error
        return await self._switches(request)

    async def _reset(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        await self._platform.reset()
        return web.json_response({"reset": True})
