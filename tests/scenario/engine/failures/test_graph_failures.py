"""What becomes of a turn and of a handover when Meta refuses, or does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from channels.core.errors import (
    LONGEST_LIMIT,
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NoSuchUser,
    NotThreadOwner,
    TokenRefused,
    UserUnreachable,
)
from channels.core.events import Array, Thread
from channels.core.sessions.session import State
from tests.fakes.graph import MemoryGraph
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.wire import Wire
from tests.scenario.world import ANNA, INBOX, SECOND, TIMEOUT, World

DOWN = GraphUnavailable("Graph is down")
HOUR = timedelta(hours=1)


class SilentGraph(MemoryGraph):
    """Passes control and never says so."""

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        await super().pass_control(thread, app_id=app_id, metadata=metadata)
        raise GraphTimeout("Graph did not answer in time")


@pytest.fixture
async def silent_world() -> AsyncIterator[World]:
    world = World(graph=SilentGraph)
    await world.start()
    yield world
    await world.kill()


# Passing control


@pytest.mark.parametrize("error", [DOWN, GraphTimeout("No answer"), TokenRefused("Bad token")])
async def test_a_handover_that_meta_does_not_make_fails_and_is_told(
    world: World, error: GraphError
) -> None:
    world.graph.fail("pass_control", error, times=999)
    await world.user_says("human")
    for _ in range(100):
        await world.wait(SECOND)

    assert world.heard() == ["human", "<failed>"]
    assert world.said() == ["connecting", "re: failed"]


async def test_a_handover_that_meta_does_not_make_at_once_is_made_a_moment_later(
    world: World,
) -> None:
    world.graph.fail("pass_control", DOWN, times=2)
    await world.user_says("human")
    for _ in range(5):
        await world.wait(SECOND)

    assert world.graph.threads[ANNA] == INBOX
    assert (await world.session()).state is State.ACTIVE


async def test_a_handover_that_was_made_without_an_answer_is_found_out(
    silent_world: World,
) -> None:
    silent_world.script.answers["human"] = ["connecting", HANDOVER, "one more thing"]
    await silent_world.user_says("human")
    await silent_world.wait(2 * SECOND)

    assert silent_world.calls("pass_control") == 1
    assert (await silent_world.session()).state is State.ACTIVE
    assert silent_world.said() == ["connecting"]


async def test_what_follows_a_refused_handover_in_its_turn_is_not_said(world: World) -> None:
    world.script.answers["human"] = ["connecting", HANDOVER, "one more thing"]
    world.graph.fail("pass_control", GraphRefused("No such app"))
    await world.user_says("human")

    assert world.said() == ["connecting", "re: failed"]


async def test_the_user_s_next_message_waits_for_the_follow_up_of_a_failed_handover(
    world: World,
) -> None:
    world.graph.fail("pass_control", GraphRefused("No such app"))
    a_moment_later = world.clock.now() + timedelta(milliseconds=1)
    await world.deliver(world.message("human"), world.message("hello?", at=a_moment_later))
    await world.wait(SECOND)

    assert world.heard() == ["human", "<failed>", "hello?"]


async def test_what_the_user_writes_while_a_pass_keeps_failing_is_answered_after_it(
    world: World,
) -> None:
    world.graph.fail("pass_control", DOWN, times=999)
    await world.user_says("human")
    await world.user_says("hello?")
    for _ in range(100):
        await world.wait(SECOND)

    assert world.heard() == ["human", "<failed>", "hello?"]
    assert world.said() == ["connecting", "re: failed", "re: hello?"]


async def test_a_thread_that_somebody_took_meanwhile_counts_as_handed_over(world: World) -> None:
    world.graph.fail("pass_control", NotThreadOwner("Another app has it"))
    await world.user_says("human")

    assert (await world.session()).state is State.ACTIVE


# Turns


async def test_a_turn_that_graph_cuts_short_goes_on_where_it_was(world: World) -> None:
    world.script.answers["hello"] = ["one", "two", "three"]
    world.script.once["hello"] = [["one", DOWN]]
    await world.user_says("hello")
    assert world.said() == ["one"]

    await world.wait(SECOND)
    assert world.said() == ["one", "two", "three"]
    assert world.heard() == ["hello"]


async def test_a_rate_limit_is_waited_for_before_a_turn_goes_on(world: World) -> None:
    world.graph.fail("send", GraphThrottled("Slow down", retry_after=HOUR))
    await world.user_says("hello")
    await world.wait(LONGEST_LIMIT - SECOND)
    assert world.calls("send") == 1

    await world.wait(SECOND)
    assert world.said() == ["re: hello"]


async def test_a_message_that_comes_too_soon_for_one_user_closes_no_page_and_waits_as_long(
    world: World,
) -> None:
    world.graph.fail("send", GraphThrottled("Too many to this user", retry_after=3 * SECOND))
    await world.user_says("hello")
    await world.wait(2 * SECOND)
    assert world.graph.closed_page(ANNA.page) is None
    assert world.calls("send") == 1

    await world.wait(SECOND)
    assert world.said() == ["re: hello"]


async def test_an_owner_that_comes_in_the_middle_of_a_turn_ends_what_the_bot_says(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.script.answers["hello"] = ["one", {"text": "two", "utter_action": "utter_two"}, "three"]
    world.graph.fail("send", NotThreadOwner("Another app has it"))
    await world.user_says("hello")

    assert world.calls("send") == 1
    assert world.heard() == ["hello", "EXTERNAL: handover_started"]
    assert "utter_two was not sent, because another app controls the thread" in caplog.text


async def test_an_owner_that_comes_before_a_handover_of_the_turn_ends_what_the_bot_says(
    world: World,
) -> None:
    world.script.answers["human"] = ["one moment", "connecting", HANDOVER]
    world.graph.fail("send", NotThreadOwner("Another app has it"))
    await world.user_says("human")

    assert (world.calls("send"), world.said()) == (1, [])
    assert (await world.session()).state is State.ACTIVE


async def test_outside_the_window_what_the_bot_says_is_held_until_the_user_writes(
    world: World,
) -> None:
    world.graph.closed_windows.add(ANNA)
    await world.user_says("hello")
    assert (world.said(), world.heard()) == ([], ["hello"])

    world.graph.closed_windows.clear()
    await world.wait(HOUR)
    assert world.said() == []
    await world.user_says("are you there?")
    assert world.said() == ["re: hello", "re: are you there?"]


async def test_what_a_user_can_t_receive_is_dropped_and_is_nobody_s_fault(
    world: World, errors: Callable[[], list[str]]
) -> None:
    world.graph.fail("send", UserUnreachable("Blocked", code=551))
    await world.user_says("hello")
    await world.user_says("are you there?")

    assert world.said() == ["re: are you there?"]
    assert errors() == []
    assert await world.store.dead(limit=9) == []


async def test_what_another_page_s_token_can_t_send_is_set_aside(
    world: World, errors: Callable[[], list[str]]
) -> None:
    world.graph.fail("send", NoSuchUser("No matching user", code=100, subcode=2018001))
    await world.user_says("hello")

    assert len(errors()) == 1
    assert [one.error for one in await world.store.dead(limit=9)] == ["NoSuchUser 100/2018001"]


async def test_a_follow_up_outside_the_window_does_not_keep_the_session_open(
    world: World,
) -> None:
    await world.hand_over()
    world.graph.closed_windows.add(ANNA)
    await world.wait(TIMEOUT)

    assert world.ends() == ["timeout"]
    assert await world.store.open_session(ANNA) is None


# Questions


async def test_a_message_in_doubt_waits_until_meta_tells_the_owner(world: World) -> None:
    await world.hand_over()
    world.graph.fail("owner", DOWN, times=2)
    await world.deliver(world.message("hello?", array=Array.MESSAGING))
    assert world.heard() == ["human"]

    await world.wait(SECOND)
    await world.wait(SECOND)
    assert world.ends() == []
    assert world.graph.threads[ANNA] == INBOX


async def test_control_that_was_passed_before_a_crash_is_not_passed_again(world: World) -> None:
    await world.kill()
    await world.start(Wire(breaks_at="save_session"))
    await world.user_says("human")

    await world.replace_dead()
    assert world.calls("pass_control") == 1
    assert (await world.session()).state is State.ACTIVE


@pytest.mark.parametrize("error", [DOWN, GraphRefused("Not permitted")])
async def test_an_opening_that_a_crash_cut_short_is_settled_whatever_meta_tells_of_the_owner(
    world: World, error: GraphError
) -> None:
    await world.kill()
    await world.start(Wire(breaks_at="save_session"))
    await world.user_says("human")
    assert world.graph.threads[ANNA] == INBOX

    world.graph.fail("owner", error)
    await world.replace_dead()
    await world.wait(SECOND)
    assert (await world.session()).state is State.ACTIVE
    assert world.calls("send") == len(world.graph.sent)


async def test_an_echo_that_comes_between_two_tries_of_a_send_keeps_it_from_being_sent_again(
    world: World,
) -> None:
    world.graph.fail("send", GraphTimeout("No answer"))
    await world.user_says("hello")
    [sent] = [call for call in world.graph.calls if call.verb == "send"]
    await world.engine.intake.hear_echo(sent.arguments["mark"])
    for _ in range(10):
        await world.wait(SECOND)

    assert world.calls("send") == 1
    assert (await world.store.outgoing_backlog()).waiting == 0
