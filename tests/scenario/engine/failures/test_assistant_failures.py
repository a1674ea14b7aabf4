"""What becomes of events and of ends when Rasa raises, or is not there yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from channels.core.errors import StoreUnavailable
from channels.core.events import Thread
from channels.core.sessions.session import State
from channels.handover.telling_attempts import MOST_TELLINGS
from channels.store.protocol import DEAD_AFTER_FAILURES
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, INBOX, SECOND, TIMEOUT, World

BROKEN = RuntimeError("Rasa is broken")
MINUTE = 60 * SECOND


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


@pytest.mark.parametrize("broken_by", [asyncio.CancelledError(), GeneratorExit(), SystemExit()])
async def test_a_turn_that_is_broken_off_by_what_is_no_exception_fails_as_any_other(
    world: World, broken_by: BaseException
) -> None:
    world.script.answers["break"] = [broken_by]
    await world.deliver(world.message("break"), world.message("hello"))
    for _ in range(DEAD_AFTER_FAILURES):
        await world.wait(SECOND)

    assert world.said() == ["re: hello"]
    assert [one.error for one in await world.store.dead(limit=9)] == ["TurnBroken"]


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
    world.script.once["keyword"] = [[BROKEN], ["one", BROKEN]]
    world.script.answers["keyword"] = ["one", "two"]
    await world.user_says("menu")
    for _ in range(10):
        await world.wait(SECOND)

    assert world.ends() == ["keyword"]
    assert world.said() == ["one", "two"]
    assert await world.store.open_session(ANNA) is None


async def test_while_rasa_may_still_hear_of_the_end_the_session_does_not_end(
    world: World,
) -> None:
    session = await world.hand_over()
    world.script.once["timeout"] = [[BROKEN]] * (MOST_TELLINGS - 1)
    await world.wait(TIMEOUT)

    ending = await world.store.session(session.id)
    assert ending is not None
    assert ending.state is State.ENDING

    for _ in range(5):
        await world.wait(SECOND)
    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]


async def test_an_end_that_rasa_fails_at_for_good_is_untold_and_the_bot_goes_on_with_its_user(
    world: World, errors: Callable[[], list[str]]
) -> None:
    session = await world.hand_over()
    world.script.answers["agent_returned"] = [BROKEN]
    await world.agent_returns()
    await world.deliver(world.message("hello"), world.message("anybody?"))
    for _ in range(5):
        await world.wait(SECOND)

    assert world.said() == ["re: hello", "re: anybody?"]
    assert world.heard() == ["human", "hello", "anybody?"]
    ended = await world.store.session(session.id)
    assert ended is not None
    assert (ended.state, ended.is_untold) == (State.ENDED, True)
    assert await world.store.dead(limit=9) == []
    assert [error for error in errors() if "does not hear of a handover's end" in error]
    assert 'rasa_handover_untold_total{what="end"} 1.0' in world.engine.metrics.page().decode()


async def test_an_end_by_a_keyword_that_rasa_fails_at_costs_no_message_of_the_user_s(
    world: World,
) -> None:
    await world.hand_over()
    world.script.answers["keyword"] = [BROKEN]
    await world.user_says("menu")
    await world.user_says("hello")
    for _ in range(5):
        await world.wait(SECOND)

    assert world.said() == ["re: hello"]
    assert await world.store.dead(limit=9) == []


async def test_an_end_whose_turn_hangs_is_untold_in_the_end(world: World) -> None:
    await world.hand_over()
    world.script.answers["agent_returned"] = [asyncio.Event()]
    await world.agent_returns()
    await world.deliver(world.message("hello"))
    for _ in range(MOST_TELLINGS):
        await world.wait(MINUTE)
        await world.wait(5 * SECOND)

    assert world.said() == ["re: hello"]
    assert await world.store.open_session(ANNA) is None


async def test_that_rasa_s_stores_are_away_is_no_failure_at_the_end(world: World) -> None:
    await world.hand_over()
    world.script.once["agent_returned"] = [[StoreUnavailable("No tracker store")]] * 9
    await world.agent_returns()
    for _ in range(60):
        await world.wait(MINUTE)

    assert world.ends() == ["agent_returned"]


@pytest.mark.parametrize("cut", range(1, MOST_TELLINGS + 2))
async def test_an_end_that_ends_the_process_is_told_three_times_at_most(cut: int) -> None:
    world = World()
    await world.start()
    await world.hand_over()
    hung = asyncio.Event()
    world.script.once["agent_returned"] = [[hung]] * cut
    await world.agent_returns()
    for _ in range(cut):
        await world.kill()
        await world.replace_dead()
    await world.user_says("hello")

    is_told = cut < MOST_TELLINGS
    assert world.ends() == (["agent_returned"] if is_told else [])
    assert world.said()[-1] == "re: hello"
    await world.kill()


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


async def test_no_thread_is_taken_back_while_there_is_no_model_to_tell_of_it(
    world: World,
) -> None:
    await world.hand_over()
    world.script.is_ready = False
    for _ in range(10):
        await world.wait(TIMEOUT)
    assert world.calls("take_control") == 0

    world.script.is_ready = True
    await world.wait(SECOND)
    assert world.calls("take_control") == 1
    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]


async def test_no_thread_is_taken_back_while_all_places_for_ends_hang(world: World) -> None:
    world = World(max_turns=1)
    await world.start()
    ben = Thread(page=ANNA.page, user="2002")
    await world.hand_over()
    await world.hand_over(ben)
    world.script.once["keyword"] = [[asyncio.Event()]]
    await world.user_says("menu")
    await world.user_says("menu", ben)
    assert world.calls("take_control") == 1

    await world.wait(MINUTE)
    assert world.calls("take_control") == 2
    assert world.ends(ben) == ["keyword"]
    await world.kill()


@pytest.mark.parametrize("is_opened", [True, False])
async def test_what_ends_or_opens_a_session_waits_for_a_model(
    world: World, is_opened: bool
) -> None:
    world.graph.threads[ANNA] = INBOX
    if is_opened:
        await world.user_says("is anybody there?")
    world.script.is_ready = False
    await world.user_says("menu")
    for _ in range(5):
        await world.wait(MINUTE)
    assert world.ends() == []

    world.script.is_ready = True
    await world.wait(SECOND)
    assert world.ends() == ["keyword"]
    assert await world.store.dead(limit=9) == []


async def test_a_start_that_rasa_fails_at_costs_neither_the_operator_s_nor_the_user_s_words(
    world: World,
) -> None:
    world.script.answers["EXTERNAL: handover_started"] = [BROKEN]
    world.graph.threads[ANNA] = INBOX
    await world.operator_says("Good day")
    await world.user_says("is anybody there?")
    for _ in range(5):
        await world.wait(SECOND)

    session = await world.session()
    assert (session.operator_messages, session.user_messages) == (1, 1)
    assert session.is_announced
    assert await world.store.dead(limit=9) == []
