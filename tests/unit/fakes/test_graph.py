from __future__ import annotations

import pytest

from channels.core.errors import GraphError, GraphUnavailable, NotThreadOwner
from channels.core.events import Thread
from tests.fakes.graph import MemoryGraph, RecordedCall

ADA = Thread(page="111", user="222")


@pytest.fixture
def graph() -> MemoryGraph:
    return MemoryGraph(app_id="900")


async def test_a_failure_happens_as_often_as_it_was_ordered(graph: MemoryGraph) -> None:
    graph.fail("send", GraphUnavailable("Down"), times=2)
    for _ in range(2):
        with pytest.raises(GraphUnavailable):
            await graph.send(ADA, {"text": "Hello"})
    await graph.send(ADA, {"text": "Hello"})
    assert graph.sent == [(ADA, {"text": "Hello"})]


async def test_failures_happen_in_the_order_they_were_ordered(graph: MemoryGraph) -> None:
    graph.fail("page", GraphUnavailable("First"))
    graph.fail("page", GraphError("Second"))
    with pytest.raises(GraphUnavailable):
        await graph.page()
    with pytest.raises(GraphError, match="Second"):
        await graph.page()


async def test_a_failure_of_one_verb_leaves_the_others_alone(graph: MemoryGraph) -> None:
    graph.fail("pass_control", GraphUnavailable("Down"))
    await graph.take_control(ADA, metadata="")
    assert graph.threads[ADA] == "900"


async def test_a_call_that_fails_is_recorded_and_has_no_effect(graph: MemoryGraph) -> None:
    graph.fail("pass_control", GraphUnavailable("Down"))
    with pytest.raises(GraphUnavailable):
        await graph.pass_control(ADA, app_id="901", metadata="{}")
    made = RecordedCall(
        verb="pass_control", thread=ADA, arguments={"app_id": "901", "metadata": "{}"}
    )
    assert graph.calls == [made]
    assert ADA not in graph.threads


async def test_a_call_that_is_refused_is_recorded(graph: MemoryGraph) -> None:
    graph.threads[ADA] = "901"
    with pytest.raises(NotThreadOwner):
        await graph.send(ADA, {"text": "Hello"})
    assert [call.verb for call in graph.calls] == ["send"]


async def test_the_echoes_that_were_heard_are_kept(graph: MemoryGraph) -> None:
    graph.echo_heard("abc")
    assert graph.echoes == ["abc"]


async def test_it_knows_that_it_was_closed(graph: MemoryGraph) -> None:
    await graph.close()
    assert graph.closed
