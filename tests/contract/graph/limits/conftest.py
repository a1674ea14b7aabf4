"""A scripted Meta on an impatient clock, and the Graph of one page or of two."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from channels.graph.closing import PageClosing
from channels.graph.http import HttpGraph
from channels.graph.pages import PagesGraph
from channels.instruments.metrics import Metrics
from tests.contract.graph.http.graph_http_samples import graph_of
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import (
    ScriptedGraph,
    scripted_graph,
)


@pytest.fixture
async def graph(meta: ScriptedGraph, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    """Eight messages a second, and one video or audio in half a second."""
    graph = graph_of(meta.url, clock, sends_a_second=8, media_sends_a_second=2)
    yield graph
    await graph.close()


@pytest.fixture
async def two_pages(
    meta: ScriptedGraph, clock: ImpatientClock
) -> AsyncIterator[tuple[PagesGraph, ScriptedGraph, ScriptedGraph]]:
    """The pages of ADA and ON_OTHER_PAGE, each with a server of its own."""
    app_closing = PageClosing("every page of the app")
    async with scripted_graph() as other:
        pages = PagesGraph(
            {
                "111": graph_of(meta.url, clock, page_name="page 111", app_closing=app_closing),
                "333": graph_of(other.url, clock, page_name="page 333", app_closing=app_closing),
            },
            Metrics(),
        )
        yield pages, meta, other
        await pages.close()
