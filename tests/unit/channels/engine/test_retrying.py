"""An event is handled once, whatever becomes of what is noted about it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from channels.core.errors import StoreUnavailable
from channels.core.events import Event
from channels.core.records.dead import DeadId
from channels.engine.retrying import Retrying
from channels.instruments.metrics import Metrics
from channels.instruments.suspects import Suspects
from tests.contract.store.store_samples import NOW, message
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore


class HastyClock(ManualClock):
    """Whoever sleeps is woken at once, and finds that the time has passed."""

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(0)
        self.advance(duration)


async def nobody(_: Event) -> None:
    pytest.fail("nothing has died")


async def test_what_a_worker_has_died_with_is_not_handled_again_for_want_of_a_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, clock, handled = MemoryStore(worker="second"), HastyClock(NOW), []
    await store.open()
    [entry] = await store.record([message("hello")], NOW)
    attempt, outages = store.attempt, [StoreUnavailable("The store is away")]

    async def uncounted_once(id_: DeadId, times: int) -> int:
        if times < 0 and outages:
            raise outages.pop()
        return await attempt(id_, times)

    async def handle(event: Event, *, repeated: bool) -> None:
        del repeated
        handled.append(event)

    monkeypatch.setattr(store, "attempt", uncounted_once)
    retrying: Any = Retrying(
        store=store,
        clock=clock,
        shared_clock=clock,
        metrics=Metrics(),
        handle=handle,
        dies=nobody,
        suspects=Suspects(clock),
    )
    await retrying.handle(msgspec.structs.replace(entry, was_lost=True, is_repeated=True))

    assert handled == [entry.event]
    assert not outages
    assert await store.claim_inbox(NOW + timedelta(hours=1), limit=9) == []
