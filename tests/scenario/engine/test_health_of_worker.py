"""A worker's health follows what happens around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from channels.core.errors import GraphError, GraphThrottled, GraphUnavailable, TokenRefused
from channels.engine.health import (
    CHECK_INTERVAL,
    INBOX_AGE_LIMIT,
    LOOK_INTERVAL,
    WEBHOOK_INTERVAL,
    Part,
)
from tests.scenario.shown import shown
from tests.scenario.world import PAGE, SECOND, World


def parts(world: World) -> list[Part]:
    return [problem.part for problem in world.engine.problems()]


async def test_a_worker_that_has_just_started_is_well(world: World) -> None:
    assert parts(world) == []


async def test_events_that_wait_for_a_model_are_shown_and_in_the_end_a_problem(
    world: World,
) -> None:
    world.script.is_ready = False
    await world.user_says("hello")
    await world.user_says("is this thing on?")
    await world.wait(LOOK_INTERVAL)
    assert parts(world) == []
    assert shown(world, "inbox_waiting") == 2
    assert shown(world, "inbox_oldest_age_seconds") == (LOOK_INTERVAL + SECOND).total_seconds()

    await world.wait(INBOX_AGE_LIMIT)
    assert parts(world) == [Part.INBOX]


async def test_once_they_are_handled_the_worker_is_well_again(world: World) -> None:
    world.script.is_ready = False
    await world.user_says("hello")
    await world.wait(INBOX_AGE_LIMIT + SECOND)
    assert parts(world) == [Part.INBOX]
    world.script.is_ready = True
    await world.wait(LOOK_INTERVAL)
    await world.wait(LOOK_INTERVAL)
    assert parts(world) == []
    assert shown(world, "inbox_waiting") == 0
    assert shown(world, "inbox_oldest_age_seconds") == 0


async def test_what_an_earlier_run_has_left_counts_from_the_start(world: World) -> None:
    world.script.is_ready = False
    await world.user_says("hello")
    await world.wait(timedelta(hours=1))
    await world.kill()
    await world.start()
    assert parts(world) == [Part.INBOX]


async def test_an_event_that_was_set_aside_is_shown_as_long_as_it_is_kept(world: World) -> None:
    world.script.answers["break"] = [RuntimeError("Rasa is broken")]
    await world.user_says("break")
    for _ in range(3):
        await world.wait(LOOK_INTERVAL)
    assert shown(world, "inbox_dead") == 1
    assert parts(world) == []


async def test_a_token_that_meta_refuses_is_a_problem_before_anybody_writes(world: World) -> None:
    world.graph.broken[PAGE] = TokenRefused("The token has expired", code=190)
    await world.wait(CHECK_INTERVAL)
    [problem] = world.engine.problems()
    assert problem.part is Part.TOKEN
    assert PAGE in problem.message


async def test_a_token_that_is_refused_from_the_start_is_a_problem_at_once() -> None:
    world = World()
    world.graph.broken[PAGE] = TokenRefused("The token has expired", code=190)
    await world.start()
    assert parts(world) == [Part.TOKEN]
    await world.kill()


async def test_a_message_that_a_refused_token_keeps_waiting_shows_it_at_once(world: World) -> None:
    world.graph.broken[PAGE] = TokenRefused("The token has expired", code=190)
    await world.user_says("hello")
    assert parts(world) == [Part.TOKEN]


async def test_once_meta_takes_the_token_again_the_worker_is_well(world: World) -> None:
    world.graph.broken[PAGE] = TokenRefused("The token has expired", code=190)
    await world.wait(CHECK_INTERVAL)
    del world.graph.broken[PAGE]
    await world.wait(CHECK_INTERVAL)
    assert parts(world) == []


@pytest.mark.parametrize(
    "error",
    [
        GraphUnavailable("Graph is down"),
        GraphThrottled("Too many calls", retry_after=timedelta(hours=1)),
    ],
)
async def test_what_passes_by_itself_is_no_fault_of_the_token_s(
    world: World, error: GraphError
) -> None:
    world.graph.broken[PAGE] = error
    await world.wait(CHECK_INTERVAL)
    assert world.graph.closed_pages()
    assert parts(world) == []


async def test_a_webhook_that_meta_has_unsubscribed_is_a_problem_within_the_hour(
    world: World, errors: Callable[[], list[str]]
) -> None:
    world.graph.is_unsubscribed = True
    await world.wait(WEBHOOK_INTERVAL)
    [problem] = world.engine.problems()
    assert problem.part is Part.WEBHOOK
    assert PAGE in problem.message
    assert shown(world, "pages_unsubscribed") == 1
    await world.wait(WEBHOOK_INTERVAL)
    assert len(errors()) == 1

    world.graph.is_unsubscribed = False
    await world.wait(WEBHOOK_INTERVAL)
    assert parts(world) == []
    assert shown(world, "pages_unsubscribed") == 0
