"""What anybody on the internet may send to the channel, over real HTTP on a Sanic server."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from async_timeout import timeout

from channels.core.events import Event
from channels.engine.engine import INBOX_RETENTION
from channels.engine.intake import Intake
from channels.webhook import bodies
from channels.webhook.bodies import LARGEST_DELIVERY, MOST_IN_FLIGHT, USUAL_DELIVERY
from channels.webhook.guarded_requests import LARGEST_UNREAD
from tests.search.fuzz.raw_requests import PAGE, PATH, delivery, message, request
from tests.search.fuzz.served_channel import BOT, PATIENCE, ServedChannel, signed

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


class TestDeliveries:
    async def test_nothing_of_another_page_is_stored_or_handled(
        self, channel: ServedChannel, user: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The app is subscribed to it as well, and the bot has no token for it."""
        assert await channel.delivers(delivery(message(user, "here"))) == 200
        await channel.hears(user, "here")
        stored: list[Event] = []
        accept = Intake.accept

        async def accept_and_note(intake: Intake, events: Sequence[Event], **named: Any) -> None:
            stored.extend(events)
            await accept(intake, events, **named)

        monkeypatch.setattr(Intake, "accept", accept_and_note)
        elsewhere = delivery(message(user, "elsewhere")).replace(PAGE.encode(), b"777000777000777")
        assert await channel.delivers(elsewhere) == 200
        assert await channel.delivers(delivery(message(user, "here again"))) == 200
        assert await channel.hears(user, "here again") == ["here", "here again"]
        assert [event.thread.page for event in stored] == [PAGE]

    async def test_an_old_delivery_that_somebody_repeats_is_acknowledged_and_left_out(
        self, channel: ServedChannel, user: str
    ) -> None:
        old = datetime.now(timezone.utc) - timedelta(days=3)
        assert await channel.delivers(delivery(message(user, "old", at=old))) == 200
        assert await channel.delivers(delivery(message(user, "new"))) == 200
        assert await channel.hears(user, "new") == ["new"]

    @pytest.mark.parametrize("array", ["messaging", "standby"])
    @pytest.mark.parametrize(
        "told",
        [
            {"message": {"mid": "m_old", "text": "menu"}},
            {"message": {"mid": "m_old", "text": "menu", "is_echo": True, "app_id": 7}},
            {"postback": {"title": "Back", "payload": "/back"}},
            {"pass_thread_control": {"new_owner_app_id": BOT.id}},
            {"take_thread_control": {"previous_owner_app_id": BOT.id, "new_owner_app_id": 7}},
            {"request_thread_control": {"requested_owner_app_id": 7}},
        ],
        ids=["message", "echo", "postback", "pass", "take", "request"],
    )
    async def test_nothing_old_reaches_the_engine(
        self,
        channel: ServedChannel,
        user: str,
        array: str,
        told: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """It could end a handover, begin one, or be answered years later."""
        accepted: list[Event] = []

        async def accept(_: Intake, events: Sequence[Event], **__: object) -> None:
            accepted.extend(events)

        monkeypatch.setattr(Intake, "accept", accept)
        new = datetime.now(timezone.utc) - INBOX_RETENTION + timedelta(minutes=1)
        for at in (new - timedelta(minutes=2), new):
            item = {"sender": {"id": user}, "recipient": {"id": PAGE}, **told}
            item["timestamp"] = int(at.timestamp() * 1000)
            entry = {"id": PAGE, array: [item]}
            body = json.dumps({"object": "page", "entry": [entry]}).encode()
            assert await channel.delivers(body) == 200
        assert [new - event.at < timedelta(seconds=1) for event in accepted] == [True]

    async def test_the_same_delivery_again_is_acknowledged_and_handled_once(
        self, channel: ServedChannel, user: str
    ) -> None:
        body = delivery(message(user, "once"))
        assert [await channel.delivers(body) for _ in range(3)] == [200, 200, 200]
        assert await channel.delivers(delivery(message(user, "last"))) == 200
        assert await channel.hears(user, "last") == ["once", "last"]

    async def test_a_thousand_events_are_all_handled_in_order(
        self, channel: ServedChannel, user: str
    ) -> None:
        texts = [str(number) for number in range(1000)]
        assert await channel.delivers(delivery(*(message(user, text) for text in texts))) == 200
        assert await channel.hears(user, texts[-1]) == texts

    @pytest.mark.parametrize(
        "alien", ["1", "{}", '{"app_roles":{"1":["x"]}}', '{"sender":{"id":"1"}}']
    )
    async def test_a_hundred_thousand_aliens_hold_nobody_up(
        self, channel: ServedChannel, user: str, alien: str
    ) -> None:
        aliens = ",".join([alien] * 100_000)
        body = delivery(message(user, "between"), "ALIENS").replace(b'"ALIENS"', aliens.encode())
        posting = asyncio.create_task(channel.delivers(body))
        assert await _longest_turn(posting) < 0.1
        assert posting.result() == 200
        await channel.hears(user, "between")

    @pytest.mark.parametrize(
        "odd",
        [
            b'"\\ud83d"',
            b'"\\u0000"',
            b"1e400",
            b"1" * 10_000,
            b"[" * 100_000 + b"]" * 100_000,
            b'"\xff\xfe"',
            b'"' + b"x" * 100_000 + b'"',
        ],
        ids=["half an emoji", "NUL", "1e400", "digits", "nesting", "no UTF-8", "long"],
    )
    @pytest.mark.parametrize("place", ["sender", "id", "timestamp", "mid", "text", "payload"])
    async def test_what_is_odd_anywhere_takes_no_neighbour_along(
        self, channel: ServedChannel, user: str, place: str, odd: bytes
    ) -> None:
        around = message(user, "before"), _odd(user, place), message(user, "after")
        assert await channel.delivers(delivery(*around).replace(b'"ODD"', odd)) == 200
        assert "before" in await channel.hears(user, "after")


async def _longest_turn(task: asyncio.Task[int]) -> float:
    """The longest time, in seconds, that the event loop has worked without a turn for others.

    Time in which it does not work, because this machine does something else, is not counted.
    """
    longest = 0.0
    while not task.done():
        before = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - before)
    return longest


def _odd(user: str, place: str) -> dict[str, Any]:
    """A message that has something odd at that place."""
    if place == "id":
        return {**message(user, "odd"), "sender": {"id": "ODD"}}
    if place in ("mid", "text"):
        return {
            **message(user, "odd"),
            "message": {"mid": f"m_{user}", "text": "odd", place: "ODD"},
        }
    if place == "payload":
        attached = [{"type": "image", "payload": {"url": "https://x", "odd": "ODD"}}]
        return {**message(user, "odd"), "message": {"mid": f"m_{user}", "attachments": attached}}
    return {**message(user, "odd"), place: "ODD"}
