"""A stub of Meta's Graph API that answers after a given time and records every call.

`python -m benchmarks.processes.graph_stub --port 8700 --wait-ms 50`. It knows what the channels
under measurement call: sends, sender actions, thread control and the page's identity. With
`--sends-a-second` a send over that limit gets error 613, as from Meta (Rate Limiting: the Send
API has a limit of 300 a second for each page). Calls with the `--refused-token` get error 190.
"""

from __future__ import annotations

import argparse
import asyncio
import time
import uuid
from collections import deque
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
import uvloop

from .http_messages import HttpMessage, HttpReader, answer

PAGE = "111000111000111"
MESSAGE = "message"
SECOND = timedelta(seconds=1)

_CALLS, _MESSAGES, _RESET = "/_stub/calls", "/_stub/messages", "/_stub/reset"
_SEND_API = "/messages"
_PAGE_ANSWER = {"id": PAGE, "messaging_feature_status": {"msgr_multi_app": True}}
_ACCEPTED = {"success": True}
_REFUSED = {"error": {"message": "Error validating access token.", "code": 190}}
_TOO_MANY = {"error": {"message": "Calls to this api have exceeded the rate limit.", "code": 613}}


class Call(msgspec.Struct, frozen=True):
    """A recorded call; times are of the machine's monotonic clock, in seconds.

    `kind` is "message" or the sender action for sends, the last part of the path for the rest.
    """

    kind: str
    user: str
    received_at: float
    answered_at: float
    refused: bool


class RateLimit:
    """At most this many sends within any second."""

    def __init__(self, sends_a_second: int | None) -> None:
        self._limit = sends_a_second
        self._admitted: deque[float] = deque()

    def admits(self, now: float) -> bool:
        if self._limit is None:
            return True
        while self._admitted and self._admitted[0] <= now - SECOND.total_seconds():
            self._admitted.popleft()
        if len(self._admitted) >= self._limit:
            return False
        self._admitted.append(now)
        return True


class Stub:
    """The calls so far, and how each is answered."""

    def __init__(self, *, wait: timedelta, limit: RateLimit, refused_token: str | None) -> None:
        self.wait = wait
        self._refused = None if refused_token is None else f"Bearer {refused_token}".encode()
        self._limit = limit
        self._calls: list[Call] = []
        self._messages = 0

    def control(self, path: str) -> bytes | None:
        """The answer to one of the benchmark's own calls; None if it is a call to Graph."""
        if path == _CALLS:
            return answer("200 OK", msgspec.json.encode(self._calls))
        if path == _MESSAGES:
            return answer("200 OK", msgspec.json.encode(self._messages))
        if path == _RESET:
            self._calls, self._messages = [], 0
            return answer("200 OK", b"{}")
        return None

    def graph(self, path: str, request: HttpMessage) -> bytes:
        if self._refused is not None and self._refused in request.head:
            return answer("400 Bad Request", msgspec.json.encode(_REFUSED))
        now, body = time.monotonic(), request.body
        asked: dict[str, Any] = msgspec.json.decode(body) if body else {}
        kind = _kind(path, asked)
        user = str((asked.get("recipient") or {}).get("id", ""))
        refused = path.endswith(_SEND_API) and not self._limit.admits(now)
        answered_at = now + self.wait.total_seconds()
        self._calls.append(Call(kind, user, now, answered_at, refused))
        if refused:
            return answer("400 Bad Request", msgspec.json.encode(_TOO_MANY))
        return answer("200 OK", msgspec.json.encode(self._says(kind, user)))

    def _says(self, kind: str, user: str) -> dict[str, Any]:
        if kind == MESSAGE:
            self._messages += 1
            return {"recipient_id": user, "message_id": f"m_{uuid.uuid4().hex}"}
        if kind == "me":
            return _PAGE_ANSWER
        return _ACCEPTED


class Connection(asyncio.Protocol):
    """One keep-alive connection of a caller."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._reader = HttpReader()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # TCP's can be written to

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None

    def data_received(self, data: bytes) -> None:
        request = self._reader.feed(data)
        if request is not None:
            self._take(request)

    def _take(self, request: HttpMessage) -> None:
        path = urlsplit(request.first_line.split(b" ")[1].decode()).path
        controlled = self._stub.control(path)
        if controlled is not None:
            self._write(controlled)
            return
        answered = self._stub.graph(path, request)
        wait = self._stub.wait.total_seconds()
        if wait:
            asyncio.get_running_loop().call_later(wait, self._write, answered)
        else:
            self._write(answered)

    def _write(self, answered: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answered)


def _kind(path: str, asked: dict[str, Any]) -> str:
    if path.endswith(_SEND_API):
        return str(asked.get("sender_action", MESSAGE))
    return path.rpartition("/")[2]


async def serve(port: int, stub: Stub) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(stub), "127.0.0.1", port, backlog=1000)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--wait-ms", type=float, default=0)
    parser.add_argument("--sends-a-second", type=int)
    parser.add_argument("--refused-token")
    options = parser.parse_args()
    wait = timedelta(milliseconds=options.wait_ms)
    uvloop.install()
    limit = RateLimit(options.sends_a_second)
    stub = Stub(wait=wait, limit=limit, refused_token=options.refused_token)
    asyncio.run(serve(options.port, stub))


if __name__ == "__main__":
    main()
