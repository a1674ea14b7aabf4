"""Refusing HTTP requests whose body has no clear length.

Sanic 21.12 and 22.12 take whatever `int()` reads as the length. After a negative one they read an
empty body for ever, and nothing else in Rasa gets its turn; where it is not a number at all, they
answer 500. Of two lengths they believe one, and a proxy in front of them perhaps the other. A Sanic
app's own class of requests prevents all of this, since it sees the headers first.
"""

from __future__ import annotations

from typing import Any

from sanic import Sanic
from sanic.exceptions import InvalidUsage
from sanic.request import Request

_MOST_DIGITS = 15  # of a length in bytes


def guard_requests(app: Sanic) -> None:
    """Let the app answer 400 to such requests, on all its routes, from the next connection on."""
    kind: type[Request] = app.request_class

    class GuardedRequest(kind):  # type: ignore[misc]
        def __init__(self, url_bytes: bytes, headers: Any, *args: Any, **kwargs: Any) -> None:
            if not _is_sound(headers):
                raise InvalidUsage(
                    "The body needs one Content-Length in digits, or Transfer-Encoding: chunked."
                )
            super().__init__(url_bytes, headers, *args, **kwargs)

    app.request_class = GuardedRequest


def _is_sound(headers: Any) -> bool:
    encodings = headers.getall("transfer-encoding", [])
    lengths = headers.getall("content-length", [])
    if encodings:
        return bool(encodings == ["chunked"] and not lengths)
    return len(lengths) <= 1 and all(map(_is_number, lengths))


def _is_number(length: str) -> bool:
    return length.isascii() and length.isdigit() and len(length) <= _MOST_DIGITS
