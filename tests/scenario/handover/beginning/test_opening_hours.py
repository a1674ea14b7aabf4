"""A handover outside the plan's hours: refused, or waiting while the bot goes on talking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.errors import GraphRefused, GraphThrottled, GraphTimeout
from channels.core.events import Thread
from channels.core.sessions.session import MESSAGING_WINDOW, EndReason, Session, State
from tests.scenario.handover.beginning.test_requested_threads import asks
from tests.scenario.world import ANNA, BOT, INBOX, PAGE, SECOND, World

SALES = "777"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# A Thursday, at noon: the team comes in an hour.
AFTERNOON = {"hours": {"mon-fri": "13:00-17:30"}, "timezone": "UTC", "timeout": "30m"}
PLANS: dict[str, dict[str, Any]] = {
    "default": {**AFTERNOON, "when-closed": "wait", "keywords": ["menu"]},
    "sales": {"target-app": SALES},
    "late": {**AFTERNOON, "hours": {"thu": "20:00-22:00"}, "when-closed": "wait"},
    "refusing": AFTERNOON,
    "weekend": {
        **AFTERNOON,
        "hours": {"sat": "10:00-14:00"},
        "when-closed": "wait",
        "wait-at-most": "2h",
    },
}
CANCEL = {"custom": {"handover": {"cancel": True}}}


def by_plan(name: str) -> dict[str, Any]:
    return {"custom": {"handover": {"plan": name}}}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(plans=PLANS)
    world.script.answers |= {name: [f"ask {name}", by_plan(name)] for name in PLANS}
    world.script.answers["never mind"] = ["as you wish", CANCEL]
    await world.start()
    yield world
    await world.kill()


async def ended(world: World) -> list[Session]:
    since = world.clock.now() - timedelta(days=9)
    return list(reversed(await world.store.ended_sessions(since=since, limit=9)))


class TestRefusing:
    async def test_it_ends_before_any_pass_and_the_rules_say_so(self, world: World) -> None:
        await world.user_says("refusing")
        await world.wait(SECOND)

        assert world.ends() == ["closed"]
        assert world.said() == ["ask refusing", "re: closed"]
        assert world.calls("pass_control") == world.calls("take_control") == 0
        assert await world.store.open_session(ANNA) is None

    async def test_what_the_turn_says_after_it_is_said(self, world: World) -> None:
        world.script.answers["refusing"] = [by_plan("refusing"), "one more thing"]
        await world.user_says("refusing")
        await world.wait(SECOND)
        assert world.said() == ["one more thing", "re: closed"]

    async def test_within_the_hours_it_is_made(self, world: World) -> None:
        await world.wait(HOUR)
        await world.user_says("refusing")
        assert world.graph.threads[ANNA] == INBOX

    async def test_what_is_held_for_the_user_is_not_lost(self, world: World) -> None:
        outputs = [lambda output: kept.append(output)]
        kept: list[Any] = []
        world.script.answers["remind me"] = outputs
        await world.user_says("remind me")
        await world.wait(MESSAGING_WINDOW)
        world.script.answers["refusing"] = [by_plan("refusing")]
        await kept[0].send_response(ANNA.user, by_plan("refusing"))
        await world.settle()
        await world.wait(SECOND)
        assert world.said() == []
        await world.user_says("hello")
        assert world.said() == ["re: closed", "re: hello"]

    async def test_a_follow_up_that_asks_for_a_closed_team_hears_that_it_is_closed(
        self, world: World
    ) -> None:
        world.script.answers["agent_returned"] = [by_plan("refusing")]
        await world.user_says("sales")
        await world.agent_returns()
        await world.wait(SECOND)
        assert world.ends() == ["agent_returned", "closed"]

    async def test_somebody_who_takes_the_thread_has_it_all_the_same(self, world: World) -> None:
        world.graph.threads[ANNA] = INBOX
        await world.operator_says("Good day, I am early")
        assert (await world.session()).state is State.ACTIVE


class TestWaiting:
    async def test_what_a_user_thinks_of_it_is_kept_with_the_one_that_was_asked_for_instead(
        self, world: World
    ) -> None:
        world.script.answers["bad"] = [{"custom": {"handover_feedback": {"score": "bad"}}}]
        for text in ("default", "refusing", "bad"):
            await world.user_says(text)
            await world.wait(SECOND)
        waiting, refused = await ended(world)
        assert (waiting.reason, refused.reason) == (EndReason.CANCELLED, EndReason.CLOSED)
        assert waiting.ended_at is not None
        assert refused.ended_at is not None
        assert waiting.ended_at < refused.ended_at
        assert (waiting.feedback, refused.feedback is None) == (None, False)

    async def test_the_bot_goes_on_talking(self, world: World) -> None:
        await world.user_says("default")
        await world.user_says("hello")

        session = await world.session()
        assert (session.state, session.due_at) == (
            State.WAITING,
            session.plan.opens_at(world.clock.now()),
        )
        assert world.said() == ["ask default", "re: hello"]
        assert world.calls("pass_control") == 0

    async def test_it_is_passed_at_the_opening_and_rasa_hears_of_it(self, world: World) -> None:
        await world.user_says("default")
        await world.wait(HOUR)

        assert world.graph.threads[ANNA] == INBOX
        assert world.heard() == ["default", "EXTERNAL: handover_started"]
        told = world.tracker_store.turns[-1].metadata["handover"]
        assert (told["was_waiting"], told["plan"]) == (True, "default")

    async def test_not_a_second_before(self, world: World) -> None:
        await world.user_says("default")
        asked_at = (await world.session()).opened_at
        opens_at = (await world.session()).due_at
        assert opens_at is not None
        await world.wait(opens_at - asked_at - SECOND)
        assert world.calls("pass_control") == 0
        await world.wait(SECOND)
        assert world.calls("pass_control") == 1

    async def test_its_clock_runs_from_the_opening(self, world: World) -> None:
        await world.user_says("default")
        await world.wait(HOUR)
        await world.operator_says("Good day")
        await world.wait(timedelta(minutes=28))
        assert world.ends() == []
        await world.wait(timedelta(minutes=2))
        assert world.ends() == ["timeout"]
        assert world.graph.threads[ANNA] == BOT

    async def test_a_keyword_brings_the_bot_back_then(self, world: World) -> None:
        await world.user_says("default")
        await world.wait(HOUR)
        await world.user_says("menu")
        assert world.ends() == ["keyword"]

    async def test_asking_again_changes_nothing(self, world: World) -> None:
        await world.user_says("default")
        first = await world.session()
        await world.user_says("default")
        assert await world.session() == first

    async def test_it_outlives_its_worker(self, world: World) -> None:
        await world.user_says("default")
        await world.kill()
        await world.start()
        await world.wait(HOUR)
        assert world.graph.threads[ANNA] == INBOX
        assert world.heard() == ["default", "EXTERNAL: handover_started"]

    async def test_of_two_workers_one_passes_it_once(self, world: World) -> None:
        await world.start()
        await world.user_says("default")
        await world.wait(HOUR)
        await world.wait(MINUTE)
        assert world.calls("pass_control") == 1
        assert world.heard() == ["default", "EXTERNAL: handover_started"]

    @pytest.mark.parametrize("late", [HOUR + 3 * MINUTE, HOUR * 4])
    async def test_it_is_passed_late_where_no_worker_ran_at_the_opening(
        self, world: World, late: timedelta
    ) -> None:
        await world.user_says("default")
        await world.kill()
        world.clock.advance(late)
        await world.start()
        await world.wait(SECOND)
        assert world.graph.threads[ANNA] == INBOX

    async def test_it_waits_for_the_next_day_where_no_worker_ran_all_day(
        self, world: World
    ) -> None:
        await world.user_says("default")
        await world.kill()
        world.clock.advance(HOUR * 7)
        await world.start()
        await world.wait(SECOND)
        assert (await world.session()).state is State.WAITING
        await world.wait(HOUR * 18)
        assert world.graph.threads[ANNA] == INBOX

    async def test_its_hours_are_those_of_when_it_was_asked_for(self, world: World) -> None:
        await world.user_says("default")
        await world.kill()
        world.section["plans"] = {"default": {**AFTERNOON, "hours": {"sun": "10:00-11:00"}}}
        await world.start()
        await world.wait(HOUR)
        assert world.graph.threads[ANNA] == INBOX

    async def test_it_ends_as_closed_when_it_has_waited_for_too_long(self, world: World) -> None:
        await world.user_says("weekend")
        await world.wait(HOUR)
        await world.user_says("hello")
        assert world.ends() == []
        await world.wait(HOUR)

        assert world.ends() == ["closed"]
        assert world.said() == ["ask weekend", "re: hello", "re: closed"]
        assert world.calls("pass_control") == 0

    async def test_its_end_is_held_for_a_user_who_has_not_written_for_a_day(
        self, world: World
    ) -> None:
        world.section["plans"]["weekend"]["wait-at-most"] = "30h"
        await world.kill()
        await world.start()
        await world.user_says("weekend")
        await world.wait(HOUR * 31)
        assert world.ends() == ["closed"]
        assert "re: closed" not in world.said()
        await world.user_says("hello")
        assert world.said()[-2:] == ["re: closed", "re: hello"]

    async def test_its_end_is_told_to_a_user_who_has_talked_with_the_bot_meanwhile(
        self, world: World
    ) -> None:
        world.section["plans"]["weekend"]["wait-at-most"] = "30h"
        await world.kill()
        await world.start()
        await world.user_says("weekend")
        await world.wait(HOUR * 20)
        await world.user_says("hello")
        await world.wait(HOUR * 11)
        assert world.said()[-1] == "re: closed"


class TestCancelling:
    async def test_the_dialogue_may_cancel_it(self, world: World) -> None:
        await world.user_says("default")
        await world.user_says("never mind")
        await world.wait(SECOND)

        assert world.ends() == ["cancelled"]
        assert world.said()[-2:] == ["as you wish", "re: cancelled"]
        await world.wait(HOUR)
        assert world.calls("pass_control") == 0

    # As YAML 1.2 reads yes, a template writes a slot, and other languages write a flag.
    @pytest.mark.parametrize("yes", ["yes", "True", "true", 1])
    async def test_the_wish_may_be_written_in_other_ways(self, world: World, yes: object) -> None:
        world.script.answers["no"] = [{"custom": {"handover": {"cancel": yes}}}]
        await world.user_says("no")
        assert await world.store.open_session(ANNA) is None

        await world.user_says("default")
        await world.user_says("no")
        await world.wait(SECOND)
        assert world.ends() == ["cancelled"]

    @pytest.mark.parametrize("no", ["no", "False", "false", 0])
    async def test_what_says_no_is_a_wish_for_a_person(self, world: World, no: object) -> None:
        world.script.answers["hello"] = [{"custom": {"handover": {"cancel": no}}}]
        await world.user_says("hello")
        assert await world.store.open_session(ANNA) is not None

    async def test_without_one_that_waits_nothing_happens(self, world: World) -> None:
        await world.user_says("never mind")
        assert (world.said(), world.ends()) == (["as you wish"], [])

    async def test_one_that_an_agent_has_goes_on(self, world: World) -> None:
        world.script.answers["sales"] = [by_plan("sales"), CANCEL]
        await world.user_says("sales")
        assert (await world.session()).state is State.ACTIVE

    async def test_an_operator_may_end_it(self, world: World) -> None:
        await world.user_says("default")
        assert await world.operator_asks()
        await world.wait(SECOND)
        assert world.ends() == ["operator_request"]
        assert world.calls("take_control") == 0

    async def test_what_is_kept_can_be_forgotten_after_it(self, world: World) -> None:
        await world.user_says("default")
        assert await world.engine.operations.forget(ANNA.user) is None
        await world.user_says("never mind")
        await world.wait(SECOND)
        assert await world.engine.operations.forget(ANNA.user)
        assert await world.store.open_session(ANNA) is None


class TestAnotherPlan:
    async def test_one_that_is_open_is_made_at_once(self, world: World) -> None:
        await world.user_says("default")
        await world.user_says("sales")

        assert world.graph.threads[ANNA] == SALES
        [replaced] = await ended(world)
        assert (replaced.reason, replaced.plan.name) == (EndReason.CANCELLED, "default")
        assert world.ends() == []
        await world.wait(HOUR)
        assert world.calls("pass_control") == 1

    async def test_one_that_waits_waits_in_its_place(self, world: World) -> None:
        await world.user_says("default")
        await world.user_says("late")
        session = await world.session()
        assert (session.plan.name, session.state) == ("late", State.WAITING)
        await world.wait(HOUR)
        assert world.calls("pass_control") == 0
        await world.wait(HOUR * 7)
        assert world.graph.threads[ANNA] == INBOX

    async def test_one_that_is_unknown_does_not_end_the_wait(self, world: World) -> None:
        world.script.answers["third"] = [by_plan("third")]
        await world.user_says("default")
        await world.user_says("third")
        assert (await world.session()).plan.name == "default"

    async def test_its_own_plan_is_made_at_once_where_it_is_open_by_now(self, world: World) -> None:
        await world.user_says("default")
        await world.kill()
        world.section["plans"] = {"default": {"timeout": "30m"}}
        await world.start()
        await world.user_says("default")
        assert world.graph.threads[ANNA] == INBOX


class TestSomebodyIsEarly:
    async def test_who_takes_the_thread_ends_the_wait(self, world: World) -> None:
        await world.user_says("default")
        waiting = await world.session()
        world.graph.threads[ANNA] = INBOX
        await world.operator_says("Good morning")
        await world.wait(SECOND)

        session = await world.session()
        assert (session.id, session.state) == (waiting.id, State.ACTIVE)
        assert session.operator_messages == 1
        assert world.heard() == ["default", "EXTERNAL: handover_started"]
        await world.wait(HOUR)
        assert world.calls("pass_control") == 0

    async def test_what_the_user_writes_to_them_is_heard(self, world: World) -> None:
        await world.user_says("default")
        world.graph.threads[ANNA] = INBOX
        await world.user_says("is it you?")
        assert (await world.session()).user_messages == 1
        await world.user_says("menu")
        assert world.ends() == ["keyword"]

    async def test_an_app_that_asks_for_the_thread_gets_it(self, world: World) -> None:
        await world.user_says("default")
        await world.wait(SECOND)
        await world.deliver(asks(world, SALES))

        assert world.graph.threads[ANNA] == SALES
        assert (await world.session()).owner_app == SALES
        assert world.heard() == ["default", "EXTERNAL: handover_started"]


class TestMetaDoesNotLetUs:
    async def test_one_that_is_refused_ends_as_failed_and_the_user_hears_it(
        self, world: World
    ) -> None:
        world.graph.fail("pass_control", GraphRefused("No such app"))
        await world.user_says("default")
        await world.wait(HOUR)
        assert world.ends() == ["failed"]
        assert world.said()[-1] == "re: failed"

    async def test_the_bot_talks_while_meta_throttles_the_pass(self, world: World) -> None:
        limit = timedelta(minutes=20)
        world.graph.fail("pass_control", GraphThrottled("Too many calls", retry_after=limit))
        await world.user_says("default")
        await world.wait(HOUR)
        await world.user_says("hello")
        assert world.heard()[-1] == "hello"
        await world.wait(limit)
        await world.wait(SECOND)
        assert world.said()[-1] == "re: hello"
        assert world.graph.threads[ANNA] == INBOX
        assert world.ends() == []

    async def test_a_pass_without_an_answer_is_looked_up(self, world: World) -> None:
        await world.user_says("default")
        world.graph.fail("pass_control", GraphTimeout("No answer"))
        await world.wait(HOUR)
        await world.wait(MINUTE)
        assert world.graph.threads[ANNA] == INBOX

    async def test_a_thousand_that_wait_are_all_passed(self, world: World) -> None:
        crowd = [Thread(page=PAGE, user=str(5000 + number)) for number in range(1000)]
        for thread in crowd:
            await world.engine.intake.accept([world.message("default", thread)])
        await world.settle()
        assert len(await world.store.open_sessions(limit=2000)) == 1000
        await world.wait(HOUR)
        await world.wait(SECOND)
        assert {world.graph.threads.get(thread) for thread in crowd} == {INBOX}
