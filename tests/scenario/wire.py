"""What one worker process reaches the outside world through, so that it can be killed."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar, cast

from channels.instruments.clock import Clock

T = TypeVar("T")

_BESIDE_THE_WORK = {"prune"}  # nothing waits for it


class Wire:
    """The calls of one process to what outlives it: store, Graph, tracker store.

    Call number `breaks_at`, counted from 0, or the one of that name that comes after `earlier`
    others of it, is cut: before it is carried out or, with `after`, when its answer is awaited.
    The process dies of that, so that none of its calls ever returns; or, if it `survives`, that
    one call raises. Or it `stands_still` there, as SIGSTOP has it, until it may `go_on`; `was_cut`
    tells whether it came to that. `chance` lets calls take unequal times, so that those of two
    processes overlap in other ways.
    """

    def __init__(
        self,
        *,
        breaks_at: int | str | None = None,
        earlier: int = 0,
        after: bool = False,
        survives: bool = False,
        stands_still: bool = False,
        chance: Random | None = None,
    ) -> None:
        self.calls: list[str] = []
        self.watch: Callable[[int], object] = lambda _: (
            None
        )  # gets each call's number, before and after
        self.died = asyncio.Event()
        self.halted = asyncio.Event()  # it is dead, or has once stood still
        self.was_cut = False
        self._breaks_at = breaks_at
        self._earlier = earlier
        self._after = after
        self._survives = survives
        self._may_stand_still = stands_still
        self._goes_on: asyncio.Event | None = None
        self._chance = chance
        self._calls_of: Counter[str] = Counter()  # by name
        self._under_way: list[str] = []
        self._returned = asyncio.Event()
        self._never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def under_way(self) -> Sequence[str]:
        """The calls that are being carried out."""
        return self._under_way

    @property
    def is_busy(self) -> bool:
        return bool(self._under_way)

    @property
    def is_still(self) -> bool:
        return self._goes_on is not None and not self._goes_on.is_set()

    def go_on(self) -> None:
        if self._goes_on is not None:
            self._goes_on.set()

    def die(self) -> None:
        self.died.set()
        self.halted.set()

    async def returned(self) -> None:
        """Return once a call that is under way has been carried out."""
        self._returned.clear()
        await self._returned.wait()

    def wrap(self, target: T, *, failure: Exception) -> T:
        """The target, as the process sees it; `failure` is what a cut call raises."""
        return cast(T, _Wired(target, self, failure))

    async def carry(self, name: str, call: Callable[[], Awaitable[Any]], failure: Exception) -> Any:
        number, is_it = len(self.calls), self._calls_of[name] == self._earlier
        is_cut = self._breaks_at == number or (self._breaks_at == name and is_it)
        self.watch(number)
        self.calls.append(name)
        self._calls_of[name] += 1
        if is_cut and not self._after:
            await self._break(failure)
        await self.stay_if_dead()
        try:
            return await (call() if name in _BESIDE_THE_WORK else self._carry_out(name, call))
        finally:
            self.watch(number)
            if is_cut and self._after:
                await self._break(failure)
            await self.stay_if_dead()

    async def _break(self, failure: Exception) -> None:
        self.was_cut = True
        if self._survives:
            raise failure
        if self._may_stand_still:
            self._goes_on = asyncio.Event()
            self.halted.set()
            return
        self.die()
        await self.stay_if_dead()

    async def _carry_out(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        self._under_way.append(name)
        try:
            for _ in range(self._chance.randrange(1, 5) if self._chance else 1):
                await asyncio.sleep(0)  # as any real call, it lets others go first
            return await call()
        finally:
            self._under_way.remove(name)
            self._returned.set()

    async def stay_if_dead(self) -> None:
        """Return, unless the process is dead; once it goes on, where it stands still."""
        if self._goes_on is not None:
            await self._goes_on.wait()
        if self.died.is_set():
            await self._never


class WiredClock(Clock):
    """The clock of one worker, which may be ahead of the world's; it does not wake the dead."""

    def __init__(self, clock: Clock, wire: Wire, ahead: timedelta = timedelta()) -> None:
        self._clock = clock
        self._wire = wire
        self._ahead = ahead

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def wall(self) -> datetime:
        return self._clock.wall() + self._ahead

    async def sleep(self, duration: timedelta) -> None:
        await self._clock.sleep(duration)
        await self._wire.stay_if_dead()


class _Wired:
    def __init__(self, target: object, wire: Wire, failure: Exception) -> None:
        self._target = target
        self._wire = wire
        self._failure = failure

    def __getattr__(self, name: str) -> Any:
        if not inspect.iscoroutinefunction(getattr(self._target, name)):
            return getattr(self._target, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._wire.carry(
                name, lambda: getattr(self._target, name)(*args, **kwargs), self._failure
            )

        vars(self)[name] = call  # and Python does not ask again
        return call
