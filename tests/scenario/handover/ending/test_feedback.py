"""What users thought of a handover is kept with it, counted, and erased with the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from channels.core.sessions.feedback import Feedback
from tests.scenario.world import ANNA, TIMEOUT, World

SECRET = "they were rude to me"
Errors = Callable[[], list[str]]


async def says(world: World, text: str, **payload: Any) -> None:
    """The user writes, and the assistant takes that as an answer about the handover."""
    world.script.answers[text] = ["Thank you.", {"custom": {"handover_feedback": payload}}]
    await world.user_says(text)


async def handover(world: World) -> None:
    await world.hand_over()
    await world.operator_asks()


async def kept(world: World) -> Feedback | None:
    session = await world.store.last_ended(ANNA)
    assert session is not None
    return session.feedback


def metric(world: World, score: str) -> float:
    value = world.engine.metrics.feedback.labels(score)._value.get()
    return float(value)


async def test_an_answer_is_kept_with_the_handover_that_ended_last(world: World) -> None:
    await handover(world)
    await handover(world)
    await says(world, "fine", score="4", comment=SECRET)

    feedback = await kept(world)
    assert feedback is not None
    assert (feedback.score, feedback.comment) == (4, SECRET)
    assert world.said()[-1:] == ["Thank you."]
    assert metric(world, "4") == 1
    rated = await world.store.ended_sessions(since=world.clock.now() - TIMEOUT, limit=9)
    assert [session.feedback is not None for session in rated] == [True, False]


async def test_a_response_tells_it_together_with_its_text(world: World) -> None:
    await handover(world)
    response = {"text": "Thanks!", "custom": {"handover_feedback": {"score": "good"}}}
    world.script.answers["great"] = [response]
    await world.user_says("great")

    feedback = await kept(world)
    assert feedback is not None
    assert feedback.score == "good"
    assert world.said()[-1:] == ["Thanks!"]


async def test_the_last_answer_counts(world: World) -> None:
    await handover(world)
    await says(world, "meh", score="bad")
    await says(world, "well", score="good")

    feedback = await kept(world)
    assert feedback is not None
    assert feedback.score == "good"


async def test_the_same_answer_of_a_repeated_turn_counts_once(world: World) -> None:
    await handover(world)
    await says(world, "fine", score=5)
    await says(world, "fine", score=5)

    assert metric(world, "5") == 1


async def test_a_wrong_score_is_an_error_that_does_not_quote_the_user(
    world: World, errors: Errors, caplog: pytest.LogCaptureFixture
) -> None:
    await handover(world)
    await says(world, "so so", score="so so", comment=SECRET)

    assert await kept(world) is None
    [error] = errors()
    assert "from 1 to 5" in error
    assert SECRET not in caplog.text
    assert "so so" not in caplog.text


@pytest.mark.parametrize(
    ("after", "is_kept"), [(timedelta(days=6, hours=23), True), (timedelta(days=8), False)]
)
async def test_an_answer_counts_for_a_week(world: World, after: timedelta, is_kept: bool) -> None:
    await handover(world)
    await world.wait(after)
    await says(world, "late", score=1)

    assert (await kept(world) is not None) == is_kept


async def test_without_a_handover_it_is_told_and_nothing_breaks(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await says(world, "hi", score=5)

    assert "no handover has ended" in caplog.text
    assert world.said() == ["Thank you."]


async def test_forgetting_a_person_erases_the_comment(world: World) -> None:
    await handover(world)
    await says(world, "fine", score=5, comment=SECRET)
    assert await world.engine.operations.forget(ANNA.user)

    assert await world.store.last_ended(ANNA) is None


async def test_answers_are_counted_by_plan_target_and_reason(world: World) -> None:
    await handover(world)
    await says(world, "fine", score=4)
    found = (await world.engine.operations.statistics(timedelta(days=1), limit=99)).feedback

    assert found.all.answers == found.all.satisfied == 1
    assert found.all.average == 4
    assert found.all.by_score == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0, "good": 0, "bad": 0}
    assert list(found.by_plan) == ["default"]
    assert list(found.by_target_app) == ["263902037430900"]
    assert list(found.by_reason) == ["operator_request"]
