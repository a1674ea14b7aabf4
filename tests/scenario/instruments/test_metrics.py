"""Each metric, driven by what it counts and read from the page that Prometheus gets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from channels.core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NotThreadOwner,
    RoutingIsOff,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)
from channels.core.events import ControlRequested, Thread
from channels.store.protocol import DEAD_AFTER_FAILURES
from tests.scenario.shown import shown
from tests.scenario.world import ANNA, INBOX, SECOND, TIMEOUT, World

BROKEN = RuntimeError("Rasa is broken")
MINUTE = timedelta(minutes=1)
BELA = Thread(page=ANNA.page, user="2002")


async def test_a_handover_of_the_bot_s_is_counted(world: World) -> None:
    await world.user_says("human")
    assert shown(world, "sessions_opened_total", started_by="bot") == 1
    assert shown(world, "sessions_opened_total", started_by="somebody else") == 0


async def test_a_handover_that_an_operator_begins_is_counted_as_somebody_else_s(
    world: World,
) -> None:
    world.graph.threads[ANNA] = INBOX
    await world.operator_says("Hello, this is Olga.")
    assert shown(world, "sessions_opened_total", started_by="somebody else") == 1
    assert shown(world, "sessions_opened_total", started_by="bot") == 0


@pytest.mark.parametrize(
    ("app_id", "answer", "opened"), [(INBOX, "granted", 1), ("31337", "refused", 0)]
)
async def test_a_request_for_a_thread_is_counted_by_its_answer(
    world: World, app_id: str, answer: str, opened: int
) -> None:
    passed = world.control_passed()
    request = ControlRequested(
        key=passed.key,
        thread=ANNA,
        array=passed.array,
        at=passed.at,
        received_at=passed.received_at,
        requested_owner=app_id,
    )
    await world.deliver(request)
    assert shown(world, "requests_total", answer=answer) == 1
    assert shown(world, "sessions_opened_total", started_by="somebody else") == opened


async def test_an_end_is_counted_by_its_reason(world: World) -> None:
    await world.hand_over()
    assert shown(world, "sessions_ended_total", reason="keyword") == 0
    await world.user_says("menu")
    assert shown(world, "sessions_ended_total", reason="keyword") == 1
    assert shown(world, "sessions_ended_total", reason="timeout") == 0


async def test_open_handovers_are_counted_every_minute(world: World) -> None:
    await world.hand_over()
    await world.hand_over(BELA)
    await world.wait(MINUTE)
    assert shown(world, "sessions_open") == 2
    await world.agent_returns()
    await world.wait(MINUTE)
    assert shown(world, "sessions_open") == 1


async def test_a_thread_that_meta_keeps_is_counted(world: World) -> None:
    await world.hand_over()
    world.graph.fail("take_control", GraphRefused("The setting forbids it"))
    await world.wait(TIMEOUT)
    assert shown(world, "threads_not_returned_total") == 1


async def test_the_time_to_the_first_answer_runs_from_the_session_s_opening(world: World) -> None:
    await world.user_says("human")
    await world.wait(timedelta(seconds=89))
    await world.operator_says("Hello, this is Olga.")  # a second later
    assert shown(world, "first_answer_seconds_sum", started_by="bot") == 90
    assert shown(world, "first_answer_seconds_bucket", started_by="bot", le="60.0") == 0
    assert shown(world, "first_answer_seconds_bucket", started_by="bot", le="120.0") == 1


async def test_what_the_operator_says_later_is_no_first_answer(world: World) -> None:
    await world.hand_over()
    await world.operator_says("Hello, this is Olga.")
    await world.operator_says("What can I do for you?")
    assert shown(world, "first_answer_seconds_count", started_by="bot") == 1


async def test_what_the_user_says_is_no_answer(world: World) -> None:
    await world.hand_over()
    await world.user_says("Is anybody there?")
    assert shown(world, "first_answer_seconds_count", started_by="bot") == 0


async def test_an_operator_who_begins_by_writing_has_answered_at_once(world: World) -> None:
    world.graph.threads[ANNA] = INBOX
    await world.operator_says("Hello, this is Olga.")
    assert shown(world, "first_answer_seconds_count", started_by="somebody else") == 1
    assert shown(world, "first_answer_seconds_sum", started_by="somebody else") == 0


async def test_a_turn_is_measured_until_rasa_has_saved_it(world: World) -> None:
    action = asyncio.Event()
    world.script.answers["hello"] = ["one", action, "two"]
    await world.user_says("hello")
    await world.wait(timedelta(seconds=3))
    assert shown(world, "turn_seconds_count") == 0
    action.set()
    await world.settle()
    assert shown(world, "turn_seconds_count") == 1
    assert shown(world, "turn_seconds_sum") == 3


async def test_a_turn_that_fails_is_not_measured(world: World) -> None:
    world.script.once["hello"] = [[BROKEN]]
    await world.user_says("hello")
    assert shown(world, "turn_seconds_count") == 0
    await world.wait(SECOND)
    assert shown(world, "turn_seconds_count") == 1


async def test_a_turn_waits_for_its_place_unmeasured() -> None:
    world = World(max_turns=1)
    await world.start()
    action = asyncio.Event()
    world.script.answers["hello"] = [action]
    await world.user_says("hello")
    await world.user_says("and me?", BELA)
    await world.wait(timedelta(seconds=9))
    action.set()
    await world.settle()
    assert shown(world, "turn_seconds_count") == 2
    assert shown(world, "turn_seconds_sum") == 10
    await world.kill()


async def test_an_event_that_is_set_aside_is_counted_as_dead(world: World) -> None:
    world.script.answers["break"] = [BROKEN]
    await world.user_says("break")
    for _ in range(DEAD_AFTER_FAILURES - 2):
        await world.wait(SECOND)
    assert shown(world, "events_dead_total") == 0
    await world.wait(SECOND)
    assert shown(world, "events_dead_total") == 1


async def test_each_graph_call_is_counted_by_its_verb(world: World) -> None:
    await world.user_says("human")
    await world.wait(TIMEOUT)
    for verb in ("pass_control", "take_control", "send", "sender_action"):
        assert shown(world, "graph_calls_total", verb=verb, outcome="ok") == world.calls(verb) > 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (GraphUnavailable("Graph is down"), "unavailable"),
        (GraphTimeout("No answer"), "timeout"),
        (GraphThrottled("Too many calls", retry_after=SECOND), "throttled"),
        (NotThreadOwner("Not ours"), "not_owner"),
        (WindowClosed("Too late"), "window_closed"),
        (UserUnreachable("Gone"), "user_unreachable"),
        (RoutingIsOff("No default app"), "routing_off"),
        (TokenRefused("Bad token"), "token_refused"),
        (GraphRefused("No"), "refused"),
        (GraphError("Something else"), "refused"),
    ],
)
async def test_a_graph_call_that_fails_is_counted_by_what_came_of_it(
    world: World, error: GraphError, outcome: str
) -> None:
    assert shown(world, "graph_calls_total", verb="send", outcome=outcome) == 0
    world.graph.fail("send", error)
    await world.user_says("hello")
    assert shown(world, "graph_calls_total", verb="send", outcome=outcome) == 1


async def test_no_label_holds_who_writes_or_what_is_written(world: World) -> None:
    await world.hand_over()
    await world.user_says("my order 4711")
    await world.operator_says("Hello, this is Olga.")
    await world.user_says("menu")
    page = world.engine.metrics.page().decode()
    # A number, a time for one, may have the digits of a secret by chance.
    without_values = "\n".join(line.rpartition(" ")[0] for line in page.splitlines())
    assert 'reason="keyword"' in without_values
    for secret in (ANNA.user, ANNA.page, "4711", "Olga", INBOX):
        assert secret not in without_values
