"""Events that come late, twice, or in another order than they happened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.core.events import Array, Event
from channels.core.plans import Plan
from channels.core.sessions.session import Cause, State
from channels.core.sessions.transitions import opening
from channels.store.protocol import CLAIM_LEASE
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, TIMEOUT, World


async def stays_with_the_agent(world: World) -> None:
    """Nothing has ended, nothing was said, and the agent has the thread."""
    session = await world.session()
    assert session.state is State.ACTIVE
    assert world.heard() == ["human"]
    assert world.said() == []
    assert world.graph.threads[ANNA] == INBOX


# Events of the time before the handover


async def test_a_message_from_before_the_cause_that_comes_late_ends_nothing(
    world: World,
) -> None:
    early = world.message("wait, one more thing")
    await world.hand_over()
    await world.deliver(early)

    await stays_with_the_agent(world)


async def test_a_tap_from_before_the_cause_that_comes_late_is_kept_with_what_agents_read(
    world: World,
) -> None:
    early = world.postback(title="Back", payload="/back")
    await world.hand_over()
    await world.deliver(early)

    await stays_with_the_agent(world)
    assert (await world.session()).user_messages == 1


async def test_a_message_from_before_the_cause_is_no_keyword(world: World) -> None:
    early = world.message("menu", array=Array.STANDBY)
    await world.hand_over()
    await world.deliver(early)

    await stays_with_the_agent(world)


async def test_a_message_that_came_while_control_was_passed_is_for_the_agent(
    world: World,
) -> None:
    await world.wait(SECOND)
    human = world.message("human")
    world.clock.advance(SECOND)
    await world.deliver(human, world.message("hurry up", received_at=world.clock.now()))
    await world.wait(SECOND)
    world.graph.sent.clear()

    await stays_with_the_agent(world)
    session = await world.session()
    assert session.user_messages == 1


async def test_an_old_pass_of_control_ends_nothing(world: World) -> None:
    await world.hand_over()
    old = world.control_passed()
    await world.agent_returns()
    await world.user_says("human")
    world.graph.sent.clear()
    await world.deliver(old)

    assert world.ends() == ["agent_returned"]
    assert world.graph.threads[ANNA] == INBOX
    assert len(await world.store.open_sessions(limit=9)) == 1


async def test_a_pass_of_control_to_another_app_ends_nothing(world: World) -> None:
    await world.hand_over()
    await world.deliver(world.control_passed(previous_owner=BOT, new_owner=INBOX))

    await stays_with_the_agent(world)


async def test_an_app_that_the_agent_passes_the_thread_on_to_is_the_session_s_owner(
    world: World,
) -> None:
    await world.hand_over()
    await world.deliver(world.control_passed(previous_owner=INBOX, new_owner="777"))

    assert (await world.session()).owner_app == "777"


async def test_an_operator_s_message_after_the_end_changes_nothing(world: World) -> None:
    await world.hand_over()
    late = world.echo("Good bye")
    await world.agent_returns()
    await world.deliver(late)

    assert world.heard() == ["human", "<agent_returned>"]
    assert world.said() == ["re: agent_returned"]


async def test_a_keyword_that_comes_after_the_end_is_not_answered_twice(world: World) -> None:
    await world.hand_over()
    on_standby = world.message("menu")
    await world.agent_returns()
    await world.deliver(on_standby)

    assert world.heard() == ["human", "<agent_returned>"]


async def test_a_return_that_comes_before_the_operator_s_last_words_ends_the_handover(
    world: World,
) -> None:
    await world.hand_over()
    last_words = world.echo("I give you back")
    world.graph.threads[ANNA] = BOT
    await world.deliver(world.control_passed(), last_words)

    assert world.ends() == ["agent_returned"]


# An event that says that the thread is ours, of which Meta is asked whether it still holds


@pytest.mark.parametrize("owner", [BOT, None])
async def test_a_message_to_us_ends_what_meta_calls_ours(world: World, owner: str | None) -> None:
    await world.hand_over()
    world.graph.threads[ANNA] = owner
    await world.user_says("hello?")

    assert world.calls("owner") == 1
    assert world.said() == ["re: agent_released", "re: hello?"]


@pytest.mark.parametrize("since_the_pass", [timedelta(), timedelta(minutes=1)])
async def test_a_message_to_us_ends_nothing_that_the_agent_has(
    world: World, since_the_pass: timedelta
) -> None:
    await world.hand_over()
    await world.wait(since_the_pass)
    await world.deliver(world.message("hello?", array=Array.MESSAGING))

    assert world.calls("owner") == 1
    await stays_with_the_agent(world)


async def test_a_return_that_comes_after_the_agent_has_taken_the_thread_again_ends_nothing(
    world: World,
) -> None:
    await world.hand_over()
    await world.deliver(world.control_passed())

    assert world.calls("owner") == 1
    await stays_with_the_agent(world)


async def test_with_routing_off_a_message_to_us_proves_nothing() -> None:
    world = World(routing="off")
    await world.start()
    await world.hand_over()
    await world.deliver(world.message("hello?", array=Array.MESSAGING))

    await stays_with_the_agent(world)
    assert world.calls("owner") == 0


async def test_with_routing_off_a_keyword_ends_the_handover_as_on_standby() -> None:
    world = World(routing="off")
    await world.start()
    await world.hand_over()
    await world.deliver(world.message("menu", array=Array.MESSAGING))

    assert world.said() == ["re: keyword"]


# Duplicates


@pytest.mark.parametrize("text", ["hello", "human"])
async def test_an_event_that_comes_again_is_handled_once(world: World, text: str) -> None:
    await world.wait(SECOND)
    event = world.message(text)
    await world.deliver(event, event)
    await world.deliver(event)

    assert world.heard() == [text]
    assert world.calls("send") == 1


async def test_events_of_a_handover_that_come_again_after_it_change_nothing(
    world: World,
) -> None:
    await world.hand_over()
    events: list[Event] = [world.echo("menu"), world.message("menu")]
    await world.deliver(*events)
    assert world.ends() == ["keyword"]
    await world.deliver(*events)
    await world.wait(TIMEOUT)

    assert world.heard() == ["human", "<keyword>"]
    assert world.said() == ["re: keyword"]


# Without a session, and while one begins


async def test_a_thread_that_an_operator_took_becomes_a_session_and_returns_by_keyword(
    world: World,
) -> None:
    world.graph.threads[ANNA] = INBOX
    await world.operator_says("Good day")
    await world.user_says("menu")

    assert world.heard() == ["EXTERNAL: handover_started", "<keyword>"]


async def test_what_the_user_writes_to_whoever_took_the_thread_is_heard(world: World) -> None:
    """It is what shows that the thread was taken, and it is no older than the session that it
    begins.
    """
    world.graph.threads[ANNA] = INBOX
    await world.user_says("hello")
    assert (await world.session()).user_messages == 1


async def test_a_keyword_to_whoever_took_the_thread_ends_the_session_that_it_begins(
    world: World,
) -> None:
    world.graph.threads[ANNA] = INBOX
    await world.user_says("menu")
    assert world.heard() == ["EXTERNAL: handover_started", "<keyword>"]


async def test_what_was_said_on_standby_and_comes_after_the_end_takes_nothing(
    world: World,
) -> None:
    world.graph.threads[ANNA] = BOT
    await world.operator_says("Good day")

    assert world.heard() == []


async def test_a_user_s_message_during_the_turn_that_hands_over_waits_for_it(
    world: World,
) -> None:
    world.script.answers["human"] = ["connecting", HANDOVER]
    await world.wait(SECOND)
    await world.deliver(world.message("human"), world.message("and hurry", at=world.clock.now()))

    assert world.heard() == ["human"]
    assert world.said() == ["connecting"]


async def test_an_opening_is_left_to_the_worker_that_is_at_it(world: World) -> None:
    """Settling it as well would pass the thread a second time, maybe after its end."""
    cause = Cause(at=world.clock.now(), key="another worker's turn")
    plan = Plan(name="default")
    begun = opening(thread=ANNA, plan=plan, cause=cause, now=world.clock.now())
    claimed_until = world.clock.now() + CLAIM_LEASE
    assert await world.store.add_session(begun, claim_until=claimed_until)
    await world.engine.output().send_response(ANNA.user, HANDOVER)
    await world.settle()

    assert world.calls("owner") == world.calls("pass_control") == 0
    assert (await world.session()).state is State.OPENING


async def test_a_tap_on_the_bot_s_menu_after_a_silent_release_is_answered_at_once(
    world: World,
) -> None:
    await world.hand_over()
    world.graph.threads[ANNA] = None
    await world.deliver(world.postback(title="Orders", payload="/orders"))

    assert world.ends() == ["agent_released"]
    assert world.said() == ["re: agent_released", "re: /orders"]


async def test_a_tap_on_an_old_button_of_the_bot_s_is_heard_while_the_agent_has_the_thread(
    world: World,
) -> None:
    await world.hand_over()
    tap = world.postback(title="Orders", payload="/orders", array=Array.MESSAGING)
    await world.deliver(tap)

    await stays_with_the_agent(world)
    assert (await world.session()).user_messages == 1
