"""What a turn that was cut has sent is known to whoever takes it again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from channels.core.errors import StoreUnavailable
from channels.core.events import Thread
from channels.dialogue.assistant import Turn
from channels.dialogue.cut_turns import CutTurns, Delivered
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore

ADA = Thread(page="111", user="2001")
TURN = Turn(sender_id="2001", channel="facebook", text="menu", message_id="m_1", once=True)
SENT = Delivered(["fingerprint"])


class AwayStore(MemoryStore):
    """Takes nothing down until it is back."""

    is_back = False

    async def keep_sent(
        self, thread: Thread, turn: str, fingerprints: Sequence[str], now: datetime
    ) -> None:
        if not self.is_back:
            raise StoreUnavailable("No store")
        await super().keep_sent(thread, turn, fingerprints, now)


async def test_a_cut_turn_waits_for_the_store_so_that_another_worker_knows_what_was_sent() -> None:
    clock, store = ManualClock(datetime(2026, 10, 1, tzinfo=timezone.utc)), AwayStore(worker="one")
    here, elsewhere = [CutTurns(store=store, clock=clock) for _ in range(2)]
    remembering = asyncio.create_task(here.remember(TURN, ADA, SENT, waits=True))
    await asyncio.sleep(0)
    assert not remembering.done()

    store.is_back = True
    clock.advance(timedelta(seconds=1))
    await remembering
    assert (await elsewhere.delivered(TURN, ADA)).sent == SENT.sent


async def test_who_stops_does_not_wait_for_the_store() -> None:
    clock, store = ManualClock(datetime(2026, 10, 1, tzinfo=timezone.utc)), AwayStore(worker="one")
    await CutTurns(store=store, clock=clock).remember(TURN, ADA, SENT, waits=False)
