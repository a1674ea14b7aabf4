"""How the channel fares can be seen from outside: metrics, health, and the log as JSON."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import ClientSession
from async_timeout import timeout
from prometheus_client.parser import text_string_to_metric_families

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.forks.forked_stack import Stacks

LIMIT = timedelta(seconds=90)  # for what is noticed within seconds, on a machine that is busy
GREETING = "I am the bot of this page"
DATABASE_WAIT = timedelta(seconds=5)  # for a lock


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    """A stack whose Rasa logs JSON."""
    async with stacks.new("watched") as running:
        running.log_as_json()
        await running.start()
        yield running


async def figure(stack: Stack, http: ClientSession, name: str, **labels: str) -> float:
    """What /metrics shows of the one sample of that name and those labels."""
    async with http.get(f"{stack.channel_url}/metrics") as answer:
        assert answer.status == 200
        page = await answer.text()
    [value] = [
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if (sample.name, sample.labels) == (f"rasa_handover_{name}", labels)
    ]
    return value


async def health(stack: Stack, http: ClientSession) -> tuple[int, dict[str, Any]]:
    async with http.get(f"{stack.channel_url}/health") as answer:
        return answer.status, await answer.json()


async def health_becomes(stack: Stack, http: ClientSession, status: int) -> dict[str, Any]:
    """Wait until the health check has this status; its answer."""
    async with timeout(LIMIT.total_seconds()):
        while True:
            found, told = await health(stack, http)
            if found == status:
                return told
            await asyncio.sleep(0.2)


async def shortest_wait_for_health(stack: Stack, http: ClientSession) -> timedelta:
    """Of some answers: on a busy machine one of them may take as long as it likes."""
    loop = asyncio.get_running_loop()
    waits = []
    for _ in range(5):
        began = loop.time()
        await health(stack, http)
        waits.append(loop.time() - began)
    return timedelta(seconds=min(waits))


async def an_end_shows(stack: Stack, http: ClientSession, reason: str) -> None:
    """Wait until a handover has ended: its follow-up is heard a moment before that is stored."""
    async with timeout(LIMIT.total_seconds()):
        while True:
            if await figure(stack, http, "sessions_ended_total", reason=reason):
                return
            await asyncio.sleep(0.2)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else can write to the database meanwhile, nor gets an answer soon."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA busy_timeout=60000")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def logged(stack: Stack) -> list[dict[str, Any]]:
    """The lines of Rasa's log that are JSON."""
    return [json.loads(line) for line in stack.rasa.output.splitlines() if line.startswith("{")]


def ends_in_the_log(stack: Stack) -> list[dict[str, Any]]:
    return [line for line in logged(stack) if line["event"].startswith("A handover ends")]


async def next_end_in_the_log(stack: Stack, earlier: list[dict[str, Any]]) -> dict[str, Any]:
    async with timeout(LIMIT.total_seconds()):
        while True:
            if ends := ends_in_the_log(stack)[len(earlier) :]:
                return ends[0]
            await asyncio.sleep(0.2)


async def is_through_a_handover(chat: Conversation) -> None:
    await chat.is_handed_over()
    await chat.operator_says("Hello, this is Olga.")
    await chat.has_reached_the_bot("Hello, this is Olga.")
    await chat.says("menu")
    await chat.hears(FEEDBACK)


async def test_a_handover_shows_in_the_metrics(
    stack: Stack, chat: Conversation, http: ClientSession
) -> None:
    await is_through_a_handover(chat)
    await an_end_shows(stack, http, "keyword")

    for name, labels in (
        ("sessions_opened_total", {"started_by": "bot"}),
        ("sessions_ended_total", {"reason": "keyword"}),
        ("first_answer_seconds_count", {"started_by": "bot"}),
        ("graph_calls_total", {"verb": "pass_control", "outcome": "ok"}),
        ("graph_calls_total", {"verb": "take_control", "outcome": "ok"}),
    ):
        assert await figure(stack, http, name, **labels) == 1, name
    assert await figure(stack, http, "turn_seconds_count") >= 2
    assert await figure(stack, http, "ack_seconds_count", status="200") >= 3


async def test_a_delivery_that_is_refused_shows_in_the_metrics(
    stack: Stack, http: ClientSession
) -> None:
    async with http.post(f"{stack.channel_url}/webhook", data=b"{}") as answer:
        assert answer.status == 403
    assert await figure(stack, http, "ack_seconds_count", status="403") == 1


async def test_a_database_that_hangs_turns_the_health_red_until_it_answers(
    stack: Stack, http: ClientSession
) -> None:
    assert await health(stack, http) == (200, {"status": "ok"})
    with locked(stack.credentials.parent / "handover.db"):
        told = await health_becomes(stack, http, 503)
        assert await shortest_wait_for_health(stack, http) < DATABASE_WAIT
        async with http.get(f"{stack.channel_url}/") as answer:
            assert answer.status == 200
    assert told["status"] == "failing"
    [problem] = told["problems"]
    assert problem["part"] == "store"
    assert "has not answered since" in problem["message"]
    assert "'store' in credentials.yml" in problem["remedy"]
    assert await health_becomes(stack, http, 200) == {"status": "ok"}


async def test_a_token_that_meta_refuses_turns_the_health_red_until_it_is_taken(
    stack: Stack, chat: Conversation, http: ClientSession
) -> None:
    expired = {"code": 190, "error_subcode": 463, "message": "The token has expired."}
    fault = {"app_id": stack.platform.bot.id, "error": expired, "times": None}
    await stack.platform.call("POST", "faults", {"calls": fault})
    await chat.says("hello")
    told = await health_becomes(stack, http, 503)
    assert [problem["part"] for problem in told["problems"]] == ["token"]
    assert stack.platform.bot.page_access_token not in json.dumps(told)

    await stack.platform.call("DELETE", "faults")
    await chat.hears(GREETING, limit=LIMIT)  # what was written meanwhile has waited
    assert await health_becomes(stack, http, 200) == {"status": "ok"}


async def test_the_log_is_json_and_tells_whose_handover_it_is(
    stack: Stack, chat: Conversation
) -> None:
    earlier = ends_in_the_log(stack)
    await is_through_a_handover(chat)
    end = await next_end_in_the_log(stack, earlier)

    plain = [line for line in stack.rasa.output.splitlines() if not line.startswith("{")]
    assert not any("channels." in line or "rasa.core" in line for line in plain), plain
    assert end["plan"] == "default"
    for name in ("session_id", "thread_hash"):
        assert end[name] not in {"", *(line[name] for line in earlier)}, name
    assert {line["logger"] for line in logged(stack)} >= {
        "channels.handover.ending",
        "channels.messenger",
    }


async def test_neither_log_nor_answers_tell_a_secret_or_who_wrote_what(
    stack: Stack, chat: Conversation, http: ClientSession
) -> None:
    await is_through_a_handover(chat)

    bot = stack.platform.bot
    async with http.get(f"{stack.channel_url}/metrics") as answer:
        told = await answer.text()
    told += json.dumps(await health(stack, http)) + stack.rasa.output
    for secret in (bot.secret, bot.verify_token, bot.page_access_token, chat.user, "Olga"):
        assert secret not in told
