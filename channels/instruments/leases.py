"""Whether the work under way is still this worker's.

A worker that stands still for longer than its claims last finds, when it goes on, that others have
done its work. So it checks before each effect: a send, a pass, a take, a turn, a save.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, copy_context
from typing import Any

from ..core.errors import ClaimLost
from ..store.protocol import Held, Store
from .clock import Clock


class _Lease:
    """Work under way on something that is claimed; `outer` is the work of which it is a part."""

    def __init__(self, store: Store, held: Held, clock: Clock) -> None:
        self._store = store
        self._held = held
        self._clock = clock
        self.outer = _under_way.get()
        self.is_over = False  # tasks that were begun meanwhile may go on after it

    def __enter__(self) -> None:
        self._token = _under_way.set(self)

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        _under_way.reset(self._token)

    def is_surely_ours(self) -> bool:
        return self.is_over or self._store.surely_holds(self._held, self._clock.now())

    async def is_ours(self) -> bool:
        return self.is_surely_ours() or await self._store.holds(self._held, self._clock.now())


_ALONE = nullcontext()
_under_way: ContextVar[_Lease | None] = ContextVar("under_way", default=None)


def working_on(held: Held, *, store: Store, clock: Clock) -> AbstractContextManager[None]:
    """Within the block, work is under way on what was claimed; `clock` dates the claim."""
    return _ALONE if store.is_alone else _Lease(store, held, clock)


def task_apart(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that is not part of the work under way, and may outlast it."""
    create = asyncio.get_running_loop().create_task
    if _under_way.get() is None:
        return create(work)
    context = copy_context()
    context.run(_under_way.set, None)
    return context.run(create, work)


async def still_ours() -> None:
    """Return if everything that is under way is still this worker's; call it before each effect.

    If the store's answer comes too late to rely on, it is asked again. Raises ClaimLost if another
    worker has taken over, and StoreError if the store can't be asked.
    """
    while not _are_surely_ours():
        for lease in _all_under_way():
            if not await lease.is_ours():
                raise ClaimLost("Another worker has taken over what this one was doing.")


def surely_ours() -> None:
    """The same, without asking the store: raises ClaimLost if a claim may have expired."""
    if not _are_surely_ours():
        raise ClaimLost(
            "This worker stood still, and another one may have taken over what it was doing."
        )


def _are_surely_ours() -> bool:
    lease = _under_way.get()
    while lease is not None:
        if not lease.is_surely_ours():
            return False
        lease = lease.outer
    return True


def _all_under_way() -> Iterator[_Lease]:
    lease = _under_way.get()
    while lease is not None:
        yield lease
        lease = lease.outer
