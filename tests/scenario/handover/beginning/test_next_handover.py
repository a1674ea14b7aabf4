"""A follow-up that asks for the next handover: another team, or the Inbox where an app failed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from channels.core.errors import GraphRefused, GraphThrottled, GraphUnavailable
from channels.core.events import Array
from channels.core.sessions.session import MESSAGING_WINDOW, EndReason, State
from channels.handover.opening import MOST_IN_A_ROW
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, World

SECOND_LINE = "777"
UNANSWERED = timedelta(minutes=5)
TIMEOUT = timedelta(hours=2)
PLANS = {
    "default": {"timeout": "30d", "unanswered-timeout": "5m", "keywords": ["menu"]},
    "second": {"timeout": "2h", "target-app": SECOND_LINE, "keywords": ["menu"]},
}
TO_SECOND_LINE = {"custom": {"handover": {"plan": "second"}}}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(plans=PLANS)
    world.script.answers["unanswered"] = ["I ask the second line.", TO_SECOND_LINE]
    await world.start()
    yield world
    await world.kill()


async def is_escalated(world: World) -> None:
    await world.hand_over()
    await world.wait(UNANSWERED)


async def test_it_begins_once_the_follow_up_is_over(world: World) -> None:
    world.script.answers["unanswered"] = ["I ask.", TO_SECOND_LINE, "Bear with me."]
    first = await world.hand_over()
    await world.wait(UNANSWERED)

    second = await world.session()
    assert world.said() == ["I ask.", "Bear with me."]
    assert (second.id != first.id, second.plan.name, second.state) == (True, "second", State.ACTIVE)
    assert world.graph.threads[ANNA] == SECOND_LINE


async def test_each_ends_once_and_for_its_own_reason(world: World) -> None:
    await is_escalated(world)
    await world.operator_says("Good day, second line here.")
    await world.wait(TIMEOUT)

    assert world.ends() == ["unanswered", "timeout"]
    assert world.said() == ["I ask the second line.", "re: timeout"]
    assert world.graph.threads[ANNA] == BOT


async def test_rasa_is_not_told_of_what_it_has_asked_for(world: World) -> None:
    await is_escalated(world)
    assert world.heard() == ["human", "<unanswered>"]


async def test_the_next_app_reads_what_the_user_wrote_to_the_one_before(world: World) -> None:
    await world.hand_over()
    await world.user_says("where is my parcel?")
    await world.wait(UNANSWERED)

    [passed] = [call for call in world.graph.calls if call.verb == "pass_control"]
    told = json.loads(passed.arguments["metadata"])
    assert told["plan"] == "second"
    assert told["last_messages"] == ["human", "where is my parcel?"]


async def test_where_an_app_fails_the_inbox_can_take_over(world: World) -> None:
    world.script.answers["human"] = [TO_SECOND_LINE]
    world.script.answers["failed"] = ["Somebody else will help.", HANDOVER]
    world.graph.fail("pass_control", GraphRefused("No such app"))
    await world.user_says("human")

    assert world.said() == ["Somebody else will help."]
    assert world.ends() == ["failed"]
    assert world.graph.threads[ANNA] == INBOX


async def test_one_that_can_t_be_made_ends_as_failed(world: World) -> None:
    await world.hand_over()
    world.graph.fail("pass_control", GraphRefused("No such app"))
    await world.wait(UNANSWERED)

    assert world.ends() == ["unanswered", "failed"]
    assert world.said() == ["I ask the second line.", "re: failed"]


async def test_one_by_a_plan_that_nobody_knows_ends_as_failed(world: World) -> None:
    world.script.answers["unanswered"] = [{"custom": {"handover": {"plan": "third"}}}]
    await is_escalated(world)
    assert world.ends() == ["unanswered", "failed"]
    assert world.calls("pass_control") == 0


@pytest.mark.parametrize(
    "odd",
    ["a\ud83d", b"bytes", 1 + 1j, {None: 1}, {(1, 2): 3}, float("nan"), timedelta(1)],
    ids=str,
)
async def test_what_json_lacks_keeps_nobody_from_the_next_team(world: World, odd: object) -> None:
    wishes = {"plan": "second", "metadata": {"odd": odd, "order": "4711"}}
    world.script.answers["unanswered"] = [{"custom": {"handover": wishes}}]
    await is_escalated(world)
    assert world.ends() == ["unanswered"]
    assert world.graph.threads[ANNA] == SECOND_LINE
    assert (await world.session()).plan.metadata["order"] == "4711"


async def test_one_that_meta_throttles_is_made_later(world: World) -> None:
    await world.hand_over()
    limit = timedelta(minutes=10)
    world.graph.fail("pass_control", GraphThrottled("Too many calls", retry_after=limit))
    await world.wait(UNANSWERED)
    assert (await world.session()).state is State.OPENING
    await world.wait(limit + SECOND)

    assert world.graph.threads[ANNA] == SECOND_LINE


async def test_of_two_wishes_the_last_counts(world: World) -> None:
    world.script.answers["unanswered"] = [HANDOVER, TO_SECOND_LINE]
    await is_escalated(world)
    assert world.graph.threads[ANNA] == SECOND_LINE


async def test_a_follow_up_that_fails_asks_again_and_gets_one(world: World) -> None:
    world.script.once["unanswered"] = [[TO_SECOND_LINE, OSError("No tracker store")]]
    await is_escalated(world)
    await world.wait(SECOND)

    assert world.said() == ["I ask the second line."]
    assert world.calls("pass_control") == 1
    assert (await world.session()).plan.name == "second"


async def test_what_the_user_writes_meanwhile_goes_to_the_next_agent(world: World) -> None:
    gate = asyncio.Event()
    world.script.answers["unanswered"] = [gate, TO_SECOND_LINE]
    await is_escalated(world)
    await world.user_says("is anybody there?")
    gate.set()
    await world.wait(SECOND)
    await world.wait(SECOND)

    assert world.heard() == ["human", "<unanswered>"]
    assert (await world.session()).user_messages == 1


async def test_a_follow_up_hands_over_again_though_the_user_can_t_be_written_to(
    world: World,
) -> None:
    world.script.answers["agent_returned"] = ["I ask the second line.", TO_SECOND_LINE]
    await world.hand_over()
    await world.operator_says("Good day")
    await world.wait(MESSAGING_WINDOW)
    await world.agent_returns()
    await world.wait(SECOND)

    assert world.graph.threads[ANNA] == SECOND_LINE
    assert world.said() == []


@pytest.mark.parametrize("is_regained", [True, False])
async def test_a_user_who_writes_a_day_later_reads_the_follow_up_before_the_thread_is_passed(
    world: World, is_regained: bool
) -> None:
    for reason in ("agent_returned", "operator_request"):
        world.script.answers[reason] = ["I ask the second line.", TO_SECOND_LINE]
    await world.hand_over()
    await world.operator_says("Good day")
    await world.wait(MESSAGING_WINDOW)
    if is_regained:
        world.script.once["agent_returned"] = [[RuntimeError("Rasa fails")]]
        await world.agent_returns()
    else:
        world.graph.fail("take_control", GraphUnavailable("Away"))
        await world.operator_asks()
    world.graph.threads[ANNA] = None
    await world.deliver(world.message("hello"))
    await world.wait(SECOND)

    assert world.said() == ["I ask the second line."]
    assert world.graph.threads[ANNA] == SECOND_LINE


async def test_a_thread_that_is_taken_before_the_follow_up_stays_with_who_took_it(
    world: World,
) -> None:
    world.script.once["unanswered"] = [[RuntimeError("Rasa fails")]]
    await is_escalated(world)
    world.graph.threads[ANNA] = INBOX
    await world.deliver(world.message("hello", array=Array.STANDBY))

    session = await world.session()
    assert (session.is_adopted, session.plan.name) == (True, "default")
    assert world.calls("pass_control") == 0


async def test_what_is_asked_for_on_its_own_while_the_end_is_told_is_made_too(
    world: World,
) -> None:
    gate = asyncio.Event()
    world.script.answers["unanswered"] = ["Nobody is there.", gate]
    await is_escalated(world)
    await world.engine.output().send_response(ANNA.user, dict(TO_SECOND_LINE))
    gate.set()
    await world.wait(SECOND)

    assert world.graph.threads[ANNA] == SECOND_LINE
    assert world.ends() == ["unanswered"]


async def test_follow_ups_that_hand_over_again_and_again_come_to_an_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.script.answers["human"] = [HANDOVER]
    world.script.answers["failed"] = ["Once more.", HANDOVER]
    world.graph.fail("pass_control", GraphRefused("No such app"), 99)
    await world.user_says("human")

    assert world.ends() == ["failed"] * MOST_IN_A_ROW
    assert await world.store.open_session(ANNA) is None
    assert "Let the rule for handover_end_reason 'failed' end somewhere." in caplog.text


async def test_somebody_who_speaks_begins_the_row_again(world: World) -> None:
    world.script.answers["keyword"] = [HANDOVER]
    await world.hand_over()
    for _ in range(MOST_IN_A_ROW + 1):
        await world.user_says("menu")

    assert world.ends() == [EndReason.KEYWORD.value] * (MOST_IN_A_ROW + 1)
    assert world.graph.threads[ANNA] == INBOX
