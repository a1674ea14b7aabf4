"""Whatever Meta does: an action runs once, and what is said arrives once, in order.

The assistant places orders (`tests/fixtures/order_assistant`); its action writes a line for each
time that it has run, and one of its responses has three variations.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from async_timeout import timeout

from channels.instruments.suspects import MOST_DEATHS
from demo.processes import ProcessFailed
from demo.stack import Stack
from tests.fixtures.order_assistant.poisoned import POISON, STATUS
from tests.stack.acceptance.conversation import Conversation
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.training import trained_model

ASSISTANT = Path(__file__).parents[3] / "fixtures" / "order_assistant"
ACTIONS = "tests.fixtures.order_assistant.order_actions"
ORDERED = ["I place your order.", "Thank you!"]
CONFIRMED = "Confirmed: "
LAST = "Enjoy your meal!"
Another = Callable[[], Awaitable[Conversation]]
MOST_TURNS = 20
LIMIT = timedelta(seconds=40)  # shorter than a claim of a worker that is dead
TOO_MANY = {"code": 613, "message": "(#613) Calls to this api have exceeded the rate limit."}
EXPIRED = {"code": 190, "error_subcode": 463, "message": "The token has expired."}

pytestmark = pytest.mark.timeout(900)  # it waits out what lasts for half a minute


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("orders") / "orders.txt"
    file.touch()
    return file


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(
    stacks: Stacks, orders: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    files = shutil.copytree(ASSISTANT, tmp_path_factory.mktemp("ordering") / "assistant")
    model = await trained_model(stacks.forks, files)
    async with stacks.new("said", model=model) as running:
        running.run_actions(ACTIONS, ORDERS=str(orders))
        running.change_plan("default", timeout="10s")
        running.change_channel(max_turns=MOST_TURNS, turn_timeout="8s", on_failure="off")
        running.follow_the_clock()
        await running.start()
        yield running


@pytest.fixture
def another(stack: Stack, new_user_id: Callable[[], str]) -> Another:
    async def conversation() -> Conversation:
        user = new_user_id()
        await stack.platform.add_user(user, "Grace")
        return Conversation(stack, user)

    return conversation


async def fails(chat: Conversation, **fault: Any) -> None:
    """Let the user's next messages fail, until the faults are cleared."""
    call = {"path": "messages", "user": chat.user, "times": None, **fault}
    await chat.platform.call("POST", "faults", {"calls": call})


async def has_read_the_whole_answer_once(chat: Conversation, *before: str) -> None:
    said = await chat.hears(LAST, limit=LIMIT)
    *first, confirmed, last = said
    assert first == [*before, *ORDERED], said
    assert confirmed.startswith(CONFIRMED), said
    assert last == LAST, said


async def is_ordered_once(chat: Conversation, orders: Path) -> None:
    """The action ran once, and the user has read its whole answer, once and in order."""
    await has_read_the_whole_answer_once(chat)
    assert runs_for(chat, orders) == {"action_order": 1}


def runs_for(chat: Conversation, orders: Path) -> Counter[str]:
    lines = [line.split() for line in orders.read_text().splitlines()]
    return Counter(action for user, action in lines if user == chat.user)


async def until_run(chat: Conversation, orders: Path, action: str) -> None:
    async with timeout(LIMIT.total_seconds()):
        while True:
            if runs_for(chat, orders)[action]:
                return
            await asyncio.sleep(0.05)


def set_aside(stack: Stack) -> int:
    """How many turns have been given up for good."""
    return stack.rasa.output.count("An event is set aside for good.")


async def test_sends_that_are_refused_for_half_a_minute(
    stack: Stack, another: Another, orders: Path
) -> None:
    throttled, down = await another(), await another()
    await fails(throttled, error=TOO_MANY)
    await fails(down, status=503)
    for chat in (throttled, down):
        await chat.says("order a pizza")
        await chat.has_called("messages")
    await asyncio.sleep(30)
    await stack.platform.call("DELETE", "faults")
    for chat in (throttled, down):
        await is_ordered_once(chat, orders)


async def test_a_send_that_takes_twenty_seconds(another: Another, orders: Path) -> None:
    slow, slow_and_done = await another(), await another()
    await fails(slow, latency_ms=20_000, times=1)
    await fails(slow_and_done, latency_ms=20_000, perform=True, times=1)
    for chat in (slow, slow_and_done):
        await chat.says("order a pizza")
    for chat in (slow, slow_and_done):
        await is_ordered_once(chat, orders)


async def test_a_kill_at_each_step(stack: Stack, another: Another, orders: Path) -> None:
    in_its_turn, refused, on_its_way, answered = [await another() for _ in range(4)]
    await answered.says("order a pizza")
    await is_ordered_once(answered, orders)
    await fails(refused, error=TOO_MANY)
    await refused.says("order a pizza")
    await refused.is_refused("messages")
    await fails(on_its_way, latency_ms=8_000, perform=True, times=1)
    await on_its_way.says("order a pizza")
    await on_its_way.hears(ORDERED[0])  # Meta has delivered it, and has not said so yet
    await in_its_turn.says("order a cake")
    await until_run(in_its_turn, orders, "action_order_slowly")

    await stack.rasa.kill()
    await stack.platform.call("DELETE", "faults")
    await stack.start_rasa()

    for chat in (answered, refused, on_its_way):
        await is_ordered_once(chat, orders)
    await has_read_the_whole_answer_once(in_its_turn)  # though Rasa runs its action once more


