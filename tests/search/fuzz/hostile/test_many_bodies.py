"""Many bodies at once, from anybody on the internet, over real HTTP on a Sanic server."""

from __future__ import annotations

import asyncio
import gc
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from async_timeout import timeout

from channels.webhook import bodies
from channels.webhook.bodies import LARGEST_DELIVERY, MOST_IN_FLIGHT, USUAL_DELIVERY
from channels.webhook.guarded_requests import LARGEST_UNREAD
from tests.search.fuzz.raw_requests import PATH, delivery, message, request
from tests.search.fuzz.served_channel import PATIENCE, ServedChannel

MEGABYTE = 1024 * 1024
CHANNEL = "/webhooks/facebook"
UNREAD = [
    *(("GET", path) for path in ("/", "/health", "/metrics", "/webhook", "/openapi.json")),
    *(("GET", path) for path in ("/handovers", "/handovers/", "/handovers/22/context?token=x")),
    ("POST", "/handovers/22/return"),
]
BLANKS = memoryview(
    b" " * MEGABYTE
)  # so that the callers' own memory is no part of what is measured


class TestManyBodiesAtOnce:
    """Anybody may send them: the signature is looked at once a body is there."""

    async def test_sixty_long_bodies_take_no_more_memory_than_a_few(
        self, channel: ServedChannel, user: str
    ) -> None:
        async with _connections(channel, 60) as callers:
            gc.collect()
            tracemalloc.start()
            await asyncio.gather(*(caller.sends_all_but_the_end() for caller in callers))
            # One body more is joined from its pieces, and each connection has buffers.
            bound = MOST_IN_FLIGHT + LARGEST_DELIVERY + 60 * 4 * USUAL_DELIVERY
            assert tracemalloc.get_traced_memory()[1] < bound
            # Meta's own deliveries are let in all the while.
            assert await channel.delivers(delivery(message(user, "hello"))) == 200
            assert await channel.hears(user, "hello") == ["hello"]
            answers = await asyncio.gather(*(caller.ends() for caller in callers))
            assert set(answers) == {403, 503}
            assert answers.count(403) >= MOST_IN_FLIGHT // LARGEST_DELIVERY
        async with timeout(PATIENCE.total_seconds()):
            while tracemalloc.get_traced_memory()[0] >= 2 * MEGABYTE:
                await asyncio.sleep(0.02)  # the thread that has checked a body still has it
                gc.collect()
        tracemalloc.stop()

    async def test_a_long_delivery_is_let_in_once_others_are_gone(
        self, channel: ServedChannel, user: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = MOST_IN_FLIGHT // LARGEST_DELIVERY
        is_full = _has_read(few * (LARGEST_DELIVERY - 1), monkeypatch)
        body = delivery(message(user, "hello"))
        padded = body + b" " * (LARGEST_DELIVERY // 2)
        async with _connections(channel, few) as callers:
            await asyncio.gather(*(caller.sends_all_but_the_end() for caller in callers))
            await asyncio.wait_for(is_full.wait(), PATIENCE.total_seconds())
            assert await channel.delivers(padded) == 503
        await _is_answered(channel, padded, 200)
        assert await channel.hears(user, "hello") == ["hello"]

    async def test_those_that_are_cut_off_leave_room_for_others(
        self, channel: ServedChannel, user: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bodies, "SLOWEST_BODY", timedelta(milliseconds=300))
        async with _connections(channel, 2 * MOST_IN_FLIGHT // LARGEST_DELIVERY) as callers:
            with suppress(ConnectionError):
                await asyncio.gather(*(caller.sends_all_but_the_end() for caller in callers))
            await asyncio.gather(*(caller.is_cut_off() for caller in callers))
        monkeypatch.undo()
        body = delivery(message(user, "hello"))
        assert await channel.delivers(body + b" " * (LARGEST_DELIVERY - len(body))) == 200

    async def test_a_body_in_tiny_chunks_takes_no_more_memory_than_another(
        self, channel: ServedChannel
    ) -> None:
        gc.collect()
        tracemalloc.start()
        size = 100_000
        tiny = b"2\r\n  \r\n" * (size // 2)
        body = request("POST", PATH, b"Transfer-Encoding: chunked", body=tiny + b"0\r\n\r\n")
        before, _ = tracemalloc.get_traced_memory()
        assert await channel.answers(body) == 403
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak - before < len(body) + 5 * size

    async def test_others_get_their_turn_while_tiny_chunks_are_read(self) -> None:
        """Otherwise a few callers with a full buffer each hold up everybody for seconds."""
        pieces = iter([b"x"] * 10_000)
        turns = 0

        async def read() -> bytes | None:
            return next(pieces, None)

        async def take_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(take_turns())
        stream = SimpleNamespace(read=read)
        await bodies.Bodies().read(SimpleNamespace(stream=stream, transport=Mock()))
        other.cancel()
        assert turns > 50

    @pytest.mark.parametrize(("method", "path"), UNREAD)
    async def test_a_long_body_that_nobody_reads_is_refused(
        self, channel: ServedChannel, method: str, path: str
    ) -> None:
        length = b"Content-Length: %d" % (LARGEST_UNREAD + 1)
        assert await channel.answers(request(method, f"{CHANNEL}{path}", length)) == 413


def _has_read(size: int, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once the channel has read so many bytes of bodies."""
    left, over, may_grow = size, asyncio.Event(), bodies.Bodies._may_grow

    def counted(of_all: bodies.Bodies, before: int, more: int) -> bool:
        nonlocal left
        left -= more
        if left <= 0:
            over.set()
        return may_grow(of_all, before, more)

    monkeypatch.setattr(bodies.Bodies, "_may_grow", counted)
    return over


async def _is_answered(channel: ServedChannel, body: bytes, status: int) -> None:
    """Deliver until the answer is this: the server notices in its time who is gone."""
    async with timeout(PATIENCE.total_seconds()):
        while True:
            if await channel.delivers(body) == status:
                return
            await asyncio.sleep(0.02)


class _Caller:
    """Somebody who posts as long a body as is allowed, with a signature that is none."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    async def sends_all_but_the_end(self) -> None:
        headers = (
            b"Content-Length: %d" % LARGEST_DELIVERY,
            b"X-Hub-Signature-256: sha256=" + b"0" * 64,
        )
        send = asyncio.get_running_loop().sock_sendall
        await send(self._connection, request("POST", PATH, *headers))
        for _ in range(LARGEST_DELIVERY // MEGABYTE - 1):
            await send(self._connection, BLANKS)
        await send(self._connection, BLANKS[1:])

    async def ends(self) -> int:
        """Send the last byte; the status of the answer."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._connection, b" ")
        return int((await loop.sock_recv(self._connection, MEGABYTE)).split()[1])

    async def is_cut_off(self) -> None:
        with suppress(ConnectionError):
            assert await asyncio.get_running_loop().sock_recv(self._connection, MEGABYTE) == b""


@asynccontextmanager
async def _connections(channel: ServedChannel, number: int) -> AsyncIterator[list[_Caller]]:
    with ExitStack() as stack:
        callers = []
        for _ in range(number):
            connection = stack.enter_context(socket.socket())
            connection.setblocking(False)
            address = ("127.0.0.1", channel.port)
            await asyncio.get_running_loop().sock_connect(connection, address)
            callers.append(_Caller(connection))
        yield callers
