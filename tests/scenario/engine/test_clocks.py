"""Clocks that differ, and clocks that are set while the bot runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from channels.core.errors import GraphThrottled
from channels.core.events import Array, Platform, Thread
from channels.core.sessions.session import State
from channels.engine.engine import PRUNING_INTERVAL, RENEWAL_INTERVAL
from channels.engine.health import Part
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.store import MemoryStore
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import SECOND, World

ADA = Thread(page="17841400000000007", user="1781", platform=Platform.INSTAGRAM)
HOUR = timedelta(hours=1)
TIMEOUT = 100 * SECOND


class DatabaseWithClock(MemoryStore):
    """A store that several machines share, which tells its own time."""

    world: World
    ahead = timedelta()

    async def time(self) -> datetime:
        return self.world.clock.now() + type(self).ahead


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    first = DatabaseWithClock(worker="first")
    world = World(
        lambda worker: DatabaseWithClock(worker=worker, shared=first),
        plans={"default": {"timeout": "100s", "keywords": ["menu"]}},
    )
    monkeypatch.setattr(DatabaseWithClock, "world", world, raising=False)
    monkeypatch.setattr(DatabaseWithClock, "ahead", timedelta())
    return world


@pytest.mark.parametrize("apart", [90 * SECOND, -90 * SECOND, HOUR])
async def test_a_timeout_is_as_long_on_whatever_machine_it_is_noticed(
    world: World, apart: timedelta
) -> None:
    await world.start()
    await world.start(ahead=apart)
    await world.hand_over()

    await world.wait(TIMEOUT - 5 * SECOND)
    assert world.ends() == []
    await world.wait(5 * SECOND)
    assert world.ends() == ["timeout"]


async def test_only_a_database_whose_clock_is_set_back_is_said_to_be(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.start(ahead=HOUR)
    assert "The database's clock was set back." not in caplog.text

    DatabaseWithClock.ahead = -HOUR
    await world.wait(RENEWAL_INTERVAL)
    assert "The database's clock was set back." in caplog.text


async def test_a_machine_whose_clock_is_ahead_takes_nothing_from_the_others(world: World) -> None:
    await world.start()
    world.script.is_ready = False  # so that the first worker keeps what it has
    await world.user_says("hello")
    await world.start(ahead=HOUR)
    await world.wait(SECOND)

    first = world.workers[0].store
    assert isinstance(first, MemoryStore)
    assert [entry.claimed_by for entry in first._rows.waiting()] == ["worker 1"]


async def test_what_a_clock_that_was_ahead_has_put_off_goes_on_once_it_is_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DatabaseWithClock, "ahead", HOUR)
    await world.start()
    world.graph.fail("pass_control", GraphThrottled("Too many calls", retry_after=SECOND), 1)
    await world.user_says("human")
    assert (await world.session()).state is State.OPENING

    monkeypatch.setattr(DatabaseWithClock, "ahead", timedelta())
    for _ in range(3):
        await world.wait(RENEWAL_INTERVAL)

    assert (await world.session()).state is State.ACTIVE


async def test_so_does_what_the_process_before_this_one_has_put_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DatabaseWithClock, "ahead", HOUR)
    await world.start()
    world.graph.fail("pass_control", GraphThrottled("Too many calls", retry_after=SECOND), 1)
    await world.user_says("human")
    await world.kill()

    monkeypatch.setattr(DatabaseWithClock, "ahead", timedelta())
    await world.start()
    for _ in range(3):
        await world.wait(RENEWAL_INTERVAL)

    assert (await world.session()).state is State.ACTIVE


async def test_a_claim_by_a_clock_that_was_ahead_is_taken_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DatabaseWithClock, "ahead", HOUR)
    await world.start()
    world.script.is_ready = False
    await world.user_says("hello")
    await world.kill()

    monkeypatch.setattr(DatabaseWithClock, "ahead", timedelta())
    world.script.is_ready = True
    await world.start()
    await world.wait(CLAIM_LEASE)

    assert world.said() == ["re: hello"]


@pytest.mark.parametrize("off", [-HOUR, HOUR])
async def test_a_machines_clock_that_is_wrong_is_told_until_it_is_right(
    world: World, off: timedelta
) -> None:
    await world.start()
    world.graph.ahead = timedelta()
    world.clock.wall_is_ahead = off
    [problem] = world.engine.problems()
    assert problem.part is Part.CLOCK
    assert "3600 s" in problem.message
    assert ("ahead of" if off > timedelta() else "behind") in problem.message

    world.clock.wall_is_ahead = timedelta()
    assert world.engine.problems() == []


async def test_a_process_that_began_by_a_wrong_clock_is_well_once_the_clock_is_right(
    world: World,
) -> None:
    world.graph.ahead = -HOUR  # what Meta says beside a worker's clock that is ahead
    await world.start()
    assert [problem.part for problem in world.engine.problems()] == [Part.CLOCK]

    world.clock.wall_is_ahead = -HOUR
    assert world.engine.problems() == []


async def test_a_page_that_is_closed_opens_in_time_whatever_becomes_of_the_clock(
    world: World,
) -> None:
    await world.start()
    limit = GraphThrottled("Too many calls", retry_after=30 * SECOND)
    world.graph.fail("send", limit)
    await world.user_says("hello")
    world.clock.wall_is_ahead = -HOUR
    await world.wait(30 * SECOND)

    assert world.said() == ["re: hello"]


@pytest.fixture
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No database tells the time, as on SQLite."""
    monkeypatch.setattr(DatabaseWithClock, "time", MemoryStore.time)


