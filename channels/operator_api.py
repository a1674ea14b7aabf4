"""The operator API: who has the open threads, and bringing one back.

It exists only with an `admin-token`, and every call has to bear it.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from .engine import Engine
from .errors import GraphError, StoreError
from .sessions import Session

MOST_LISTED = 1000

_Handler = Callable[[Engine, dict[str, str]], Awaitable[HTTPResponse]]


class OperatorApi:
    """The routes of the operator API; `engine` gives the engine once it has started."""

    def __init__(self, *, admin_token: str, engine: Callable[[], Engine | None]) -> None:
        self._admin_token = admin_token
        self._engine = engine

    def add_to(self, routes: Blueprint) -> None:
        """Add the routes to the channel's own."""
        self._add(routes, "GET", "/handovers", _list)
        self._add(routes, "GET", "/handovers/<user:str>", _show)
        self._add(routes, "POST", "/handovers/<user:str>/return", _return)

    def _add(self, routes: Blueprint, method: str, path: str, handler: _Handler) -> None:
        async def guarded(request: Request, **parts: str) -> HTTPResponse:
            return await self._answer(request, handler, parts)

        routes.add_route(guarded, path, methods=[method], name=handler.__name__)

    async def _answer(
        self, request: Request, handler: _Handler, parts: dict[str, str]
    ) -> HTTPResponse:
        if not self._is_authorised(request):
            return json({"error": "Send Authorization: Bearer <admin-token>."}, status=401)
        engine = self._engine()
        if engine is None:
            return json({"error": "The channel is starting; try again."}, status=503)
        parts = {name: unquote(part) for name, part in parts.items()}  # Sanic leaves it quoted
        if not all(part.isprintable() for part in parts.values()):
            return _no_session()
        try:
            return await handler(engine, parts)
        except (StoreError, GraphError) as error:
            return json({"error": str(error)}, status=503)

    def _is_authorised(self, request: Request) -> bool:
        given = request.headers.get("Authorization") or ""
        expected = f"Bearer {self._admin_token}"
        return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode())


async def _list(engine: Engine, _: dict[str, str]) -> HTTPResponse:
    open_sessions = await engine.open_sessions(limit=MOST_LISTED)
    return json({"handovers": [describe(session) for session in open_sessions]})


async def _show(engine: Engine, parts: dict[str, str]) -> HTTPResponse:
    session = await engine.open_session(parts["user"])
    return _no_session() if session is None else json(describe(session))


async def _return(engine: Engine, parts: dict[str, str]) -> HTTPResponse:
    session = await engine.open_session(parts["user"])
    if session is None:
        return _no_session()
    if not await engine.return_thread(session):
        return json({"error": "This handover is opening, or ending already."}, status=409)
    return json({"returning": describe(session)}, status=202)


def describe(session: Session) -> dict[str, Any]:
    """A session as operators see it: no text of anybody's."""
    return {
        "session_id": session.id,
        "page": session.thread.page,
        "user": session.thread.user,
        "plan": session.plan.name,
        "target_app": session.owner_app or session.target_app_id,
        "state": session.state.value,
        "reason": session.reason.value if session.reason else None,
        "opened_at": session.opened_at.isoformat(),
        "due_at": session.due_at.isoformat() if session.due_at else None,
        "operator_messages": session.operator_messages,
        "user_messages": session.user_messages,
    }


def _no_session() -> HTTPResponse:
    return json({"error": "This user has no open handover."}, status=404)
