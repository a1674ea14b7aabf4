"""Instagram: the bot's own words come back to it, and nothing in them says who sent them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from channels.core.errors import GraphThrottled, GraphTimeout
from channels.core.events import Array, Attachment, Echo, Platform, Thread
from channels.core.records.outgoing import MOST_LOST_ANSWERS
from tests.fakes.graph import MemoryGraph
from tests.scenario.world import INBOX, SECOND, World

ADA = Thread(page="17841400000000007", user="1781", platform=Platform.INSTAGRAM)
PLAN = {"timeout": "30m", "unanswered-timeout": "5m", "keywords": ["menu"]}
LOST = GraphTimeout("No answer")


class EchoingGraph(MemoryGraph):
    """Delivers what `before_answers` tells of a message before it answers the send."""

    before_answers: Callable[[], Awaitable[None]] | None = None

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        mid = await super().send(thread, message, mark=mark)
        if self.before_answers is not None:
            await self.before_answers()
        return mid


@pytest.fixture
async def instagram() -> AsyncIterator[World]:
    world = World(graph=EchoingGraph, plans={"default": PLAN}, transcript=True)
    world.graph.account_id = ADA.page
    await world.start()
    yield world
    await world.kill()


def comes_before_answers(world: World, *echoes: Echo) -> None:
    """Let each message be followed by these before Meta answers it."""
    assert isinstance(world.graph, EchoingGraph)
    world.graph.before_answers = lambda: world.engine.intake.accept(echoes)


def bare(world: World, mid: str | None, text: str | None = "connecting", **fields: Any) -> Echo:
    return world.echo(text or "", ADA, mid=mid, app_id=None, array=Array.MESSAGING, **fields)


async def test_an_echo_of_the_bot_s_own_is_no_operator_s_answer(instagram: World) -> None:
    await instagram.user_says("human", ADA)
    await instagram.wait(SECOND)
    await instagram.deliver(bare(instagram, "m_1", "as Meta has rewritten it"))

    session = await instagram.session(ADA)
    assert session.operator_messages == 0
    assert await instagram.store.transcript(session.id, limit=9) == []
    await instagram.wait(timedelta(minutes=5))
    assert instagram.calls("take_control") == 1, "nobody has answered"


async def test_no_owner_is_asked_for_because_the_bot_has_said_something(instagram: World) -> None:
    await instagram.user_says("hello", ADA)
    await instagram.deliver(bare(instagram, "m_1", "re: hello"))
    assert instagram.calls("owner") == 0


@pytest.mark.parametrize("text", ["re: hello", "in other words"])
async def test_an_echo_that_comes_before_meta_s_answer_is_known(
    instagram: World, text: str
) -> None:
    comes_before_answers(instagram, bare(instagram, "m_1", text))
    await instagram.user_says("hello", ADA)
    await instagram.wait(2 * SECOND)

    assert await instagram.store.has_mid("m_1")
    assert instagram.calls("owner") == 0
    assert await instagram.store.open_session(ADA) is None


async def test_an_echo_is_known_though_meta_s_answer_has_named_no_message(
    instagram: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(*_: object, **__: object) -> str:
        return ""

    monkeypatch.setattr(instagram.graph, "send", send)
    await instagram.user_says("hello", ADA)
    await instagram.deliver(bare(instagram, "m_1", "re: hello"))
    assert await instagram.store.has_mid("m_1")
    assert instagram.calls("owner") == 0


async def test_an_echo_is_known_by_another_worker_after_a_restart(instagram: World) -> None:
    instagram.graph.fail("send", LOST)
    await instagram.user_says("hello", ADA)
    await instagram.kill()
    await instagram.start()
    await instagram.deliver(bare(instagram, "m_1", "re: hello"))
    await instagram.replace_dead()

    assert instagram.calls("send") == 1
    assert instagram.calls("owner") == 0


async def test_an_echo_twice_takes_no_second_message_for_sent(instagram: World) -> None:
    twice = [bare(instagram, "m_1", "again", key=key) for key in ("one", "two")]
    comes_before_answers(instagram, *twice)
    instagram.script.answers["hello"] = ["again", "again"]
    await instagram.user_says("hello", ADA)
    await instagram.wait(SECOND)
    assert instagram.said(ADA) == ["again", "again"]


async def test_a_picture_is_known_by_its_being_one(instagram: World) -> None:
    instagram.graph.fail("send", LOST)
    instagram.script.answers["hello"] = [{"image": "https://example.com/cat.png"}]
    await instagram.user_says("hello", ADA)
    picture = Attachment(type="image", url="https://lookaside.fbsbx.com/1")
    await instagram.deliver(bare(instagram, "m_1", None, attachments=(picture,)))
    assert await instagram.store.has_mid("m_1")


async def test_an_operator_s_picture_is_not_taken_for_one_that_the_bot_has_still_to_send(
    instagram: World,
) -> None:
    instagram.graph.fail("send", GraphThrottled("Slow down", retry_after=SECOND), times=9)
    instagram.script.answers["hello"] = ["Look:", {"image": "https://example.com/cat.png"}]
    await instagram.user_says("hello", ADA)
    instagram.graph.threads[ADA] = INBOX
    picture = Attachment(type="image", url="https://lookaside.fbsbx.com/1")
    await instagram.deliver(bare(instagram, "m_77", None, attachments=(picture,)))
    for _ in range(6):
        await instagram.wait(SECOND)
    assert (await instagram.session(ADA)).operator_messages == 1


async def test_a_message_whose_answer_is_lost_is_not_sent_again_once_its_echo_has_come(
    instagram: World,
) -> None:
    instagram.graph.fail("send", LOST, times=9)
    await instagram.user_says("hello", ADA)
    await instagram.deliver(bare(instagram, "m_1", "re: hello"))
    await instagram.wait(timedelta(minutes=1))
    assert instagram.calls("send") == 1


async def test_a_lost_answer_s_echo_whose_unseen_characters_meta_has_changed_is_no_operator_s(
    instagram: World,
) -> None:
    instagram.script.answers["hello"] = ["I \N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16} it\0"]
    instagram.graph.fail("send", LOST, times=9)
    await instagram.user_says("hello", ADA)
    instagram.graph.threads[ADA] = INBOX
    await instagram.deliver(bare(instagram, "m_1", "I \N{HEAVY BLACK HEART} it"))
    await instagram.wait(timedelta(minutes=1))

    assert instagram.calls("send") == 1
    assert await instagram.store.open_session(ADA) is None


async def test_where_no_echo_comes_a_message_is_sent_three_times_at_most(
    instagram: World, errors: Callable[[], list[str]]
) -> None:
    instagram.graph.fail("send", LOST, times=99)
    await instagram.user_says("hello", ADA)
    for _ in range(60):
        await instagram.wait(SECOND)
    assert instagram.calls("send") == MOST_LOST_ANSWERS == 3
    [error] = errors()
    assert "was sent 3 times" in error
    assert not await instagram.store.waits_outgoing(ADA)


async def test_where_no_echo_comes_the_last_try_waits_until_a_short_trouble_may_be_over(
    instagram: World,
) -> None:
    instagram.graph.fail("send", LOST, times=MOST_LOST_ANSWERS - 1)
    await instagram.user_says("hello", ADA)
    for _ in range(30):
        await instagram.wait(SECOND)
    assert instagram.calls("send") == MOST_LOST_ANSWERS - 1

    for _ in range(5):
        await instagram.wait(SECOND)
    assert instagram.said(ADA) == ["re: hello"]


async def test_where_echoes_come_a_message_that_is_not_there_is_sent_until_it_is(
    instagram: World,
) -> None:
    lost = GraphTimeout("No answer")
    lost.echoes_come = True
    instagram.graph.fail("send", lost, times=MOST_LOST_ANSWERS + 1)
    await instagram.user_says("hello", ADA)
    for _ in range(60):
        await instagram.wait(SECOND)
    assert instagram.calls("send") == MOST_LOST_ANSWERS, "its webhook may be late"
    for _ in range(120):
        await instagram.wait(SECOND)
    assert instagram.said(ADA) == ["re: hello"]


async def test_an_operator_s_words_are_an_operator_s(instagram: World) -> None:
    await instagram.user_says("human", ADA)
    await instagram.wait(SECOND)
    await instagram.deliver(bare(instagram, "m_77", "What can I do for you?"))
    assert (await instagram.session(ADA)).operator_messages == 1


async def test_an_operator_who_writes_while_the_bot_is_sending_is_heard(instagram: World) -> None:
    comes_before_answers(instagram, bare(instagram, "m_77", "I take over"))
    await instagram.user_says("hello", ADA)
    instagram.graph.threads[ADA] = INBOX
    await instagram.wait(2 * SECOND)
    assert (await instagram.session(ADA)).operator_messages == 1
