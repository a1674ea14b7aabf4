"""The writer thread: many callers, one transaction, and nobody pays for another's mistake."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from channels.core.errors import StoreUnavailable
from channels.store.database import writer as writers
from channels.store.database.writer import (
    ANSWERED_AT_ONCE,
    LARGEST_BATCH,
    MOST_KINDS,
    Writer,
)


class Gate:
    """An operation that holds the writer up until it is opened, so that others have to wait."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._opened = threading.Event()

    def __call__(self, _: Connection) -> None:
        self._entered.set()
        assert self._opened.wait(10)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, 10)

    def open(self) -> None:
        self._opened.set()


class Bell(SimpleQueue[None]):
    """Counts how often it wakes the writer's thread, once that sleeps for the first time."""

    def __init__(self) -> None:
        self.rung = 0
        self.thread_sleeps = threading.Event()

    def put(self, *_: object) -> None:
        self.rung += 1
        super().put(None)

    def get(self, *_: object) -> None:
        self.thread_sleeps.set()
        super().get()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}", future=True)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE words (word TEXT PRIMARY KEY)")
        connection.exec_driver_sql(
            "CREATE TABLE uses (word REFERENCES words DEFERRABLE INITIALLY DEFERRED)"
        )
    engine.dispose()
    return engine


@pytest.fixture
def commits(engine: Engine) -> list[Connection]:
    committed: list[Connection] = []
    event.listen(engine, "commit", committed.append)
    return committed


@pytest.fixture
async def writer(engine: Engine) -> AsyncIterator[Writer]:
    writer = Writer(engine, explain=explain)
    yield writer
    await writer.close()


def explain(error: SQLAlchemyError) -> StoreUnavailable:
    return StoreUnavailable(f"explained: {type(error).__name__}")


def add(connection: Connection, word: str) -> str:
    connection.exec_driver_sql("INSERT INTO words VALUES (?)", (word,))
    return word


def use(connection: Connection, word: str) -> None:
    connection.exec_driver_sql("INSERT INTO uses VALUES (?)", (word,))


def shout(_: Connection, arguments: list[str]) -> list[str]:
    return [argument.upper() for argument in arguments]


def words(connection: Connection) -> list[str]:
    return [word for (word,) in connection.exec_driver_sql("SELECT word FROM words ORDER BY word")]


async def all_at_once(writer: Writer, *calls: Callable[[], asyncio.Future[Any]]) -> list[Any]:
    """The answers (or errors) of calls that all wait while the writer is busy."""
    gate = Gate()
    busy = writer.run(gate)
    await gate.entered()
    waiting = [call() for call in calls]
    gate.open()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    await busy
    return answers


async def test_an_operation_gives_its_result(writer: Writer) -> None:
    assert await writer.run(partial(add, word="one")) == "one"
    assert await writer.run(words) == ["one"]


async def test_operations_that_wait_share_one_transaction(
    writer: Writer, commits: list[Connection]
) -> None:
    answers = await all_at_once(
        writer, *[partial(writer.run, partial(add, word=word)) for word in "abcde"]
    )

    assert answers == ["a", "b", "c", "d", "e"]
    assert len(commits) == 2  # that of the gate, and theirs


async def test_a_transaction_takes_a_bounded_number_of_operations(
    writer: Writer, commits: list[Connection]
) -> None:
    calls = [
        partial(writer.run, partial(add, word=f"word {number}")) for number in range(MOST_KINDS + 1)
    ]

    await all_at_once(writer, *calls)

    assert len(commits) == 3


async def test_a_transaction_takes_a_bounded_number_of_arguments(
    writer: Writer, commits: list[Connection]
) -> None:
    await all_at_once(
        writer, *[partial(writer.run_together, shout, "a") for _ in range(LARGEST_BATCH + 1)]
    )

    assert len(commits) == 3


async def test_what_is_urgent_waits_for_no_more_than_the_transaction_under_way(
    writer: Writer,
) -> None:
    begun: list[str] = []

    def note(_: Connection, arguments: list[str]) -> list[None]:
        begun.extend(arguments)
        return [None] * len(arguments)

    others = [
        partial(writer.run, lambda connection: note(connection, ["other"])) for _ in range(100)
    ]
    await all_at_once(writer, *others, partial(writer.run_together, note, "urgent", urgent=True))

    assert begun[0] == "urgent"
    assert len(begun) == 101


async def test_others_have_their_turn_while_the_answers_of_a_transaction_are_given(
    writer: Writer,
) -> None:
    gate = Gate()
    busy = writer.run(gate)
    await gate.entered()
    waiting = [writer.run_together(shout, "a") for _ in range(LARGEST_BATCH)]
    gate.open()
    await busy
    answered, left = [0], len(waiting)
    while left:
        await asyncio.sleep(0)
        left = sum(not call.done() for call in waiting)
        answered.append(len(waiting) - left)

    steps = [after - before for before, after in pairwise(answered)]
    assert max(steps) <= 2 * ANSWERED_AT_ONCE


async def test_what_is_not_urgent_is_done_however_much_else_is(writer: Writer) -> None:
    def note(_: Connection, arguments: list[str]) -> list[str]:
        return arguments

    urgent = [
        partial(writer.run_together, note, "urgent", urgent=True) for _ in range(LARGEST_BATCH * 2)
    ]
    answers = await all_at_once(writer, *urgent, partial(writer.run_together, note, "other"))
    assert answers[-1] == "other"


async def test_all_that_come_until_the_thread_is_up_wake_it_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bell = Bell()
    monkeypatch.setattr(writers, "SimpleQueue", lambda: bell)
    writer = Writer(engine, explain=explain)
    assert await asyncio.to_thread(bell.thread_sleeps.wait, 10)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10)  # seconds: nobody else goes on before this one waits
    try:
        calls = [writer.run_together(shout, word) for word in "abc"]
        rung = bell.rung
    finally:
        sys.setswitchinterval(interval)

    assert await asyncio.gather(*calls) == ["A", "B", "C"]
    assert rung == 1
    await writer.close()


