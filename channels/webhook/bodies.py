"""Reads the bodies of deliveries, within a limit of memory for all of them together.

Anybody may send one, and only once it has been read is it known whether Meta has signed it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sanic.exceptions import InvalidUsage
from sanic.request import Request

from ..instruments.time_limits import TimeLimits
from .guarded_requests import SLOWEST_BODY, break_off

# Meta sends up to 1,000 updates in a POST (Meta facts 2.1), and escapes what is not ASCII: the
# longest text that the Send API takes makes 12 KB. So 1,000 such updates fit in here.
LARGEST_DELIVERY = 16 * 1024 * 1024  # bytes
MOST_IN_FLIGHT = 4 * LARGEST_DELIVERY  # bytes of all bodies that are being read or checked
# Bytes of each body that do not count: a delivery of the usual size is read in any case.
USUAL_DELIVERY = 64 * 1024
_SHORT = 1024  # bytes of a piece that is not kept alone
_MOST_IN_A_ROW = 100  # pieces of one body: Sanic may have thousands ready


class NoRoom(Exception):
    """A long body was not kept, because too much is in flight already."""


class Bodies:
    """All bodies that this process holds. One that is not kept is still read to its end: the caller
    gets an answer instead of a broken connection."""

    def __init__(self) -> None:
        self.time_limits = TimeLimits()
        self._in_flight = 0

    async def read(self, request: Request) -> bytes:
        """The body of a request whose route is a stream; it is in flight until `let_go`.

        Raises NoRoom, and of Sanic's errors PayloadTooLarge, before more than LARGEST_DELIVERY is
        read, and InvalidUsage, if the chunks are malformed. The connection is cut if the body has
        not come within SLOWEST_BODY: Rasa would leave it open for an hour.
        """
        stream = request.stream
        stream.request_max_size = LARGEST_DELIVERY
        reading = self.time_limits.begin(SLOWEST_BODY, request.transport.abort)
        try:
            return await self._whole(stream)
        except InvalidUsage:
            break_off(stream)
            raise
        finally:
            self.time_limits.end(reading)

    async def _whole(self, stream: Any) -> bytes:
        kept: list[bytes] = []
        size, has_room, pieces = 0, True, 0
        try:
            while (piece := await stream.read()) is not None:
                if has_room and not self._may_grow(size, len(piece)):
                    self._in_flight -= _counted(size)
                    kept, size, has_room = [], 0, False
                if has_room:
                    _append(kept, piece)
                    size += len(piece)
                pieces += 1
                if pieces % _MOST_IN_A_ROW == 0:
                    await asyncio.sleep(0)
            if not has_room:
                raise NoRoom
        except BaseException:
            self._in_flight -= _counted(size)
            raise
        return b"".join(kept)

    def let_go(self, body: bytes) -> None:
        """A body that was read is no longer in flight."""
        self._in_flight -= _counted(len(body))

    def _may_grow(self, size: int, more: int) -> bool:
        """Whether a body of this size may grow by `more` bytes; if so, they count from now on."""
        wanted = _counted(size + more) - _counted(size)
        if self._in_flight + wanted > MOST_IN_FLIGHT:
            return False
        self._in_flight += wanted
        return True


def _append(kept: list[bytes], piece: bytes) -> None:
    """Keep a piece: short ones as one, because chunks may be a byte each."""
    if kept and len(kept[-1]) < _SHORT:
        kept[-1] += piece
    else:
        kept.append(piece)


def _counted(size: int) -> int:
    """How much a body of this size takes of the room for all bodies."""
    return max(size - USUAL_DELIVERY, 0)
