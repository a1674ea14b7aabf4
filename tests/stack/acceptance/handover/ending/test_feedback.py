"""What users thought is kept with the handover, and is seen wherever it is to be seen."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession
from async_timeout import timeout
from prometheus_client.parser import text_string_to_metric_families

from demo.platform import WAIT_LIMIT
from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import LOOK_INTERVAL, Handovers

GLAD, SORRY = "Glad to hear it.", "I'm sorry to hear that."
Counted = tuple[int, int, float]


async def is_through_a_handover(chat: Conversation, handovers: Handovers) -> None:
    """A handover that the user has ended, and the question about it."""
    asked = sum(FEEDBACK in said for said in await chat.bot_said())
    await chat.says("I want to talk to a human")
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await chat.operator_says("Hello, this is Olga.")
    await handovers.until_counted(chat.user, "operator_messages", 1)
    await chat.says("menu")
    await chat.hears_times(asked + 1, FEEDBACK)
    await handovers.until_ended(chat.user)


async def score_of(chat: Conversation, handovers: Handovers) -> str:
    """What the last handover has in the sheet, and what the API tells beside it."""
    row, *_ = [row for row in await handovers.sheet() if row["user"] == chat.user]
    ended, *_ = await handovers.ended_of(chat.user)
    assert (ended["session_id"], ended["score"] or "") == (row["session_id"], row["score"])
    return row["score"]


async def counted(stack: Stack, handovers: Handovers, http: ClientSession, score: str) -> Counted:
    """Answers of this score and of all, by the statistics, and of this one by the metric."""
    found = (await handovers.statistics())["feedback"]
    assert found["by_plan"].get("default", {"answers": 0})["answers"] <= found["all"]["answers"]
    async with http.get(f"{stack.channel_url}/metrics") as answer:
        page = await answer.text()
    values = [
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "rasa_handover_feedback_total" and sample.labels["score"] == score
    ]
    return found["all"]["by_score"][score], found["all"]["answers"], sum(values)


@pytest.mark.parametrize("says_it", ["taps Good", "taps Not good", "it was great", "it was awful"])
async def test_an_answer_to_the_question_counts_once(
    stack: Stack, chat: Conversation, handovers: Handovers, http: ClientSession, says_it: str
) -> None:
    is_good = says_it in ("taps Good", "it was great")
    score = "good" if is_good else "bad"
    await is_through_a_handover(chat, handovers)
    before = await counted(stack, handovers, http, score)
    if says_it.startswith("taps "):
        await chat.taps(says_it.removeprefix("taps "))
    else:
        await chat.says(says_it)
    await chat.hears(GLAD if is_good else SORRY)
    async with timeout(WAIT_LIMIT.total_seconds()):
        while True:
            if await score_of(chat, handovers) == score:
                break
            await asyncio.sleep(LOOK_INTERVAL.total_seconds())
    of_it, answers, metric = before
    assert await counted(stack, handovers, http, score) == (of_it + 1, answers + 1, metric + 1)


async def test_the_last_answer_counts_and_goes_to_the_last_handover(
    chat: Conversation, handovers: Handovers
) -> None:
    await is_through_a_handover(chat, handovers)
    await chat.taps("Not good")
    await chat.hears(SORRY)
    await is_through_a_handover(chat, handovers)
    assert await score_of(chat, handovers) == ""
    await chat.taps("Not good")
    await chat.hears_times(2, SORRY)
    await chat.taps("Good")
    await chat.hears(GLAD)
    last, first = await handovers.ended_of(chat.user)
    assert (last["score"], first["score"]) == ("good", "bad")


async def test_what_sounds_like_an_answer_is_none_without_a_question(
    stack: Stack, chat: Conversation, handovers: Handovers, http: ClientSession
) -> None:
    before = await counted(stack, handovers, http, "good")
    await chat.says("it was great")
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    assert await counted(stack, handovers, http, "good") == before
    await chat.is_handed_over()
    await chat.says("it was great")
    await handovers.until_counted(chat.user, "user_messages", 1)
    assert await counted(stack, handovers, http, "good") == before