async def test_an_operation_takes_the_arguments_of_all_that_wait_for_it(writer: Writer) -> None:
    calls: list[list[str]] = []

    def shout(_: Connection, arguments: list[str]) -> list[str]:
        calls.append(arguments)
        return [argument.upper() for argument in arguments]

    answers = await all_at_once(
        writer, *[partial(writer.run_together, shout, word) for word in "abc"]
    )

    assert answers == ["A", "B", "C"]
    assert calls == [["a", "b", "c"]]


async def test_only_the_operation_at_fault_fails(writer: Writer) -> None:
    calls = [partial(writer.run, partial(add, word=word)) for word in ("a", "b", "a", "c")]

    first, second, again, third = await all_at_once(writer, *calls)

    assert (first, second, third) == ("a", "b", "c")
    assert str(again) == "explained: IntegrityError"
    assert await writer.run(words) == ["a", "b", "c"]


async def test_an_operation_that_takes_many_arguments_fails_for_one_alone(writer: Writer) -> None:
    def add_all(connection: Connection, arguments: list[str]) -> list[str]:
        return [add(connection, word) for word in arguments]

    calls = [partial(writer.run_together, add_all, word) for word in ("a", "a", "b")]

    first, again, second = await all_at_once(writer, *calls)

    assert (first, second) == ("a", "b")
    assert isinstance(again, StoreUnavailable)


async def test_what_was_no_fault_of_the_database_is_raised_as_it_is(writer: Writer) -> None:
    mistake = ZeroDivisionError()

    def fail(_: Connection) -> None:
        raise mistake

    answers = await all_at_once(
        writer, partial(writer.run, fail), partial(writer.run, partial(add, word="a"))
    )

    assert answers == [mistake, "a"]


async def test_nobody_is_told_of_success_if_the_commit_fails(writer: Writer) -> None:
    unknown_word = partial(writer.run, partial(use, word="never added"))

    answers = await all_at_once(writer, unknown_word, partial(writer.run, partial(add, word="a")))

    assert [str(answer) for answer in answers] == ["explained: IntegrityError"] * 2
    assert await writer.run(words) == []


async def test_each_caller_gets_an_error_of_its_own(writer: Writer) -> None:
    calls = [partial(writer.run, partial(use, word="never added")) for _ in range(2)]

    one, other = await all_at_once(writer, *calls)

    assert one is not other


async def test_the_event_loop_goes_on_while_the_database_is_slow(writer: Writer) -> None:
    gate = Gate()
    slow = writer.run(gate)
    await gate.entered()

    await asyncio.sleep(0.01)

    assert not slow.done()
    gate.open()
    await slow


async def test_a_caller_that_is_cancelled_harms_nobody(writer: Writer) -> None:
    gate = Gate()
    busy = writer.run(gate)
    await gate.entered()
    cancelled, other = [writer.run(partial(add, word=word)) for word in ("cancelled", "other")]
    cancelled.cancel()
    gate.open()

    assert await other == "other"
    assert cancelled.cancelled()
    assert await writer.run(words) == ["cancelled", "other"]
    await busy


async def test_closing_finishes_what_was_submitted(engine: Engine) -> None:
    writer = Writer(engine, explain=explain)
    gate = Gate()
    busy = writer.run(gate)
    await gate.entered()
    adding = writer.run(partial(add, word="a"))
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    gate.open()

    await closing
    await busy
    assert await adding == "a"


async def test_after_closing_nothing_is_accepted(engine: Engine) -> None:
    writer = Writer(engine, explain=explain)
    await writer.close()
    await writer.close()

    with pytest.raises(StoreUnavailable, match="has been closed"):
        await writer.run(words)


async def test_a_database_that_cannot_be_reached_fails_all_that_wait(tmp_path: Path) -> None:
    nowhere = create_engine(f"sqlite:///{tmp_path}/missing/test.db", future=True)
    writer = Writer(nowhere, explain=explain)

    answers = await asyncio.gather(writer.run(words), writer.run(words), return_exceptions=True)

    assert [str(answer) for answer in answers] == ["explained: OperationalError"] * 2
    await writer.close()


async def test_of_a_batch_that_failed_only_so_much_is_tried_one_by_one(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.store.database.writer.LONGEST_BATCH", timedelta(milliseconds=50))
    gate = Gate()
    holding = writer.run(gate)
    await gate.entered()

    def waits_for_a_lock(_: Connection) -> None:
        time.sleep(0.06)
        raise ValueError("It never got the lock")

    waiting = [writer.run(waits_for_a_lock) for _ in range(MOST_KINDS)]
    asked = asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.sleep(0)
    gate.open()
    answers = await asyncio.wait_for(asked, 2)
    await holding

    kinds = [type(answer) for answer in answers]
    assert kinds == [ValueError] * kinds.count(ValueError) + [StoreUnavailable] * (
        MOST_KINDS - kinds.count(ValueError)
    )
    assert 1 <= kinds.count(ValueError) <= 2
    assert await writer.run(lambda _: 42) == 42


async def test_closing_does_not_wait_for_ever(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("channels.store.database.writer.CLOSE_LIMIT", timedelta(milliseconds=50))
    writer = Writer(engine, explain=lambda error: StoreUnavailable(str(error)))
    gate = Gate()
    held = writer.run(gate)
    await gate.entered()
    await asyncio.wait_for(writer.close(), 5)
    assert "before its last answers have come" in caplog.text
    gate.open()
    await held
