"""Knowing when a program has come to rest: which of its calls to the outside are under way."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from channels.instruments.clock import Clock

T = TypeVar("T")

_depth: ContextVar[int] = ContextVar("counted_calls_around_this", default=0)


class CallsUnderWay:
    """Counts the calls that end by themselves; one that sleeps on the clock does not."""

    def __init__(self) -> None:
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    @contextmanager
    def one_more(self, by: int = 1) -> Iterator[None]:
        self._count += by
        try:
            yield
        finally:
            self._count -= by

    @contextmanager
    def none_here(self) -> Iterator[None]:
        """While what is under way here waits for what does not come by itself."""
        with self.one_more(by=-_depth.get()):
            yield

    def of(self, target: T) -> T:
        """The target, with each call of its coroutine methods counted."""
        return cast(T, _Counted(target, self))

    def but_sleeping_on(self, clock: Clock) -> Clock:
        """A clock for what makes these calls."""
        return _SleepersDoNotCount(clock, self)


class _Counted:
    def __init__(self, target: object, calls: CallsUnderWay) -> None:
        self._target = target
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            token = _depth.set(_depth.get() + 1)
            try:
                with self._calls.one_more():
                    await asyncio.sleep(0)  # as any real call, it lets others go first
                    return await method(*args, **kwargs)
            finally:
                _depth.reset(token)

        return call


class _SleepersDoNotCount(Clock):
    def __init__(self, clock: Clock, calls: CallsUnderWay) -> None:
        self._clock = clock
        self._calls = calls

    def now(self) -> datetime:
        return self._clock.now()

    def wall(self) -> datetime:
        return self._clock.wall()

    async def sleep(self, duration: timedelta) -> None:
        with self._calls.one_more(by=-1):
            await self._clock.sleep(duration)
