"""While the store is away, work waits: nothing is lost, nothing is dead, nothing is doubled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.errors import StoreUnavailable
from channels.core.sessions.session import State
from channels.engine.health import LOOK_INTERVAL, Part
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.store import MemoryStore
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.wire import Wire
from tests.scenario.world import SECOND, TIMEOUT, World

ALL = "all"
TURN_TIMEOUT = timedelta(minutes=1)


class StoreWithOutages(MemoryStore):
    """A store whose methods in `away` (or ALL of them) fail as long as they are there."""

    def __init__(self, *, worker: str) -> None:
        super().__init__(worker=worker)
        self.away: set[str] = set()

    def __getattribute__(self, name: str) -> Any:
        away = object.__getattribute__(self, "__dict__").get("away", ())
        if (
            not name.startswith("_")
            and name not in ("away", "close", "surely_holds", "is_alone")
            and {name, ALL} & {*away}
        ):
            return _unavailable
        return super().__getattribute__(name)


async def _unavailable(*_: object, **__: object) -> Any:
    raise StoreUnavailable("The database is away")


@pytest.fixture
async def store() -> StoreWithOutages:
    return StoreWithOutages(worker="worker")


@pytest.fixture
async def world(store: StoreWithOutages) -> AsyncIterator[World]:
    world = World(lambda _: store)
    await world.start()
    yield world
    await world.kill()


async def outage(world: World) -> None:
    """It lasts for a minute."""
    for _ in range(60):
        await world.wait(SECOND)


async def test_an_event_that_can_t_be_recorded_is_not_acknowledged(
    world: World, store: StoreWithOutages
) -> None:
    store.away = {ALL}
    with pytest.raises(StoreUnavailable):
        await world.deliver(world.message("hello"))


@pytest.mark.parametrize("method", [ALL, "look_up", "done"])
async def test_an_event_waits_for_the_store_and_is_handled_once(
    world: World, store: StoreWithOutages, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.script.is_ready = False
    await world.user_says("hello")
    store.away = {method}
    world.script.is_ready = True
    await outage(world)
    store.away = set()
    await world.wait(SECOND)

    assert world.heard() == ["hello"]
    assert world.said() == ["re: hello"]
    assert "set aside" not in caplog.text
    assert (
        await MemoryStore(worker="successor", shared=store).claim_inbox(
            world.clock.now() + CLAIM_LEASE, limit=9
        )
        == []
    )


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("look_up", "An event waits for the store"),
        ("say", "A turn of Rasa waits for the store"),
        ("sent", "Sending is paused until the store is back"),
        ("done", "The outcome of an event can't be stored yet"),
    ],
)
async def test_what_waits_for_the_store_says_so_once(
    world: World, store: StoreWithOutages, method: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.away = {method}
    await world.user_says("hello")
    await outage(world)

    assert caplog.text.count(line) == 1


async def test_what_was_heard_is_counted_once_however_long_it_can_t_be_noted(
    world: World, store: StoreWithOutages
) -> None:
    await world.hand_over()
    store.away = {"done"}
    await world.user_says("my order")
    await outage(world)

    session = await world.session()
    assert session.user_messages == 1


async def test_a_failure_that_can_t_be_noted_counts_once(
    world: World, store: StoreWithOutages, caplog: pytest.LogCaptureFixture
) -> None:
    world.script.once["hello"] = [[RuntimeError("Rasa is broken")]]
    store.away = {"failed"}
    await world.user_says("hello")
    await outage(world)
    store.away = set()
    for _ in range(2):
        await world.wait(SECOND)

    assert world.said() == ["re: hello"]
    assert "set aside" not in caplog.text


@pytest.mark.parametrize("method", ["session", "add_session", "last_user_texts", "save_session"])
async def test_a_handover_that_can_t_be_stored_is_made_once_the_store_is_back(
    world: World, store: StoreWithOutages, method: str
) -> None:
    world.script.answers["human"] = ["one", "two", HANDOVER]
    store.away = {method}
    await world.user_says("human")
    await outage(world)
    store.away = set()
    await world.wait(SECOND)

    assert world.said() == ["one", "two"]
    assert world.heard() == ["human"]
    session = await world.session_of("human")
    assert session.state is State.ACTIVE


@pytest.mark.parametrize("method", ["session", "save_session"])
async def test_a_due_step_that_the_store_keeps_waiting_is_no_failed_job(
    world: World, store: StoreWithOutages, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    await world.hand_over()
    store.away = {method}
    await world.wait(TIMEOUT)
    await world.wait(SECOND)

    assert "has to wait: The database is away" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_handover_whose_time_is_over_ends_within_a_second_of_the_store_s_return(
    world: World, store: StoreWithOutages
) -> None:
    await world.hand_over()
    store.away = {ALL}
    await world.wait(TIMEOUT)
    await outage(world)
    assert world.ends() == []

    store.away = set()
    await world.wait(SECOND)
    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]


async def test_an_end_that_the_store_cuts_short_is_carried_through(
    world: World, store: StoreWithOutages
) -> None:
    await world.hand_over()
    store.away = {"save_session"}
    await world.wait(TIMEOUT)
    await outage(world)
    assert world.calls("take_control") == 0

    store.away = set()
    await world.wait(CLAIM_LEASE)
    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]


async def test_an_outage_shows_in_the_worker_s_health(
    world: World, store: StoreWithOutages
) -> None:
    assert world.engine.problems() == []
    store.away = {ALL}
    await outage(world)
    assert [problem.part for problem in world.engine.problems()] == [Part.STORE]

    store.away = set()
    await world.wait(LOOK_INTERVAL)
    assert world.engine.problems() == []


async def test_an_outage_is_told_in_the_log_now_and_then(
    world: World, store: StoreWithOutages, caplog: pytest.LogCaptureFixture
) -> None:
    store.away = {ALL}
    for _ in range(60):
        await world.wait(SECOND)
    lines = [one for one in caplog.messages if one.startswith("Work waits for the store")]
    assert 5 <= len(lines) <= 8
    store.away = set()


@pytest.mark.parametrize("method", ["say", "open_session", ALL])
@pytest.mark.parametrize("lasts", [10 * SECOND, 10 * TURN_TIMEOUT])
async def test_a_turn_under_way_waits_for_the_store_and_has_its_effects_once(
    world: World, store: StoreWithOutages, method: str, lasts: timedelta
) -> None:
    runs: list[object] = []

    def order(output: object) -> None:
        runs.append(output)
        store.away = {method}

    world.script.answers["order"] = [order, "one", "two"]
    await world.user_says("order")
    while lasts > timedelta():
        await world.wait(SECOND)
        lasts -= SECOND
    store.away = set()
    for _ in range(3):
        await world.wait(SECOND)

    assert len(runs) == 1
    assert world.said() == ["one", "two"]
    assert world.heard() == ["order"]
    assert (await store.backlog()).dead == 0


async def test_a_message_whose_storing_got_no_answer_is_said_once_and_in_order() -> None:
    world = World()
    await world.start(Wire(breaks_at="say", after=True, survives=True))
    runs: list[object] = []
    world.script.answers["order"] = [runs.append, "one", "two"]
    await world.user_says("order")
    for _ in range(3):
        await world.wait(SECOND)

    assert len(runs) == 1
    assert world.said() == ["one", "two"]
    await world.kill()


async def test_an_echo_that_can_t_be_kept_is_not_acknowledged(
    world: World, store: StoreWithOutages
) -> None:
    store.away = {"keep_echo"}
    with pytest.raises(StoreUnavailable):
        await world.engine.intake.accept([], own_echoes=["of another worker's message"])


async def test_an_echo_is_not_acknowledged_before_the_answer_to_its_message_is_stored(
    world: World, store: StoreWithOutages
) -> None:
    """A worker that stops before that leaves it to Meta to tell the next one."""
    store.away = {"sent"}
    await world.user_says("hello")
    [mark] = world.graph.marks
    with pytest.raises(StoreUnavailable):
        await world.engine.intake.accept([], own_echoes=[mark], within=timedelta(milliseconds=10))

    store.away = set()
    await world.wait(SECOND)
    await world.engine.intake.accept([], own_echoes=[mark])
