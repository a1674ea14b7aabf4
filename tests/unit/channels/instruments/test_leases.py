"""A worker that stands still while it looks whether its work is still its own."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from channels.core.errors import ClaimLost
from channels.core.events import Array, Thread, UserMessage
from channels.instruments.leases import still_ours, working_on
from channels.store.protocol import CLAIM_LEASE, Held
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore

NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
HELLO = UserMessage(
    key="event 1",
    thread=Thread(page="111000111000111", user="2001"),
    array=Array.MESSAGING,
    at=NOW,
    received_at=NOW,
    mid="m_1",
    text="hello",
)


class StoreOfASleeper(MemoryStore):
    """A worker's store, whose answer the worker reads only after another one has taken over."""

    clock: ManualClock
    asked = 0

    async def holds(self, held: Held, now: datetime) -> bool:
        is_ours = await super().holds(held, now)
        self.asked += 1
        if self.asked == 1:
            self.clock.advance(CLAIM_LEASE)
            other = MemoryStore(worker="other", shared=self)
            assert await other.claim_inbox(self.clock.now(), limit=1)
        return is_ours


async def test_an_answer_that_it_reads_too_late_counts_for_nothing() -> None:
    store = StoreOfASleeper(worker="sleeper")
    store.clock = clock = ManualClock(NOW)
    [entry] = await store.record([HELLO], NOW)
    clock.advance(CLAIM_LEASE)

    with working_on(entry, store=store, clock=clock), pytest.raises(ClaimLost):
        await still_ours()
    assert store.asked == 2
