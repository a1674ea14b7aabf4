"""The HTTP side of the control API: bodies in, answers and errors out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from ..platform.deeds.people import NotPossibleError, NotTappableError
from ..platform.platform import Platform
from ..platform.state.state import UnknownAppError
from ..platform.state.threads import Thread, UnknownMessageError
from ..rules.errors import GraphError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Route = tuple[str, str, Handler]
T = TypeVar("T")


class BadInputError(ValueError):
    """A request to the control API that cannot be served; the message says what is allowed."""


class UnknownUserError(LookupError):
    """There is no person with this id."""


class NoSuchFileError(LookupError):
    """No file is kept at this address."""


def mounted(routes: list[Route]) -> list[web.RouteDef]:
    """The routes under `/_emulator`, with errors turned into answers.

    Bad input is 400 with `{"error": "…"}`, an unknown user, app, file or path 404, a refusal of the
    platform Meta's own envelope.
    """
    return [
        web.route(method, f"/_emulator/{path}", _answered(handler))
        for method, path, handler in [*routes, ("*", "{path:.*}", _nothing_here)]
    ]


async def read_body(request: web.Request, kind: type[T]) -> T:
    """The JSON body as `kind`; an empty one counts as `{}`. Raises BadInputError if it is wrong."""
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"The body is wrong: {error}.") from error


def whole_number(request: web.Request, name: str) -> int:
    """A query parameter that is a whole number, 0 unless given. Raises BadInputError."""
    text = request.query.get(name, "0")
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise BadInputError(f"{name} must be a whole number, 0 or more; it is {text!r}.")
    return int(text)


def thread_in(request: web.Request, platform: Platform) -> Thread:
    """The thread of the person that the path names. Raises UnknownUserError if there is none."""
    user = request.match_info["user"]
    if user not in platform.state.threads:
        raise UnknownUserError(f"No user has the id {user}; POST /_emulator/users adds one.")
    return platform.thread(user)


async def _nothing_here(request: web.Request) -> web.Response:
    error = f"The control API has no {request.method} {request.path}."
    return web.json_response({"error": error}, status=404)


def _answered(handler: Handler) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (BadInputError, NotPossibleError, NotTappableError, UnknownMessageError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except (UnknownUserError, UnknownAppError, NoSuchFileError) as error:
            return web.json_response({"error": str(error)}, status=404)
        except GraphError as error:
            return web.json_response(error.envelope(), status=error.status)

    return answer
