"""A process that stands still or dies at any of its calls to what outlives it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar, cast

from channels.instruments.clock import Clock
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.clock import ManualClock
from tests.search.property.bot.calls_under_way import CallsUnderWay

T = TypeVar("T")

NEVER = datetime.fromtimestamp(0, timezone.utc)

# A claim is renewed three times while it lasts: it may lapse so soon after the last time.
LAPSES_WITHIN = CLAIM_LEASE * 2 / 3


@dataclass(kw_only=True)
class Cut:
    """Before or after a call of that name, or of any name, that `earlier` ones precede.

    There the process stands still, as SIGSTOP or a frozen machine has it, or it `dies`. If it does
    not come to that within so many calls (`patience`), any call will do.
    """

    name: str
    earlier: int
    after: bool
    dies: bool
    patience: int = 40


class Process:
    """What one process reaches the world through.

    While it stands still, what it has asked for is done, but it does not hear of that. Once it is
    dead, it never does; when it is buried, whatever waits for that is cancelled.
    """

    def __init__(self, clock: Clock, calls: CallsUnderWay) -> None:
        self._clock = clock
        self._calls = calls
        self._cut: Cut | None = None
        self._moves = asyncio.Event()
        self._moves.set()
        self._was_late: list[tuple[datetime, datetime]] = []  # from and until when it did nothing
        self._stopped_at = self._went_on_at = NEVER
        self._stands_still_since: datetime | None = None
        self.halted = asyncio.Event()  # it stands still or is dead
        self.is_dead = False
        self._is_buried = False

    @property
    def is_well(self) -> bool:
        return not self.halted.is_set()

    def cut_at(self, cut: Cut | None) -> None:
        """Let it come to a halt there; it replaces what was to come."""
        self._cut = cut

    def go_on(self) -> None:
        if self._stands_still_since is not None:
            self.was_late_since(self._stands_still_since)
            self._stopped_at, self._went_on_at = self._stands_still_since, self._clock.now()
            self._stands_still_since = None
            self.halted.clear()
            self._moves.set()

    def die(self) -> None:
        self.is_dead = True
        self.halted.set()
        self._moves.clear()

    def bury(self) -> None:
        self._is_buried = True
        self._moves.set()

    def was_late_since(self, moment: datetime) -> None:
        """It has done nothing since then."""
        self._was_late.append((moment, self._clock.now()))

    def may_have_lost_claims(self, *, since: datetime) -> bool:
        """Whether it is dead, or has stood still for so long that others may have its work."""
        late = [*self._was_late]
        if self._stands_still_since is not None:
            late.append((self._stands_still_since, self._clock.now()))
        return self.is_dead or any(
            until > since and until - began >= LAPSES_WITHIN for began, until in late
        )

    @property
    def has_just_gone_on(self) -> bool:
        """Whether it may still be at what it was at when it stopped."""
        return self._went_on_at == self._clock.now()

    def moments(self) -> list[datetime]:
        """Now, and the moment when it had stopped, if it has just gone on."""
        now = self._clock.now()
        return [now, self._stopped_at] if self.has_just_gone_on else [now]

    def of(self, target: T) -> T:
        """The target, as the process sees it."""
        return cast(T, _Reached(target, self))

    async def carry(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Make a call."""
        cut = self._cut_at(name)
        if cut is not None and not cut.after:
            self._halt(cut)
        await self.stay()
        try:
            return await call()
        finally:
            if cut is not None and cut.after:
                self._halt(cut)
            await self.stay()

    async def stay(self) -> None:
        """Return at once, unless the process stands still."""
        if not self._moves.is_set():
            with self._calls.none_here():
                await self._moves.wait()
        if self._is_buried:
            raise asyncio.CancelledError

    def _cut_at(self, name: str) -> Cut | None:
        cut = self._cut
        if cut is None:
            return None
        cut.patience -= 1
        cut.earlier -= cut.name in ("", name)
        if cut.earlier >= 0 and cut.patience > 0:
            return None
        self._cut = None
        return cut

    def _halt(self, cut: Cut) -> None:
        if cut.dies:
            self.die()
        elif self.is_well:
            self._stands_still_since = self._clock.now()
            self._moves.clear()
            self.halted.set()


class ProcessClock(Clock):
    """The clock of a process on a machine whose own clock somebody sets while it runs.

    It shows what the machine showed when the process began, and what has passed since. `ahead` is
    how far the machine's clock is ahead of Meta's now.
    """

    def __init__(self, clock: ManualClock, process: Process, ahead: timedelta) -> None:
        self._clock = clock
        self._process = process
        self._began_ahead = self.ahead = ahead

    def now(self) -> datetime:
        return self._clock.now() + self._began_ahead

    def wall(self) -> datetime:
        return self._clock.now() + self.ahead

    async def sleep(self, duration: timedelta) -> None:
        await self._clock.sleep(duration)
        await self._process.stay()


class _Reached:
    def __init__(self, target: object, process: Process) -> None:
        self._target = target
        self._process = process

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._process.carry(name, lambda: method(*args, **kwargs))

        return call
