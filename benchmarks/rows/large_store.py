"""A store with 1,000,000 open sessions against one with 1,000: each cost should be the same.

The row measures opening the store at the start, one event of a random user (it is recorded, its
session is looked up, and it is done), and claiming the 25 sessions that are due. The two stores
take turns, operation by operation, and the medians count.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

from channels.core.events import Array, UserMessage
from channels.store.sql import SqlStore

from ..figures.profiles import profiled, top_functions
from ..figures.results import Bound, Goal, Line, Measured, Quantity, Row, Size, figure
from ..material.databases import Kind, databases
from ..material.scratch import scratch
from ..material.stored_sessions import active_sessions, fill, thread_of

_SMALL = 1_000
_DUE_AT_ONCE = 25
_CLAIMS = _SMALL // _DUE_AT_ONCE
_APART = timedelta(milliseconds=1)  # from the end of one session to that of the next
_GOAL = Goal(Bound.AT_MOST, 1.2, Measured.RATIO)


@dataclass(kw_only=True, slots=True)
class _Filled:
    """A store with this many active sessions, the first of which is due at `first_end`."""

    store: SqlStore
    sessions: int
    first_end: datetime
    users: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    numbers: count[int] = field(default_factory=count)
    claimed: int = 0


_Operation = Callable[[_Filled], Awaitable[float]]  # returns how many seconds it took


async def measure(size: Size) -> Row:
    large = size.of(full=1_000_000, quick=5_000)
    lines: list[Line] = []
    notes: list[str] = []
    with scratch() as directory, databases(directory) as made:
        for kind in Kind:
            stores = [_filled(made.new(kind), sessions) for sessions in (_SMALL, large)]
            what = f"{large:,} open sessions in {kind.value}"
            starts, events = size.of(full=15, quick=3), size.of(full=500, quick=50)
            async with _opened(stores):
                opening = f"{what}: start-up (the store is opened)"
                lines.append(await _line(opening, _start, stores, starts, directory))
                lines.append(await _line(f"{what}: one event", _event, stores, events, directory))
                claiming = f"{what}: claiming {_DUE_AT_ONCE} due sessions"
                lines.append(await _line(claiming, _claim, stores, _CLAIMS, directory))
                notes.append(await _counting(kind, stores))
    return Row(lines=tuple(lines), notes=tuple(notes))


@asynccontextmanager
async def _opened(stores: Sequence[_Filled]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for filled in stores:
            await _open(filled)
            stack.push_async_callback(filled.store.close)
        yield


async def _open(filled: _Filled) -> None:
    """Open the store, and reclaim what it gave back when it was closed."""
    await filled.store.open()
    await filled.store.claim_due(_due_by(filled), limit=filled.claimed)


def _due_by(filled: _Filled) -> datetime:
    """When all sessions that have been claimed are due, and no more."""
    return filled.first_end + (filled.claimed - 1) * _APART


def _filled(url: str, sessions: int) -> _Filled:
    first_end = datetime.now(timezone.utc) + timedelta(hours=1)
    fill(url, active_sessions(sessions, first_end=first_end, apart=_APART))
    store = SqlStore(url, worker=f"worker-{sessions}")
    return _Filled(store=store, sessions=sessions, first_end=first_end)


async def _line(
    what: str, operation: _Operation, stores: Sequence[_Filled], times: int, directory: Path
) -> Line:
    small, large = await _medians(operation, stores, times)
    line = Line(
        what=what,
        baseline=Quantity(small * 1_000, "ms"),
        baseline_is=f"{_SMALL:,} open sessions",
        ours=Quantity(large * 1_000, "ms"),
        goal=_GOAL,
    )
    if line.is_missed:
        line = replace(line, where=await _profile(operation, stores[-1], times, directory))
    return line


async def _profile(
    operation: _Operation, filled: _Filled, times: int, directory: Path
) -> tuple[str, ...]:
    """Open it again, because only a thread that starts meanwhile is profiled."""
    file = directory / "profile"
    await filled.store.close()
    with profiled(file):
        await _open(filled)
        await _medians(operation, [filled], times)
        await filled.store.close()
    await _open(filled)
    return top_functions(file)


async def _medians(operation: _Operation, stores: Sequence[_Filled], times: int) -> list[float]:
    """Seconds that the operation takes in each of the stores, which take turns."""
    samples: list[list[float]] = [[] for _ in stores]
    for _ in range(times):
        for filled, taken in zip(stores, samples, strict=True):
            taken.append(await operation(filled))
    return [statistics.median(taken) for taken in samples]


async def _start(filled: _Filled) -> float:
    await filled.store.close()
    started = time.perf_counter()
    await filled.store.open()
    return time.perf_counter() - started


async def _event(filled: _Filled) -> float:
    event = _message(filled)
    started = time.perf_counter()
    (entry,) = await filled.store.record([event], event.received_at)
    await filled.store.open_session(event.thread)
    await filled.store.done(entry.position, event.received_at)
    return time.perf_counter() - started


async def _claim(filled: _Filled) -> float:
    filled.claimed += _DUE_AT_ONCE
    started = time.perf_counter()
    due = await filled.store.claim_due(_due_by(filled), limit=_DUE_AT_ONCE * 2)
    taken = time.perf_counter() - started
    if len(due) != _DUE_AT_ONCE:
        raise AssertionError(f"{len(due)} sessions were due instead of {_DUE_AT_ONCE}.")
    return taken


def _message(filled: _Filled) -> UserMessage:
    now, mid = datetime.now(timezone.utc), f"m_{next(filled.numbers)}"
    return UserMessage(
        key=f"standby/{mid}",
        thread=thread_of(filled.users.randrange(filled.sessions)),
        array=Array.STANDBY,
        at=now,
        received_at=now,
        mid=mid,
        text="hello",
    )


async def _counting(kind: Kind, stores: Sequence[_Filled]) -> str:
    """The only thing that looks at all open sessions: counting them, once a minute."""
    small, large = await _medians(_count, stores, 5)
    return (
        f"counting the open sessions in {kind.value}, which the engine does once a minute: "
        f"{figure(small * 1_000)} ms for {stores[0].sessions:,}, {figure(large * 1_000)} ms "
        f"for {stores[-1].sessions:,}"
    )


async def _count(filled: _Filled) -> float:
    started = time.perf_counter()
    await filled.store.count_open()
    return time.perf_counter() - started
