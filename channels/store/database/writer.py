"""Group commit: one thread runs the database operations of many callers in one transaction."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import StoreUnavailable

logger = logging.getLogger(__name__)

LARGEST_BATCH = 200  # operations in one transaction, and as many urgent ones
MOST_KINDS = 20  # different operations in one transaction: urgent ones have to wait for no more
# Callers that get their answers in one step of the event loop: then others have their turn.
ANSWERED_AT_ONCE = 32
# For a failed batch's operations, one by one: each may wait for a lock in vain.
LONGEST_BATCH = timedelta(seconds=3)
CLOSE_LIMIT = timedelta(seconds=5)

P = ParamSpec("P")
A = TypeVar("A")
T = TypeVar("T")


class _Waiting(msgspec.Struct, kw_only=True, eq=False):
    """One caller's operation: `run` takes the arguments of all that wait for the same `run`."""

    run: Callable[[Connection, list[Any]], Sequence[Any]]
    argument: Any
    answer: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class _Queue:
    """What waits for the writer's thread: urgent operations first, however much else there is.

    It has no lock for which the event loop would have to wait. Before the thread looks for the last
    time, it notes that it sleeps. The first operation to come after that look finds the note, takes
    it away and rings, so that those that come before the thread is up don't ring, too.
    """

    def __init__(self) -> None:
        self._urgent: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._is_closed = False
        self._sleeps = False
        self._bell: SimpleQueue[None] = SimpleQueue()

    def put(self, waiting: _Waiting, *, urgent: bool) -> None:
        (self._urgent if urgent else self._others).append(waiting)
        if self._sleeps:
            self._ring()

    def close(self) -> None:
        self._is_closed = True
        if self._sleeps:
            self._ring()

    def batch(self) -> list[_Waiting]:
        """Wait for operations, and take those of the next transaction; none once all are taken and
        the queue is closed.
        """
        self._sleeps = True
        while not (self._urgent or self._others or self._is_closed):
            self._bell.get()
            self._sleeps = True
        self._sleeps = False
        batch = [self._urgent.popleft() for _ in range(min(len(self._urgent), LARGEST_BATCH))]
        kinds: set[object] = set()
        for _ in range(min(len(self._others), LARGEST_BATCH)):
            waiting = self._others.popleft()
            batch.append(waiting)
            kinds.add(waiting.run)
            if len(kinds) == MOST_KINDS:
                break
        return batch

    def _ring(self) -> None:
        self._sleeps = False
        self._bell.put(None)


