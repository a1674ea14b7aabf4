"""Tracker stores and locks of a real Rasa agent, which are away, or stand still, during a turn."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
import traceback
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore, TicketLock
from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore, SQLTrackerStore
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import OperationalError

from channels.core.errors import ClaimLost, StoreUnavailable, TurnNotSaved
from channels.dialogue.assistant import RasaAssistant
from channels.instruments.clock import SystemClock
from channels.instruments.leases import working_on
from channels.store.protocol import CLAIM_LEASE
from tests.contract.store.store_samples import message
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore
from tests.scenario.collecting_output import CollectingOutput
from tests.scenario.dialogue.small_assistant import USER, heard, turn


class TrackersAway(InMemoryTrackerStore):
    """A tracker store that can't save, or read, while `away` says so."""

    away = ""
    why: Exception = ConnectionError("what the user said")

    alone: str | None = None  # whose trackers it can't save, if not nobody's

    async def save(self, tracker: DialogueStateTracker) -> None:
        if self.alone in (None, tracker.sender_id):
            self._refuse("save")
        await super().save(tracker)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        self._refuse("read")
        return await super().retrieve(sender_id)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        self._refuse("read")
        return await super().retrieve_full_tracker(conversation_id)

    def _refuse(self, operation: str) -> None:
        if operation == self.away:
            raise self.why


@pytest.fixture
def trackers(agent: Agent) -> TrackersAway:
    """They are what the agent keeps its trackers in, wrapped as Rasa wraps its store."""
    trackers = TrackersAway(agent.domain)
    agent.tracker_store = agent.processor.tracker_store = FailSafeTrackerStore(trackers)
    return trackers


@pytest.mark.parametrize("once", [True, False])
async def test_a_turn_fails_where_its_tracker_can_t_be_read_and_counts_once_it_can(
    assistant: RasaAssistant, agent: Agent, trackers: TrackersAway, once: bool
) -> None:
    await assistant.take_turn(turn("m_1", once=once), CollectingOutput())
    trackers.away = "read"
    with pytest.raises(StoreUnavailable) as failure:
        await assistant.take_turn(turn("m_2", once=once), CollectingOutput())
    trackers.away = ""
    await assistant.take_turn(turn("m_2", once=True), CollectingOutput())

    assert await heard(agent) == ["m_1", "m_2"]
    assert "what the user said" not in str(failure.value)


async def test_what_the_trackers_database_says_of_itself_is_told_but_not_what_it_was_to_keep(
    assistant: RasaAssistant, trackers: TrackersAway
) -> None:
    trackers.away = "read"
    full = sqlite3.OperationalError("database or disk is full\nDETAIL: what the user said")
    trackers.why = OperationalError("SELECT", ("what the user said",), full)
    with pytest.raises(StoreUnavailable) as failure:
        await assistant.take_turn(turn("m_1", once=True), CollectingOutput())

    assert str(failure.value) == (
        "Rasa's tracker store failed (OperationalError: database or disk is full)."
    )


@pytest.mark.parametrize("once", [True, False])
async def test_a_turn_that_can_t_be_saved_waits_for_that_and_has_its_effects_once(
    assistant: RasaAssistant, agent: Agent, trackers: TrackersAway, once: bool
) -> None:
    trackers.away = "save"
    output = WaitingOutput()
    taking = asyncio.create_task(assistant.take_turn(turn("m_1", once=once), output))
    await asyncio.wait_for(output.waits.wait(), 5)
    assert output.turn_time.is_waiting
    trackers.away = ""
    output.goes_on.set()
    await taking

    assert [message["text"] for message in output.messages] == ["back"]
    assert await heard(agent) == ["m_1"]


class WaitingOutput(CollectingOutput, SystemClock):
    """It tells when its turn waits for a store, and lets it go on."""

    def __init__(self) -> None:
        SystemClock.__init__(self)
        CollectingOutput.__init__(self, clock=self)
        self.waits, self.goes_on = asyncio.Event(), asyncio.Event()

    async def sleep(self, _: timedelta) -> None:
        self.waits.set()
        await self.goes_on.wait()


@pytest.mark.parametrize("once", [True, False])
async def test_what_no_tracker_store_can_hold_waits_for_none(
    assistant: RasaAssistant, trackers: TrackersAway, once: bool
) -> None:
    trackers.away, trackers.why = "save", ValueError("A string with NUL: what the user said")
    with pytest.raises(TurnNotSaved) as failure:
        await assistant.take_turn(turn("m_1", once=once), CollectingOutput())
    assert "what the user said" not in str(failure.value)


@pytest.mark.parametrize("once", [True, False])
async def test_a_tracker_that_can_t_be_understood_is_an_error_that_does_not_quote_it(
    assistant: RasaAssistant, trackers: TrackersAway, once: bool
) -> None:
    trackers.away, trackers.why = "read", ValueError("No tracker: what the user said")
    with pytest.raises(ValueError, match="ValueError") as failure:
        await assistant.take_turn(turn("m_1", once=once), CollectingOutput())
    told = traceback.format_exception(failure.type, failure.value, failure.tb, chain=True)
    assert "what the user said" not in "".join(told)


