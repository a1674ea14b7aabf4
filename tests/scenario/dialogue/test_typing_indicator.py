"""What a user is shown before an answer."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import pytest

from channels.core.events import Platform, Thread
from channels.dialogue.typing_indicator import TypingIndicator
from channels.graph.protocol import SenderAction
from tests.fakes.clock import ManualClock
from tests.fakes.graph import MemoryGraph

ADA = Thread(page="111", user="2001", platform=Platform.MESSENGER)


class SlowGraph(MemoryGraph):
    """Answers a sender action when it is told to."""

    def __init__(self) -> None:
        clock = ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))
        super().__init__(app_id="100", page_id="111", clock=clock)
        self.shown: list[SenderAction] = []
        self.go_on = asyncio.Event()

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        assert thread == ADA
        self.shown.append(action)
        await self.go_on.wait()


@pytest.fixture
async def graph() -> SlowGraph:
    return SlowGraph()


async def all_is_done() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others)


async def test_seen_and_typing_are_shown_until_the_answer_comes(graph: SlowGraph) -> None:
    TypingIndicator(graph).begin(ADA)
    graph.go_on.set()
    await all_is_done()
    assert graph.shown == [SenderAction.MARK_SEEN, SenderAction.TYPING_ON]


async def test_typing_is_not_shown_after_the_answer(graph: SlowGraph) -> None:
    indications = TypingIndicator(graph)
    indications.begin(ADA)
    indications.answered(ADA)
    graph.go_on.set()
    await all_is_done()
    assert graph.shown == [SenderAction.MARK_SEEN]


async def test_an_answer_to_somebody_else_changes_nothing(graph: SlowGraph) -> None:
    indications = TypingIndicator(graph)
    indications.begin(ADA)
    indications.answered(Thread(page="111", user="2002", platform=Platform.MESSENGER))
    graph.go_on.set()
    await all_is_done()
    assert graph.shown[-1] is SenderAction.TYPING_ON


async def test_the_next_turn_is_shown_while_the_last_one_is_still_being_shown(
    graph: SlowGraph,
) -> None:
    indications = TypingIndicator(graph)
    indications.begin(ADA)
    await asyncio.sleep(0)
    graph.go_on.set()
    graph.go_on.clear()
    await asyncio.sleep(0)
    assert graph.shown[-1] is SenderAction.TYPING_ON  # and not yet taken

    indications.answered(ADA)
    indications.begin(ADA)
    await asyncio.sleep(0)
    graph.go_on.set()
    await all_is_done()
    assert graph.shown == [SenderAction.MARK_SEEN, SenderAction.TYPING_ON] * 2


async def test_stopping_waits_for_nothing_that_is_slow(graph: SlowGraph) -> None:
    indications = TypingIndicator(graph)
    indications.begin(ADA)
    await asyncio.sleep(0)
    await indications.stop()
    assert graph.shown == [SenderAction.MARK_SEEN]


async def test_typing_is_taken_off_when_the_turn_ends_in_silence(graph: SlowGraph) -> None:
    typing = TypingIndicator(graph)
    graph.go_on.set()
    typing.begin(ADA)
    await all_is_done()
    typing.end(ADA)
    await all_is_done()
    assert graph.shown[1:] == [SenderAction.TYPING_ON, SenderAction.TYPING_OFF]


async def test_typing_that_is_on_its_way_is_taken_off_after_it(graph: SlowGraph) -> None:
    typing = TypingIndicator(graph)
    typing.begin(ADA)
    await asyncio.sleep(0)
    graph.go_on.set()
    graph.go_on.clear()
    await asyncio.sleep(0)
    ending = asyncio.create_task(typing.ended(ADA))
    await asyncio.sleep(0)
    assert graph.shown[1:] == [SenderAction.TYPING_ON]

    graph.go_on.set()
    await ending
    assert graph.shown[1:] == [SenderAction.TYPING_ON, SenderAction.TYPING_OFF]


@pytest.mark.parametrize("is_answered", [False, True])
async def test_what_was_never_shown_is_not_taken_off(graph: SlowGraph, is_answered: bool) -> None:
    typing = TypingIndicator(graph)
    typing.begin(ADA)
    if is_answered:
        typing.answered(ADA)
    await typing.ended(ADA)
    graph.go_on.set()
    await all_is_done()
    assert graph.shown == [SenderAction.MARK_SEEN]


async def test_the_end_of_a_turn_without_typing_shows_nothing(graph: SlowGraph) -> None:
    await TypingIndicator(graph).ended(ADA)
    assert graph.shown == []
