"""Load: deliveries over keep-alive connections, from a separate process.

`deliver` starts the process and returns its results. All requests are prepared and all connections
opened before the first delivery goes out. Without a rate, a connection's next delivery goes out
when its last one was acknowledged, so as many are in flight as there are connections. With a rate,
each delivery has its time, and its latency counts from then on, whether a connection was free or
not.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

import msgspec
import uvloop

from ..material.deliveries import Kind, request, user_id
from .children import ROOT
from .http_messages import HttpReader

_OK = 200
_MOST_TIME = timedelta(minutes=5)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """This many deliveries, from `users` users in turn, beginning with `first_user`."""

    port: int
    deliveries: int
    connections: int
    users: int
    first_user: int = 0
    kind: Kind = Kind.MESSAGE
    text: str = "hello"
    a_second: float | None = None
    age: timedelta = timedelta()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Times are those of the machine's monotonic clock, in seconds; `latencies` are in seconds,
    too.
    """

    started_at: float
    finished_at: float
    latencies: list[float]
    not_ok: int

    @property
    def a_second(self) -> float:
        """Deliveries acknowledged a second."""
        return len(self.latencies) / (self.finished_at - self.started_at)


class LoadFailed(Exception):
    """Deliveries were refused, so the figures would mean nothing."""


async def deliver(load: Load) -> Outcome:
    """Run the load in a separate process. Raises LoadFailed unless all were acknowledged."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate(msgspec.json.encode(load))
    if process.returncode != 0:
        raise LoadFailed(f"The load generator ended with {process.returncode}; see its output.")
    outcome = msgspec.json.decode(told, type=Outcome)
    if outcome.not_ok:
        raise LoadFailed(f"{outcome.not_ok} of {load.deliveries} deliveries were not answered 200.")
    return outcome


class _Connection(asyncio.Protocol):
    """A connection that carries one delivery at a time."""

    def __init__(
        self, answered: Callable[[_Connection, int, bool], None], lost: Callable[[], None]
    ) -> None:
        self._answered = answered
        self._lost = lost
        self._reader = HttpReader()
        self._number = -1
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # TCP's can be written to

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        self._lost()

    def send(self, number: int, data: bytes) -> None:
        self._number = number
        if self._transport is None:
            self._lost()
            return
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        told = self._reader.feed(data)
        if told is not None:
            self._answered(self, self._number, int(told.first_line[9:12]) == _OK)


class _Generator:
    """Sends all deliveries of a load and notes when each was acknowledged."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = [
            request(
                load.kind,
                number,
                user=user_id(load.first_user + number % load.users),
                text=load.text,
                age=load.age,
            )
            for number in range(load.deliveries)
        ]
        self._sent_at = [0.0] * load.deliveries
        self._answered_at = [0.0] * load.deliveries
        self._left = load.deliveries
        self._not_ok = 0
        self._waiting: deque[int] = deque()
        self._free: list[_Connection] = []
        self._finished = asyncio.Event()

    async def run(self) -> Outcome:
        loop = asyncio.get_running_loop()
        for _ in range(self._load.connections):
            _, connection = await loop.create_connection(
                lambda: _Connection(self._answered, self._connection_lost),
                "127.0.0.1",
                self._load.port,
            )
            self._free.append(connection)
        started_at = time.monotonic()
        if self._load.a_second is None:
            for number in range(self._load.deliveries):
                self._send(number, due_at=started_at)
        else:
            await self._send_steadily(started_at, self._load.a_second)
        await asyncio.wait_for(self._finished.wait(), _MOST_TIME.total_seconds())
        return Outcome(
            started_at=started_at,
            finished_at=max(self._answered_at),
            latencies=[
                answered - sent
                for sent, answered in zip(self._sent_at, self._answered_at, strict=True)
            ],
            not_ok=self._not_ok,
        )

    async def _send_steadily(self, started_at: float, a_second: float) -> None:
        for number in range(self._load.deliveries):
            due_at = started_at + number / a_second
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            self._send(number, due_at=due_at)

    def _send(self, number: int, *, due_at: float) -> None:
        self._sent_at[number] = due_at
        if self._free:
            self._free.pop().send(number, self._requests[number])
        else:
            self._waiting.append(number)

    def _answered(self, connection: _Connection, number: int, was_ok: bool) -> None:
        now = self._answered_at[number] = time.monotonic()
        self._not_ok += not was_ok
        self._left -= 1
        if self._waiting:
            following = self._waiting.popleft()
            if self._load.a_second is None:
                self._sent_at[following] = now
            connection.send(following, self._requests[following])
        else:
            self._free.append(connection)
        if self._left == 0:
            self._finished.set()

    def _connection_lost(self) -> None:
        """The server closed a connection that it should have kept: the run is invalid."""
        if self._left:
            self._not_ok += self._left
            self._finished.set()


async def _generate(load: Load) -> Outcome:
    return await _Generator(load).run()


def main() -> None:
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    uvloop.install()
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_generate(load))))


if __name__ == "__main__":
    main()