async def test_a_turn_that_alone_of_all_is_not_saved_keeps_no_place(
    assistant: RasaAssistant, trackers: TrackersAway
) -> None:
    await assistant.take_turn(turn("m_0", once=True), CollectingOutput())
    trackers.away, trackers.alone = "save", USER
    ids = itertools.count()

    class OthersAreSaved(SystemClock):
        async def sleep(self, _: timedelta) -> None:
            other = msgspec.structs.replace(turn(f"o_{next(ids)}", once=True), sender_id="2002")
            await assistant.take_turn(other, CollectingOutput())

    output = CollectingOutput(clock=OthersAreSaved())
    with pytest.raises(TurnNotSaved):
        await asyncio.wait_for(assistant.take_turn(turn("m_1", once=True), output), 5)
    assert len(output.messages) == 1


async def test_what_others_do_while_the_trackers_are_away_goes_on_as_rasa_has_it(
    assistant: RasaAssistant, agent: Agent, trackers: TrackersAway
) -> None:
    await assistant.take_turn(turn("m_1", once=True), CollectingOutput())
    trackers.away = "read"

    assert await agent.tracker_store.retrieve(USER) is None


@pytest.mark.parametrize("once", [True, False])
async def test_a_turn_without_its_lock_is_not_begun(
    assistant: RasaAssistant, agent: Agent, once: bool
) -> None:
    class Away(InMemoryLockStore):
        def get_lock(self, _: str) -> TicketLock | None:
            raise ConnectionError

    agent.lock_store = Away()
    output = CollectingOutput()
    with pytest.raises(StoreUnavailable):
        await assistant.take_turn(turn("m_1", once=once), output)

    assert output.messages == []


@pytest.mark.parametrize("once", [True, False])
async def test_a_turn_whose_lock_another_has_is_known_to_wait(
    assistant: RasaAssistant, agent: Agent, once: bool
) -> None:
    """That may be a process that stands still: the turn is not to blame for it."""
    output = WaitingOutput()
    assert not output.turn_time.is_waiting
    async with agent.lock_store.lock(USER):
        taking = asyncio.create_task(assistant.take_turn(turn("m_1", once=once), output))
        done, _ = await asyncio.wait({taking}, timeout=0.1)
        assert not done
        assert output.turn_time.is_waiting
    await taking

    assert not output.turn_time.is_waiting
    assert [message["text"] for message in output.messages] == ["back"]


@pytest.mark.parametrize("is_wrapped", [True, False])
async def test_a_worker_that_stands_still_while_it_saves_a_turn_saves_nothing(
    agent: Agent, assistant: RasaAssistant, is_wrapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(datetime(2026, 10, 1, tzinfo=timezone.utc))
    store = MemoryStore(worker="one")
    [entry] = await store.record([message("a")], clock.now())
    in_sql = SQLTrackerStore(domain=agent.domain, dialect="sqlite", db=":memory:")
    trackers = FailSafeTrackerStore(in_sql) if is_wrapped else in_sql
    agent.tracker_store = agent.processor.tracker_store = trackers
    add = in_sql._additional_events

    def stand_still(*arguments: Any) -> Any:
        events = list(add(*arguments))
        if events:  # Rasa also saves a conversation that has none yet
            clock.advance(CLAIM_LEASE)
            store._rows.entries["a"].claimed_by = "two"
        return events

    with working_on(entry, store=store, clock=clock), monkeypatch.context() as patched:
        patched.setattr(in_sql, "_additional_events", stand_still)
        with pytest.raises(ClaimLost):
            await assistant.take_turn(turn("m_1", once=True), CollectingOutput())
    assert await agent.tracker_store.retrieve_full_tracker(USER) is None

    assert await assistant.take_turn(turn("m_1", once=True), CollectingOutput())
    assert await heard(agent) == ["m_1"]


@pytest.mark.parametrize("is_wrapped", [True, False])
async def test_a_conversation_that_was_begun_by_a_clock_that_is_ahead_goes_on(
    agent: Agent, assistant: RasaAssistant, is_wrapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_sql = SQLTrackerStore(domain=agent.domain, dialect="sqlite", db=":memory:")
    trackers = FailSafeTrackerStore(in_sql) if is_wrapped else in_sql
    agent.tracker_store = agent.processor.tracker_store = trackers
    there = time.time
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: there() + 3600)
        await assistant.take_turn(turn("m_1", once=True), CollectingOutput())
    for message_id in ("m_2", "m_3"):
        await assistant.take_turn(turn(message_id, once=True), CollectingOutput())

    tracker = await trackers.retrieve(USER)
    assert tracker is not None
    seen = [event.message_id for event in tracker.events if isinstance(event, UserUttered)]
    assert seen == ["m_1", "m_2", "m_3"]
