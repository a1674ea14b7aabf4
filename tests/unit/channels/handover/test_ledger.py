"""A step of a session's that a stop cuts while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.core.errors import StoreUnavailable
from channels.handover import ledger as ledgers
from channels.handover.ledger import Ledger
from channels.instruments.suspects import Suspects
from tests.contract.store.store_samples import new_session
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore


async def refuses(*_: Any, **__: Any) -> bool:
    raise StoreUnavailable("No store")


async def hangs(*_: Any, **__: Any) -> bool:
    return await asyncio.Event().wait()


@pytest.mark.parametrize("saving", [refuses, hangs])
async def test_a_stop_cuts_a_step_though_the_store_is_away(
    saving: Callable[..., Awaitable[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise whoever was cut would go on with the thread's next job."""
    monkeypatch.setattr(ledgers, "LONGEST_GIVING_UP", timedelta(milliseconds=1))
    clock = ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))
    store, session, is_begun = MemoryStore(worker="one"), new_session("session"), asyncio.Event()
    await store.add_session(session)
    monkeypatch.setattr(store, "save_session", saving)
    ledger = Ledger(store=store, clock=clock, suspects=Suspects(clock))

    async def work() -> None:
        async with ledger.step(session):
            is_begun.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await is_begun.wait()
    working.cancel()
    await asyncio.wait([working])
    assert working.cancelled()
