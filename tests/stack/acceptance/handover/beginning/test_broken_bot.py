"""Whatever becomes of the action server: whoever asks for a person gets one, and reads one
sentence.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta, timezone

import pytest
import pytest_asyncio

from demo.platform import WAIT_LIMIT
from demo.stack import Stack
from tests.stack.acceptance.ailing_actions import (
    AilingActions,
    Answer,
    ailing_actions,
    dies_meanwhile,
    hangs,
    is_late,
    says,
    stops_half_way,
)
from tests.stack.acceptance.conversation import CONNECTING, FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import ADMIN_TOKEN, Handovers, Rasa
from tests.stack.forks.forked_stack import Stacks

TURN_TIMEOUT = timedelta(seconds=20)  # longer than a turn takes on a busy machine
LIMIT = TURN_TIMEOUT + WAIT_LIMIT  # of a turn that is given up
PERSON = "I want to talk to a human"
OTHER_WORDS = "Could you say it in other words?"
HELLO = "I am the bot of this page"
MENU = "This is what I can do for you"
OPENS_ON = datetime.now(timezone.utc) + timedelta(days=2)
PAUSE = '{"event": "pause"}'
ASKS, HANDS_OVER = "action_handover_availability", "action_handover"
Names = tuple[str, ...]
NAMES: tuple[Names, ...] = ((), (HANDS_OVER,))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def actions(stack: Stack) -> AsyncIterator[AilingActions]:
    async with ailing_actions(f"http://127.0.0.1:{stack.actions_port}/webhook") as ailing:
        stack.call_actions_at(ailing.url)
        await stack.start()
        yield ailing


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    """It starts with `actions`."""
    async with stacks.new("broken") as running:
        seconds = int(TURN_TIMEOUT.total_seconds())
        running.change_channel(admin_token=ADMIN_TOKEN, turn_timeout=f"{seconds}s")
        hours = {f"{OPENS_ON:%a}": "10:00-11:00"}
        running.change_plan("sales", hours=hours, timezone="UTC")
        yield running


async def somebody(stack: Stack, user: str) -> Conversation:
    await stack.platform.add_user(user, "Grace")
    return Conversation(stack, user)


@pytest_asyncio.fixture(loop_scope="session")
async def chat(
    actions: AilingActions, stack: Stack, new_user_id: Callable[[], str]
) -> Conversation:
    """A conversation of a user whom nobody has met yet; the bot runs with `actions`."""
    del actions
    return await somebody(stack, new_user_id())


async def is_with_a_person_after_one_sentence(chat: Conversation, handovers: Handovers) -> None:
    await chat.is_owned_by(chat.platform.inbox_app_id, limit=LIMIT)
    await handovers.until(chat.user, "active")
    [said] = await chat.bot_said()
    assert CONNECTING in said


NOT_THERE = says('{"error": "No registered action found"}', status=404)
BROKEN: dict[str, Answer] = {
    "dies before it has answered": dies_meanwhile,
    "breaks off its answer": stops_half_way,
    "fails": says("Internal Server Error", status=500, content_type="text/plain"),
    "is a proxy whose server is away": says("<h1>Bad Gateway</h1>", content_type="text/html"),
    "does not know the action": NOT_THERE,
    "refuses it in no JSON": says("Bad Request", status=400, content_type="text/plain"),
    "answers no JSON": says("{"),
    "answers a list": says("[]"),
    "answers nothing at all": says(""),
    "answers null": says("null"),
    "answers an empty object": says("{}"),
    "answers with events that are none": says('{"events": [{"event": "what"}], "responses": []}'),
    "answers with responses that are none": says('{"events": [], "responses": [3]}'),
}
TURNS_TIME_OUT: dict[str, Answer] = {
    "hangs": hangs,
    "answers when the turn is over": is_late(TURN_TIMEOUT + timedelta(seconds=3)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def waiting(
    actions: AilingActions, stack: Stack, new_user_id: Callable[[], str]
) -> Mapping[tuple[str, Names], Conversation]:
    """Users who have asked for a person all at once, and whose turns will be given up."""
    users = {}
    for how, names in itertools.product(TURNS_TIME_OUT, NAMES):
        users[how, names] = await somebody(stack, new_user_id())
        actions.ails(users[how, names].user, TURNS_TIME_OUT[how], *names)
        await users[how, names].says(PERSON)
    return users


@pytest.mark.usefixtures("waiting")  # meanwhile
@pytest.mark.parametrize("names", NAMES, ids=["all", "the last"])
@pytest.mark.parametrize("how", BROKEN)
async def test_an_action_server_that(
    chat: Conversation,
    actions: AilingActions,
    handovers: Handovers,
    rasa: Rasa,
    how: str,
    names: Names,
) -> None:
    actions.ails(chat.user, BROKEN[how], *names)
    await chat.says(PERSON)
    await is_handed_over_by_the_channel(chat, handovers, rasa)


async def test_an_action_server_that_fails_in_a_turn_of_rasas_own(
    chat: Conversation, actions: AilingActions, handovers: Handovers, rasa: Rasa
) -> None:
    await chat.says("hello")
    await chat.hears(HELLO)
    actions.ails(chat.user, NOT_THERE)
    await rasa.trigger(chat.user, "ask_human")
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await handovers.until(chat.user, "active")
    assert sum(CONNECTING in said for said in await chat.bot_said()) == 1


@pytest.mark.parametrize("names", NAMES, ids=["all", "the last"])
@pytest.mark.parametrize("how", TURNS_TIME_OUT)
async def test_an_action_server_that_takes_too_long_since_it(
    waiting: Mapping[tuple[str, Names], Conversation],
    handovers: Handovers,
    rasa: Rasa,
    how: str,
    names: Names,
) -> None:
    await is_handed_over_by_the_channel(waiting[how, names], handovers, rasa)


async def is_handed_over_by_the_channel(
    chat: Conversation, handovers: Handovers, rasa: Rasa
) -> None:
    await is_with_a_person_after_one_sentence(chat, handovers)
    await rasa.texts(chat.user, until="<handover_started>")
    [beginning] = await rasa.beginnings(chat.user)
    assert beginning["opened_by"] == "bot_failed"


async def test_one_that_is_slow_is_waited_for(
    chat: Conversation, actions: AilingActions, handovers: Handovers, rasa: Rasa
) -> None:
    actions.ails(chat.user, is_late(timedelta(seconds=1)))
    await chat.says(PERSON)
    await is_with_a_person_after_one_sentence(chat, handovers)
    assert actions.called[chat.user] == [ASKS, HANDS_OVER]
    assert await rasa.beginnings(chat.user) == []


async def test_who_was_handed_over_by_an_action_that_pauses_rasa_comes_back(
    chat: Conversation, actions: AilingActions, handovers: Handovers
) -> None:
    handover = '{"custom": {"handover": {"plan": "default"}}}'
    actions.ails(chat.user, says(f'{{"events": [{PAUSE}], "responses": [{handover}]}}'), HANDS_OVER)
    await chat.is_handed_over(PERSON)
    await handovers.until(chat.user, "active")
    await chat.says("menu")
    await chat.hears("you are back with the bot", FEEDBACK)
    await handovers.until_ended(chat.user)


async def test_of_two_messages_that_are_not_understood_the_second_brings_a_person(
    chat: Conversation, handovers: Handovers
) -> None:
    await chat.says("asdf qwer")
    await chat.hears(OTHER_WORDS)
    await chat.says("qwer asdf zxcv")
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await handovers.until(chat.user, "active")
    rephrase, connecting = await chat.bot_said()
    assert OTHER_WORDS in rephrase
    assert CONNECTING in connecting


async def test_one_that_fails_promises_nobody_who_is_not_there(
    chat: Conversation, actions: AilingActions, handovers: Handovers
) -> None:
    actions.ails(chat.user, BROKEN["fails"])
    await chat.says("I want to talk to sales")
    closed, _ = await chat.hears("nobody from our team is available right now", MENU)
    assert f"They will be back on {OPENS_ON:%Y-%m-%d}, 10:00." in closed
    assert await handovers.of(chat.user) is None
    await chat.is_owned_by(chat.platform.bot.id)


async def test_one_that_hangs_promises_nobody_who_is_not_there(
    chat: Conversation, actions: AilingActions, handovers: Handovers, stack: Stack
) -> None:
    actions.ails(chat.user, hangs)
    stack.change_channel(on_failure="sales")
    await stack.rasa.stop()
    await stack.start_rasa()
    await chat.says("I want to talk to sales")
    closed, _ = await chat.hears(
        "nobody from our team is available at this time", MENU, limit=LIMIT
    )
    assert CONNECTING not in closed
    await handovers.until_ended(chat.user)
    await chat.is_owned_by(chat.platform.bot.id)


async def test_one_that_is_not_there(
    chat: Conversation, actions: AilingActions, handovers: Handovers
) -> None:
    await actions.stop()
    await chat.says(PERSON)
    await is_with_a_person_after_one_sentence(chat, handovers)
