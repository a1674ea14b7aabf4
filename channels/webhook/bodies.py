"""The bodies of deliveries, read within the memory that there is for all of them together.

Anybody may send one, and whether Meta has signed it is known only once it has been read.
"""

from __future__ import annotations

from datetime import timedelta

from sanic.request import Request

from ..instruments.time_limits import TimeLimits

# Meta sends up to 1,000 updates in a POST (Meta facts 2.1), and escapes what is not ASCII: the
# longest text that the Send API takes makes 12 KB. All of these at once fit in here.
LARGEST_DELIVERY = 16 * 1024 * 1024  # bytes
MOST_IN_FLIGHT = 4 * LARGEST_DELIVERY  # bytes of all bodies that are being read or checked
# Bytes of each body that do not count: a delivery of the usual size is read whatever others send.
USUAL_DELIVERY = 64 * 1024
SLOWEST_BODY = timedelta(seconds=30)  # Meta gives up sooner


class NoRoom(Exception):
    """A long body was not kept, because too much is in flight already."""


class Bodies:
    """All bodies that this process holds. What is not kept is still read to its end, and dropped:
    the caller gets an answer instead of a broken connection."""

    def __init__(self) -> None:
        self.time_limits = TimeLimits()
        self._in_flight = 0

    def share(self) -> _Share:
        """One body's part of what is in flight, until the block is left."""
        return _Share(self)

    def reserve(self, size: int) -> bool:
        """Whether this many more bytes may be in flight; if so, they count from now on."""
        if self._in_flight + size > MOST_IN_FLIGHT:
            return False
        self._in_flight += size
        return True

    def free(self, size: int) -> None:
        """This many bytes are no longer in flight."""
        self._in_flight -= size


class _Share:
    """One body's part of what is in flight."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._pieces: list[bytes] = []
        self._size = 0
        self._reserved = 0
        self._has_room = True

    def __enter__(self) -> _Share:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    async def read(self, request: Request) -> bytes:
        """The body of a request whose route is a stream.

        Raises Sanic's PayloadTooLarge before it has read more than LARGEST_DELIVERY, and NoRoom.
        The connection is cut if the body has not come within SLOWEST_BODY: Rasa would leave it open
        for an hour.
        """
        stream = request.stream
        stream.request_max_size = LARGEST_DELIVERY
        time_limits = self._bodies.time_limits
        reading = time_limits.begin(SLOWEST_BODY, request.transport.abort)
        try:
            while (piece := await stream.read()) is not None:
                self.take(piece)
        finally:
            time_limits.end(reading)
        return self._joined()

    def _give_back(self) -> None:
        self._pieces.clear()
        if self._reserved:
            self._bodies.free(self._reserved)
            self._reserved = 0

    def take(self, piece: bytes) -> None:
        """Keep the next piece, or drop all if there is no room for it."""
        self._size += len(piece)
        wanted = self._size - USUAL_DELIVERY - self._reserved
        if self._has_room and (wanted <= 0 or self._bodies.reserve(wanted)):
            self._reserved += max(wanted, 0)
            self._pieces.append(piece)
        elif self._has_room:
            self._has_room = False
            self._give_back()

    def _joined(self) -> bytes:
        if not self._has_room:
            raise NoRoom
        body = b"".join(self._pieces)
        self._pieces.clear()
        return body
