"""What becomes of events and of ends when Rasa raises, or is not there yet."""

from __future__ import annotations

import pytest

from channels.core.events import Thread
from channels.core.sessions import State
from channels.store.protocol import DEAD_AFTER_FAILURES
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, INBOX, SECOND, TIMEOUT, World

BROKEN = RuntimeError("Rasa is broken")


async def test_a_turn_that_fails_is_tried_again_and_repeats_nothing(world: World) -> None:
    world.script.once["hello"] = [["one", "two", BROKEN]]
    world.script.answers["hello"] = ["one", "two", "three"]
    await world.user_says("hello")
    await world.wait(SECOND)

    assert world.said() == ["one", "two", "three"]
    assert world.heard() == ["hello"]


async def test_a_turn_that_takes_another_course_the_second_time_is_said_whole(
    world: World,
) -> None:
    world.script.once["hello"] = [["one", "two", BROKEN]]
    world.script.answers["hello"] = ["one", "2", "two"]
    await world.user_says("hello")
    await world.wait(SECOND)

    assert world.said() == ["one", "two", "2", "two"]


async def test_an_event_that_always_fails_is_set_aside_and_the_next_one_is_handled(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.script.answers["break"] = [BROKEN]
    await world.deliver(world.message("break"), world.message("hello"))
    for _ in range(DEAD_AFTER_FAILURES - 1):
        assert world.said() == []
        await world.wait(SECOND)

    assert world.heard() == ["hello"]
    assert world.said() == ["re: hello"]
    assert "set aside for good" in caplog.text
    assert "break" not in [record.getMessage() for record in caplog.records]


async def test_an_event_that_fails_does_not_hold_up_another_user(world: World) -> None:
    ben = Thread(page=ANNA.page, user="2002")
    world.script.answers["break"] = [BROKEN]
    await world.deliver(world.message("break"), world.message("hello", ben))

    assert world.said(ben) == ["re: hello"]


async def test_a_turn_that_fails_after_its_handover_is_whole_in_the_tracker(
    world: World,
) -> None:
    world.script.once["human"] = [["connecting", HANDOVER, BROKEN]]
    await world.user_says("human")
    await world.wait(SECOND)

    assert world.heard() == ["human"]
    assert world.said() == ["connecting"]
    assert world.calls("pass_control") == 1


async def test_a_follow_up_that_fails_is_repeated_until_rasa_has_heard_it(
    world: World,
) -> None:
    await world.hand_over()
    world.script.once["keyword"] = [[BROKEN], ["one", BROKEN], ["one", BROKEN]]
    world.script.answers["keyword"] = ["one", "two"]
    await world.user_says("menu")
    for _ in range(10):
        await world.wait(SECOND)

    assert world.ends() == ["keyword"]
    assert world.said() == ["one", "two"]
    assert await world.store.open_session(ANNA) is None


async def test_while_rasa_does_not_hear_of_the_end_the_session_does_not_end(
    world: World,
) -> None:
    session = await world.hand_over()
    world.script.answers["timeout"] = [BROKEN]
    for _ in range(5):
        await world.wait(TIMEOUT)

    ending = await world.store.session(session.id)
    assert ending is not None
    assert ending.state is State.ENDING

    world.script.answers["timeout"] = ["back"]
    await world.wait(TIMEOUT)
    assert world.ends() == ["timeout"]
    assert world.said() == ["back"]


async def test_an_end_that_rasa_has_not_heard_of_comes_before_the_user_s_next_message(
    world: World,
) -> None:
    await world.hand_over()
    world.script.once["agent_returned"] = [[BROKEN]]
    await world.agent_returns()
    await world.deliver(world.message("hello"))
    assert world.heard() == ["human"]

    await world.wait(SECOND)
    assert world.heard() == ["human", "<agent_returned>", "hello"]


async def test_a_start_that_rasa_can_t_hear_of_does_not_keep_the_handover_from_its_end(
    world: World,
) -> None:
    world.script.answers["EXTERNAL: handover_started"] = [BROKEN]
    world.graph.threads[ANNA] = INBOX
    await world.user_says("is anybody there?")
    for _ in range(30):
        assert world.ends() == []
        await world.wait(TIMEOUT / 30)

    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]
    assert await world.store.open_session(ANNA) is None


async def test_events_wait_for_a_model(world: World) -> None:
    world.script.is_ready = False
    await world.user_says("hello")
    for _ in range(10):
        await world.wait(TIMEOUT)
    assert world.heard() == []

    world.script.is_ready = True
    await world.wait(SECOND)
    assert world.said() == ["re: hello"]


async def test_a_handover_ends_while_there_is_no_model_and_rasa_hears_of_it_later(
    world: World,
) -> None:
    await world.hand_over()
    world.script.is_ready = False
    for _ in range(10):
        await world.wait(TIMEOUT)
    assert world.calls("take_control") == 1

    world.script.is_ready = True
    await world.wait(TIMEOUT)
    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]