@pytest.mark.usefixtures("_alone")
async def test_the_next_handover_of_a_worker_whose_clock_is_ahead_hears_the_user(
    world: World,
) -> None:
    world.script.answers["keyword"] = ["re: keyword", HANDOVER]
    world.graph.ahead = -HOUR
    await world.start(ahead=HOUR)
    await world.user_says("human")
    await world.user_says("menu")
    await world.user_says("anybody there?")

    assert (await world.session()).user_messages == 1


@pytest.mark.usefixtures("_alone")
async def test_a_follow_up_is_held_by_metas_time(world: World) -> None:
    world.graph.ahead = -25 * HOUR
    await world.start(ahead=25 * HOUR)
    await world.hand_over()
    await world.user_says("menu")

    assert world.said() == ["re: keyword"]


@pytest.mark.usefixtures("_alone")
async def test_a_clock_that_is_ahead_deletes_nothing(world: World) -> None:
    await world.start()
    await world.user_says("hello")
    await world.kill()
    world.graph.ahead = -1000 * HOUR
    await world.start(ahead=1000 * HOUR)
    await world.wait(PRUNING_INTERVAL)

    store = world.store
    assert isinstance(store, MemoryStore)
    assert len(store._rows.entries) == 1


@pytest.mark.parametrize("apart", [HOUR, -HOUR])
async def test_a_bare_echo_waits_for_our_own_answer_as_long_on_whatever_machine(
    world: World, apart: timedelta
) -> None:
    """An echo that tells no sender is ours, if the answer to what we are sending says so."""
    world.graph.account_id = ADA.page
    await world.start(ahead=apart)
    world.graph.fail("send", GraphThrottled("Slow down", retry_after=3 * SECOND), times=99)
    await world.user_says("hello", ADA)
    stamped = world.engine.clock.now()
    echo = world.echo("I take over", ADA, app_id=None, array=Array.MESSAGING, received_at=stamped)
    await world.deliver(echo)
    await world.wait(SECOND)
    assert world.calls("owner") == 0

    for _ in range(5):
        await world.wait(SECOND)
    assert world.calls("owner") == 1


async def test_a_date_in_the_future_of_meta_s_own_clock_makes_nothing_else_old(
    world: World,
) -> None:
    world.graph.ahead = timedelta()
    await world.start()
    await world.deliver(world.message("human", at=world.clock.now() + 10 * HOUR))
    await world.user_says("anybody there?")
    assert (await world.session()).user_messages == 1

    await world.agent_returns()
    assert world.ends() == ["agent_returned"]


async def test_a_date_that_our_own_clock_has_reached_is_kept(world: World) -> None:
    """The emulator dates events by a clock that it lets move, and answers by the machine's."""
    world.graph.ahead = timedelta()
    await world.start()
    await world.user_says("human")
    world.graph.ahead = -10 * HOUR
    await world.user_says("anybody there?")
    assert (await world.session()).user_messages == 1
