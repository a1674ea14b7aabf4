"""The length of a body that anybody on the internet may send, over real HTTP on a Sanic server."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from contextlib import suppress
from datetime import timedelta

import pytest

from channels.webhook import bodies, guarded_requests
from channels.webhook.bodies import LARGEST_DELIVERY
from tests.search.fuzz.raw_requests import PATH, delivery, message, request
from tests.search.fuzz.served_channel import PATIENCE, ServedChannel, signed

MEGABYTE = 1024 * 1024
CHANNEL = "/webhooks/facebook"


class TestTheLengthOfABody:
    async def test_a_delivery_of_the_largest_size_is_read(
        self, channel: ServedChannel, user: str
    ) -> None:
        body = delivery(message(user, "hello"))
        padded = body + b" " * (LARGEST_DELIVERY - len(body))
        assert await channel.delivers(padded) == 200
        await channel.hears(user, "hello")

    async def test_a_longer_one_is_refused_by_its_header_alone(
        self, channel: ServedChannel
    ) -> None:
        length = b"Content-Length: %d" % (LARGEST_DELIVERY + 1)
        assert await channel.answers(request("POST", PATH, length)) == 413

    async def test_a_longer_one_without_a_length_is_refused_as_soon_as_it_is_too_long(
        self, channel: ServedChannel
    ) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
        writer.write(request("POST", PATH, b"Transfer-Encoding: chunked"))
        chunk = b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)
        for _ in range(LARGEST_DELIVERY // MEGABYTE + 1):
            writer.write(chunk)
            await writer.drain()
        assert b" 413 " in await reader.readline()
        writer.close()

    async def test_a_body_that_is_too_long_is_not_kept_in_memory(
        self, channel: ServedChannel
    ) -> None:
        tracemalloc.start()
        chunk = b"%x\r\n" % (500 * MEGABYTE)
        assert (
            await channel.answers(request("POST", PATH, b"Transfer-Encoding: chunked", body=chunk))
            == 413
        )
        gc.collect()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MEGABYTE

    @pytest.mark.parametrize(
        "header",
        [
            b"Content-Length: -5",
            b"Content-Length: many",
            b"Content-Length: 1_0",
            b"Content-Length: \xd9\xa5",  # an Arabic five
            b"Content-Length: ",
            b"Content-Length: " + b"9" * 5000,
            b"Content-Length: 3\r\nContent-Length: 4",
            b"Transfer-Encoding: gzip",
            b"Transfer-Encoding: gzip\r\nContent-Length: 3",
            b"Transfer-Encoding: chunked\r\nContent-Length: 3",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
        ],
    )
    async def test_a_length_that_can_not_be_told_is_refused(
        self, channel: ServedChannel, user: str, header: bytes
    ) -> None:
        assert await channel.answers(request("POST", PATH, header, body=b"abc")) == 400
        assert await channel.delivers(delivery(message(user, "hello"))) == 200

    @pytest.mark.parametrize("header", [b"Content-Length: 9", b"Transfer-Encoding: chunked"])
    async def test_a_body_that_does_not_come_is_not_waited_for(
        self,
        channel: ServedChannel,
        user: str,
        header: bytes,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(bodies, "SLOWEST_BODY", timedelta(milliseconds=50))
        reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
        writer.write(request("POST", PATH, header, body=b"5"))
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        monkeypatch.undo()
        assert await channel.delivers(delivery(message(user, "hello"))) == 200

    @pytest.mark.parametrize("path", ["handovers", "handovers/", "health"])
    async def test_nor_is_one_that_nobody_reads(
        self, channel: ServedChannel, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rasa would leave the connection open for an hour."""
        monkeypatch.setattr(guarded_requests, "SLOWEST_BODY", timedelta(milliseconds=50))
        reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
        writer.write(request("GET", f"{CHANNEL}/{path}", b"Content-Length: 9", body=b"5"))
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), PATIENCE.total_seconds()) == b""
        writer.close()

    async def test_a_caller_who_hangs_up_halfway_is_forgotten(
        self, channel: ServedChannel, user: str
    ) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", channel.port)
        writer.write(request("POST", PATH, b"Content-Length: 9", body=b"5"))
        writer.close()
        await writer.wait_closed()
        assert await channel.delivers(delivery(message(user, "hello"))) == 200

    @pytest.mark.parametrize("path", [PATH, f"{CHANNEL}/handovers/22/return"])
    @pytest.mark.parametrize("size", [b"zz", b"-3", b"5" * 100])
    async def test_chunks_that_are_none_are_refused_and_leave_no_traceback(
        self, channel: ServedChannel, caplog: pytest.LogCaptureFixture, size: bytes, path: str
    ) -> None:
        """Strangers could fill the disk."""
        chunks = size + b"\r\nabc\r\n0\r\n\r\n"
        broken = request("POST", path, b"Transfer-Encoding: chunked", body=chunks)
        reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
        writer.write(broken)
        assert (await reader.read()).split()[1] in (b"400", b"413")
        writer.close()
        assert [line.message for line in caplog.records if line.exc_info] == []

    async def test_chunks_are_read_as_one_body(self, channel: ServedChannel, user: str) -> None:
        body = delivery(message(user, "hello"))
        signature = f"X-Hub-Signature-256: {signed(body)['X-Hub-Signature-256']}".encode()
        chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])
        sent = request("POST", PATH, signature, b"Transfer-Encoding: chunked", body=chunks)
        assert await channel.answers(sent) == 200
        await channel.hears(user, "hello")
