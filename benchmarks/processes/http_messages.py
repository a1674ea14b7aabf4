"""HTTP/1.1 messages with a length, as both ends of a benchmark's own connections read them.

They are raw, because measuring must cost far less than what is measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """A request or an answer: its head, with the first line apart, and its body."""

    first_line: bytes
    head: bytes
    body: bytes


class HttpReader:
    """Puts the messages of one connection together from what arrives."""

    def __init__(self) -> None:
        self._arrived = b""

    def feed(self, data: bytes) -> HttpMessage | None:
        """The message that is now complete, if there is one; nothing is pipelined."""
        self._arrived += data
        head_end = self._arrived.find(_END_OF_HEAD)
        if head_end < 0:
            return None
        length = _LENGTH.search(self._arrived, 0, head_end)
        body_start = head_end + len(_END_OF_HEAD)
        end = body_start + (int(length[1]) if length else 0)
        if len(self._arrived) < end:
            return None
        first_line = self._arrived[: self._arrived.index(b"\r\n")]
        message = HttpMessage(first_line, self._arrived[:head_end], self._arrived[body_start:end])
        self._arrived = self._arrived[end:]
        return message


def answer(status: str, body: bytes) -> bytes:
    """An answer such as "200 OK" with a JSON body, on a connection that stays open."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + _END_OF_HEAD + body
