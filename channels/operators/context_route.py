"""What the agent's app reads about a handover, at the address that came with the pass.

The token in the address opens one session's context, and nothing else, until a day after its end.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, raw

from ..core.briefing.situation import Situation, may_be_read, opens_context
from ..core.errors import StoreError
from ..core.settings.settings import Settings
from ..engine.engine import Engine
from .answers import Problem
from .contexts import context

HEADERS = {
    "Access-Control-Allow-Origin": "*",  # an agents' app may be served from anywhere
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add_context(
    routes: Blueprint, *, settings: Settings, engine: Callable[[], Engine | None]
) -> None:
    """Add the route to the channel's own."""

    async def show_context(request: Request, session: str) -> HTTPResponse:
        running = engine()
        if running is None:
            return _answered(Problem(error="The channel is starting; try again."), status=503)
        token = request.args.get("token") or ""
        if not opens_context(token, session, settings.secret):
            return _not_there()
        try:
            found = await running.operations.session(session)
            if found is None or not may_be_read(found, running.operations.now()):
                return _not_there()
            lines = await running.operations.transcript(found) if settings.transcript else []
        except StoreError as error:
            return _answered(Problem(error=str(error)), status=503)
        try:
            kept = await running.operations.events(found.thread)
            situation = (await running.situation(found.thread)).amended(kept)
        except Exception:  # whatever a store raises; the rest is still shown
            situation = Situation()
        sender_id = running.operations.sender_id_of(found.thread)
        return _answered(context(found, sender_id, situation, lines))

    routes.add_route(
        show_context, "/handovers/<session:str>/context", methods=["GET"], name="context"
    )


def _not_there() -> HTTPResponse:
    """The same answer to a guess as to a request that comes too late."""
    return _answered(Problem(error="There is no such context, or it has expired."), status=404)


def _answered(answer: msgspec.Struct, *, status: int = 200) -> HTTPResponse:
    body = msgspec.json.encode(answer)
    return raw(body, status=status, headers=HEADERS, content_type="application/json")