async def test_a_token_that_is_dead_for_an_hour(
    stack: Stack, another: Another, orders: Path
) -> None:
    chat = await another()
    await fails(chat, error=EXPIRED)
    await chat.says("order a pizza")
    await chat.is_refused("messages")
    await stack.platform.call("POST", "clock", {"advance_seconds": 3_600})
    await stack.platform.call("DELETE", "faults")
    await is_ordered_once(chat, orders)


async def test_a_follow_up_that_is_refused(stack: Stack, another: Another, orders: Path) -> None:
    chat = await another()
    await chat.says("talk to a person")
    await chat.is_owned_by(stack.platform.inbox_app_id)
    await fails(chat, error=TOO_MANY)
    await chat.is_refused("messages")
    await asyncio.sleep(5)
    await stack.platform.call("DELETE", "faults")
    await has_read_the_whole_answer_once(chat, *ORDERED)
    assert runs_for(chat, orders) == {"action_order": 1, "action_note_the_end": 1}


async def test_trackers_that_can_t_be_saved_for_a_while(
    stack: Stack, another: Another, orders: Path
) -> None:
    chat = await another()
    trackers = sqlite3.connect(stack.credentials.parent / "tracker.db", isolation_level=None)
    trackers.execute("BEGIN IMMEDIATE")  # whoever reads may go on
    await chat.says("order a pizza")
    await until_run(chat, orders, "action_order")
    await asyncio.sleep(8)  # longer than a tracker store waits for its database
    trackers.close()
    await is_ordered_once(chat, orders)
    await chat.says("order two pizzas")
    await chat.hears_times(2, LAST, limit=LIMIT)


async def test_eighty_turns_that_hang(stack: Stack, another: Another, orders: Path) -> None:
    """An end that is due meanwhile waits for none of them, and who comes after them is answered."""
    handed_over, late, *hanging = [await another() for _ in range(82)]
    await handed_over.says("talk to a person")
    await handed_over.is_owned_by(stack.platform.inbox_app_id)
    for chat in hanging:
        await chat.says("hang for ever")
    await late.says("order a pizza")
    await handed_over.hears(LAST)
    # Behind them, it would have had to wait until the last of them had a place.
    assert set_aside(stack) <= len(hanging) - MOST_TURNS
    await is_ordered_once(late, orders)
    async with timeout(LIMIT.total_seconds()):
        while True:
            if set_aside(stack) == len(hanging):
                return
            await asyncio.sleep(0.1)


async def test_a_message_that_ends_the_process(
    stack: Stack, another: Another, orders: Path
) -> None:
    """It is set aside after three deaths, and what its user has written after it is answered."""
    chat = await another()
    # One POST, so that both are recorded before the first death.
    batch = {"app_id": stack.platform.bot.id, "batch": 2}
    await stack.platform.call("POST", "faults", {"webhooks": batch})
    await chat.says(POISON)
    await chat.says("order a pizza")
    for _ in range(MOST_DEATHS):
        assert await stack.rasa.exit_code() == STATUS
        with suppress(ProcessFailed):  # it may end before it has said that it is there
            await stack.start_rasa()
    await is_ordered_once(chat, orders)
    assert f"has ended the process {MOST_DEATHS} times" in stack.rasa.output


async def test_a_pass_that_ends_the_process(stack: Stack, another: Another) -> None:
    """The handover fails after three deaths, and the user hears the follow-up."""
    chat = await another()
    hanging = {"path": "pass_thread_control", "latency_ms": 60_000, "perform": False}
    await fails(chat, **hanging, times=MOST_DEATHS)
    await chat.says("talk to a person")
    await dies_at_call(stack, 1)
    for call in range(2, MOST_DEATHS + 1):
        with suppress(ProcessFailed):  # it may end before it has said that it is there
            await asyncio.gather(stack.start_rasa(), dies_at_call(stack, call))
    await stack.start_rasa()
    await chat.hears(LAST, limit=LIMIT)
    assert f"not be made: it has ended the process {MOST_DEATHS} times" in stack.rasa.output
    assert await chat.calls("pass_thread_control") == []  # Meta has answered none


async def dies_at_call(stack: Stack, number: int) -> None:
    """Wait until so many of MOST_DEATHS calls that hang have reached Meta, and kill the bot."""
    async with timeout(LIMIT.total_seconds()):
        while True:
            left = (await stack.platform.call("GET", "faults"))["calls"]
            if sum(fault["times"] for fault in left) == MOST_DEATHS - number:
                break
            await asyncio.sleep(0.05)
    await stack.rasa.kill()


async def test_a_response_hands_over_while_there_is_no_action_server(
    stack: Stack, another: Another
) -> None:
    chat = await another()
    await stack.actions.kill()
    await chat.says("a person at once")
    await chat.is_owned_by(stack.platform.inbox_app_id)
    assert await chat.bot_said() == ["I'm connecting you to a person."]