def asking(
    operation: Callable[Concatenate[Connection, P], T],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    """A method, for a class that has a `_writer`, that runs the operation through it."""

    async def ask(self: Any, /, *arguments: P.args, **named: P.kwargs) -> T:
        writer: Writer = self._writer
        return await writer.run(lambda connection: operation(connection, *arguments, **named))

    return ask


def asking_together(
    operation: Callable[[Connection, list[A]], Sequence[T]],
) -> Callable[[Any, A], Coroutine[Any, Any, T]]:
    """The same for an operation that takes many arguments as cheaply as one."""

    async def ask(self: Any, argument: A) -> T:
        writer: Writer = self._writer
        return await writer.run_together(operation, argument)

    return ask


class Writer:
    """The one thread that talks to the database.

    It takes what waits into one transaction, up to a bound, so that many callers share the cost of
    one commit. If an operation raises, the batch is rolled back, and each of its operations runs in
    a transaction of its own: then only the culprit fails, besides any that have not had their turn
    within LONGEST_BATCH. If the connection is lost or the commit fails, the whole batch fails, and
    the next one makes a new connection.

    Operations that wait at the same time may run in any order: await one before asking for another
    that depends on it. Cancelling the caller does not take its operation back.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        explain: Callable[[SQLAlchemyError], StoreUnavailable],
        begin: Callable[[Engine], AbstractContextManager[Connection]] = Engine.begin,
    ) -> None:
        """`explain` turns SQLAlchemy's errors into those that callers get.

        `begin` begins a transaction; leaving it raises if what was committed is not kept.
        """
        self._begin = begin
        self._engine = engine
        self._explain = explain
        self._queue = _Queue()
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._finished = asyncio.Event()
        threading.Thread(target=self._work, name="handover-store", daemon=True).start()

    def run(self, operation: Callable[[Connection], T]) -> asyncio.Future[T]:
        """What `operation` returns, once it has been committed.

        Raises StoreUnavailable if the writer is closed. The future raises what `operation` raises,
        and StoreUnavailable if the database fails.
        """
        return self.run_together(lambda connection, _: [operation(connection)], None)

    def run_together(
        self,
        operation: Callable[[Connection, list[A]], Sequence[T]],
        argument: A,
        *,
        urgent: bool = False,
    ) -> asyncio.Future[T]:
        """The same, for an operation that takes many arguments as cheaply as one.

        It is called with the arguments of all callers that wait for it, and returns a result for
        each. An `urgent` one waits only for the transaction under way.
        """
        if self._closing:
            raise StoreUnavailable("The session store has been closed; open a new one.")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Waiting(run=operation, argument=argument, answer=answer), urgent=urgent)
        return answer

    async def close(self) -> None:
        """Finish what was submitted, then disconnect; wait for that no longer than CLOSE_LIMIT."""
        if not self._closing:
            self._closing = True
            self._queue.close()
        try:
            await asyncio.wait_for(self._finished.wait(), CLOSE_LIMIT.total_seconds())
        except asyncio.TimeoutError:
            logger.warning("The session store is closed before its last answers have come.")

    def _work(self) -> None:
        while batch := self._queue.batch():
            self._carry_out(batch)
            self._tell(partial(self._answer, batch))
        self._engine.dispose()
        self._tell(self._finished.set)

    def _answer(self, batch: list[_Waiting]) -> None:
        _resolve(batch[:ANSWERED_AT_ONCE])
        if len(batch) > ANSWERED_AT_ONCE:
            self._loop.call_soon(self._answer, batch[ANSWERED_AT_ONCE:])

    def _tell(self, news: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(news)

    def _carry_out(self, batch: list[_Waiting]) -> None:
        one_failed = False
        try:
            with self._begin(self._engine) as connection:
                try:
                    _run_all(connection, batch)
                except Exception:
                    one_failed = not connection.invalidated
                    raise
        except Exception as error:
            if one_failed and len(batch) > 1:
                self._carry_out_one_by_one(batch, error)
            else:
                for waiting in batch:
                    waiting.error = self._explained(error)

    def _carry_out_one_by_one(self, batch: list[_Waiting], error: Exception) -> None:
        until = time.monotonic() + LONGEST_BATCH.total_seconds()
        for waiting in batch:
            if time.monotonic() < until:
                self._carry_out([waiting])
            else:
                waiting.error = StoreUnavailable(f"The others in its batch took too long: {error}")

    def _explained(self, error: Exception) -> Exception:
        if not isinstance(error, SQLAlchemyError):
            return error
        explained = self._explain(error)
        explained.__cause__ = error
        return explained


def _run_all(connection: Connection, batch: list[_Waiting]) -> None:
    alike: dict[object, list[_Waiting]] = {}
    for waiting in batch:
        alike.setdefault(waiting.run, []).append(waiting)
    for members in alike.values():
        results = members[0].run(connection, [waiting.argument for waiting in members])
        for waiting, result in zip(members, results, strict=True):
            waiting.result = result


def _resolve(batch: list[_Waiting]) -> None:
    for waiting in batch:
        if waiting.answer.cancelled():
            continue
        if waiting.error is not None:
            waiting.answer.set_exception(waiting.error)
        else:
            waiting.answer.set_result(waiting.result)
