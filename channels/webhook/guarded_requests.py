"""Which requests a Sanic app accepts, and how much of their bodies it keeps.

Sanic 21.12 and 22.12 accept anything that `int()` reads as the length of a body. After a negative
one they read an empty body forever, and nothing else in Rasa gets its turn; if it is not a number
at all, they answer 500. Of two lengths they believe one, and a proxy in front of them may believe
the other. And they keep up to 100 MB of a body that nobody reads, and wait for its end as long as
Rasa lets an answer take, an hour. A Sanic app's own request class prevents all of this, because it
sees the headers first.

All versions answer nothing to an address that they can't read, and log a traceback instead.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sanic import Sanic
from sanic.exceptions import InvalidUsage, SanicException
from sanic.http import Http
from sanic.request import Request

from ..instruments.time_limits import TimeLimits

SLOWEST_BODY = timedelta(seconds=30)  # Meta gives up sooner
LARGEST_UNREAD = 64 * 1024  # bytes of a body that nobody reads; clients send an empty one, or "{}"
_LENGTH = re.compile("[0-9]{1,15}")  # in bytes


def guard_requests(app: Sanic, *, below: str) -> None:
    """Guard the app's requests, from the next connection on.

    On all its routes, 400 answers those whose address can't be read, and those whose body has no
    clear length. Below the channel's own path, unless the route reads the body piece by piece, 413
    answers a long one, and the connection is cut if it has not come within SLOWEST_BODY. No cache
    keeps an answer from there unless the answer allows it. That holds for Sanic's own 404 and 405,
    too: they repeat the path, which may name a person.
    """
    kind: type[Request] = app.request_class
    time_limits = TimeLimits()

    class GuardedRequest(kind):  # type: ignore[misc]
        def __init__(self, url_bytes: bytes, headers: Any, *args: Any, **kwargs: Any) -> None:
            if not _is_sound(headers):
                raise InvalidUsage(
                    "The body needs one Content-Length in digits, or Transfer-Encoding: chunked."
                )
            super().__init__(url_bytes, headers, *args, **kwargs)

        async def receive_body(self) -> None:
            """Called by Sanic before a handler that does not read the body itself."""
            reading = None
            if self.path.startswith(below):
                self.stream.request_max_size = LARGEST_UNREAD  # for this request alone
                reading = time_limits.begin(SLOWEST_BODY, self.transport.abort)
            try:
                await super().receive_body()
            except InvalidUsage:
                break_off(self.stream)
                raise
            finally:
                time_limits.end(reading)

        async def respond(self, *args: Any, **kwargs: Any) -> Any:
            """Called by Sanic with each answer before it is sent."""
            answer = await super().respond(*args, **kwargs)
            if self.path.startswith(below):
                answer.headers.setdefault("Cache-Control", "no-store")
            return answer

    app.request_class = GuardedRequest
    _refuse_unreadable_addresses()


def _refuse_unreadable_addresses() -> None:
    """To answer what it could not read, Sanic reads the address again, and fails again."""
    answer: Any = Http.error_response
    if getattr(answer, "is_guarded", False):
        return

    async def error_response(http: Any, error: Exception) -> None:
        if http.request is None:
            http.url = None
            if not isinstance(error, SanicException):
                error = InvalidUsage("Bad Request")
        await answer(http, error)

    error_response.is_guarded = True  # type: ignore[attr-defined]
    Http.error_response = error_response


def break_off(stream: Any) -> None:
    """End a body whose chunks are malformed. Otherwise Sanic, after answering 400, would read on
    and log the traceback of what it finds, as often as a stranger likes.
    """
    stream.request_body = None


def _is_sound(headers: Any) -> bool:
    lengths = headers.getall("content-length", [])
    if "transfer-encoding" in headers:
        return headers.getall("transfer-encoding") == ["chunked"] and not lengths
    return not lengths or (len(lengths) == 1 and bool(_LENGTH.fullmatch(lengths[0])))
