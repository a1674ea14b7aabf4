"""An event is handled once, whatever becomes of what is noted about it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from channels.core.errors import GraphThrottled, StoreUnavailable, TurnTimedOut
from channels.core.events import Array, Event, SignOfLife, TakenBack, message_key
from channels.core.records.dead import DeadId
from channels.core.records.inbox import InboxEntry
from channels.engine.retrying import Retrying
from channels.instruments.metrics import Metrics
from channels.instruments.suspects import Suspects
from channels.store.protocol import CLAIM_LEASE
from tests.contract.store.store_samples import ANNA, NOW, message
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore


class HastyClock(ManualClock):
    """Whoever sleeps is woken at once, and finds that the time has passed."""

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(0)
        self.advance(duration)


async def nobody(_: Event) -> None:
    pytest.fail("nothing has died")


async def at_once() -> None:
    """A model is loaded."""


class Page:
    """A worker's inbox, and what it has handled."""

    def __init__(self) -> None:
        self.store = MemoryStore(worker="second")
        self.clock = HastyClock(NOW)
        self.handled: list[Event] = []
        self.failures: list[Exception] = []
        self.handle: Any = None
        self.retrying: Any = Retrying(
            store=self.store,
            clock=self.clock,
            shared_clock=self.clock,
            metrics=Metrics(),
            handle=self._handle,
            dies=nobody,
            ready=at_once,
            suspects=Suspects(self.clock),
        )

    async def _handle(self, event: Event, *, repeated: bool) -> None:
        if self.handle is not None:
            await self.handle(event, repeated=repeated)
            return
        if self.failures:
            raise self.failures.pop()
        self.handled.append(event)

    async def recorded(self) -> InboxEntry:
        """An entry whose message its author has taken back since."""
        await self.store.open()
        hello = message(message_key(ANNA.page, Array.MESSAGING, "m"), mid="m")
        [entry] = await self.store.record([hello], NOW)
        common: dict[str, Any] = {
            "thread": ANNA,
            "array": Array.MESSAGING,
            "at": NOW,
            "received_at": NOW,
        }
        await self.store.amend(TakenBack(key=f"{hello.key}/deleted", mid="m", **common), NOW)
        return entry


@pytest.fixture
def page() -> Page:
    return Page()


async def test_what_has_waited_is_handled_as_its_author_has_left_it(page: Page) -> None:
    await page.retrying.handle(await page.recorded())
    assert [type(event) for event in page.handled] == [SignOfLife]


async def test_what_has_not_waited_is_not_read_again(page: Page) -> None:
    entry = await page.recorded()
    await page.retrying.handle(entry, read_at=NOW)
    assert page.handled == [entry.event]


async def test_what_was_read_before_a_standstill_is_read_again(page: Page) -> None:
    entry = await page.recorded()
    page.clock.advance(timedelta(seconds=30))
    await page.retrying.handle(entry, read_at=NOW)
    assert [type(event) for event in page.handled] == [SignOfLife]


async def test_what_is_tried_again_is_read_again(page: Page) -> None:
    page.failures.append(LookupError("a turn failed"))
    await page.retrying.handle(await page.recorded(), read_at=NOW)
    assert [type(event) for event in page.handled] == [SignOfLife]


async def test_what_a_worker_has_died_with_is_not_handled_again_for_want_of_a_count(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    await page.store.open()
    [entry] = await page.store.record([message("hello")], NOW)
    attempt, outages = page.store.attempt, [StoreUnavailable("The store is away")]

    async def uncounted_once(id_: DeadId, times: int) -> int:
        if times < 0 and outages:
            raise outages.pop()
        return await attempt(id_, times)

    monkeypatch.setattr(page.store, "attempt", uncounted_once)
    await page.retrying.handle(msgspec.structs.replace(entry, was_lost=True, is_repeated=True))

    assert page.handled == [entry.event]
    assert not outages
    assert await page.store.claim_inbox(NOW + timedelta(hours=1), limit=9) == []


async def test_a_worker_that_stood_still_hands_nobody_over_for_an_event_that_is_another_s(
    page: Page,
) -> None:
    await page.store.open()
    [entry] = await page.store.record([message("hello")], NOW)
    other = MemoryStore(worker="third", shared=page.store)

    async def stand_still(event: Event, *, repeated: bool) -> None:
        del event, repeated
        page.clock.advance(2 * CLAIM_LEASE)
        assert await other.claim_inbox(page.clock.now(), limit=1)
        raise TurnTimedOut("The turn took too long.")

    page.handle = stand_still
    await page.retrying.handle(entry)  # or `nobody` fails

    assert await other.holds(entry, page.clock.now())


async def test_an_event_whose_user_can_not_be_handed_over_is_set_aside_and_quotes_nobody(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    await page.store.open()
    [entry] = await page.store.record([message("hello")], NOW)

    async def fails(_: Event) -> None:
        raise LookupError("my secret")

    page.retrying._dies = fails
    page.failures.append(TurnTimedOut("The turn took too long."))
    await page.retrying.handle(entry)

    assert [dead.error for dead in await page.store.dead(limit=9)] == ["TurnTimedOut"]
    assert "secret" not in caplog.text


async def test_an_event_is_tried_again_no_sooner_than_meta_allows(page: Page) -> None:
    limit = timedelta(minutes=5)
    page.failures.append(GraphThrottled("Too many calls", retry_after=limit))
    await page.retrying.handle(await page.recorded())

    assert page.clock.now() >= NOW + limit
    assert page.handled
