"""What is logged about a thread, as `JsonFormatter` writes it: whose, and nobody's words."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels.core.errors import GraphRefused, GraphUnavailable
from channels.core.events import ControlRequested, Thread
from channels.core.sessions.session import session_id_for
from channels.instruments.log_fields import thread_hash
from channels.instruments.quiet_log import keep_log_quiet
from channels.log_format import JsonFormatter
from channels.store.protocol import DEAD_AFTER_FAILURES
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, INBOX, SECOND, TIMEOUT, World

BELA = Thread(page=ANNA.page, user="2002")
BROKEN = RuntimeError("my order 4711")  # a component quotes what it can't deal with

Lines = Callable[[], list[dict[str, Any]]]


class Written(logging.Handler):
    """Formats each record where it is logged, as a handler that writes would."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture
def written() -> Iterator[Written]:
    handler, logger = Written(), logging.getLogger("channels")
    factory = logging.getLogRecordFactory()
    keep_log_quiet()  # as MessengerInput does
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(before)
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


@pytest.fixture
def lines(written: Written) -> Lines:
    return lambda: [json.loads(text) for text in written.texts]


async def test_each_line_of_a_handover_names_its_session_and_thread(
    world: World, lines: Lines
) -> None:
    world.script.answers["human"] = ["connecting", HANDOVER, "never delivered"]
    world.graph.fail("take_control", GraphUnavailable("Graph is down"))
    session = await world.hand_over()
    await world.operator_says("Hello, this is Olga.")
    await world.wait(TIMEOUT)
    await world.wait(SECOND)

    assert world.ends() == ["timeout"]
    said = [line["event"] for line in lines()]
    assert len(said) >= 4, said
    assert {line["session_id"] for line in lines()} == {session.id}
    assert {line["thread_hash"] for line in lines()} == {thread_hash(ANNA)}
    assert {line["plan"] for line in lines()} == {"default"}


async def test_the_lines_of_two_threads_are_told_apart(world: World, lines: Lines) -> None:
    await world.hand_over(ANNA)
    await world.hand_over(BELA)
    await world.agent_returns(ANNA)

    ended = [line for line in lines() if line["event"].startswith("A handover ends")]
    assert [line["thread_hash"] for line in ended] == [thread_hash(ANNA)]
    assert {line["thread_hash"] for line in lines()} == {thread_hash(ANNA), thread_hash(BELA)}


async def test_an_event_that_fails_is_logged_with_its_thread(world: World, lines: Lines) -> None:
    world.script.answers["break"] = [BROKEN]
    await world.user_says("break")
    for _ in range(DEAD_AFTER_FAILURES):
        await world.wait(SECOND)

    assert any("set aside" in line["event"] for line in lines())
    failures = [line["exception"] for line in lines() if "exception" in line]
    assert any("RuntimeError" in failure and "take_turn" in failure for failure in failures)
    assert {line["thread_hash"] for line in lines()} == {thread_hash(ANNA)}


async def test_a_request_that_is_refused_is_logged_with_thread_and_session(
    world: World, lines: Lines
) -> None:
    session = await world.hand_over()
    known = len(lines())
    passed = world.control_passed()
    request = ControlRequested(
        key=passed.key,
        thread=ANNA,
        array=passed.array,
        at=passed.at,
        received_at=passed.received_at,
        requested_owner="31337",
    )
    await world.deliver(request)

    [line] = lines()[known:]
    assert (line["session_id"], line["thread_hash"]) == (session.id, thread_hash(ANNA))


async def test_a_handover_by_a_plan_that_is_not_there_is_logged_with_its_thread(
    world: World, lines: Lines
) -> None:
    world.script.answers["human"] = [{"custom": {"handover": {"plan": "nowhere"}}}]
    await world.user_says("human")

    assert lines()
    assert {line["thread_hash"] for line in lines()} == {thread_hash(ANNA)}


async def test_no_line_has_an_id_of_a_person_or_what_anybody_said(
    world: World, written: Written
) -> None:
    world.script.answers["my order 4711"] = [BROKEN]
    world.graph.fail("take_control", GraphRefused("The setting forbids it"))
    world.graph.fail("send", GraphRefused("Meta does not like it"))
    await world.user_says("hello from 10115 Berlin")
    await world.user_says("my order 4711")
    await world.hand_over()
    await world.user_says("my card is 4000 1234")
    await world.operator_says("Hello, this is Olga.")
    await world.user_says("menu")
    await world.wait(TIMEOUT)

    text = "\n".join(written.texts)
    assert "session_id" in text
    for words in ("4711", "Berlin", "4000 1234", "Olga", ANNA.user, "connecting"):
        assert words not in text


async def test_what_somebody_else_begins_is_logged_with_its_session(
    world: World, lines: Lines
) -> None:
    world.graph.threads[ANNA] = INBOX
    echo = world.echo("Hello, this is Olga.")
    await world.deliver(echo)

    [line] = [line for line in lines() if line["event"].startswith("Somebody has taken")]
    assert line["session_id"] == session_id_for(echo.key)
