"""An HttpGraph against a scripted Graph, and one against the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from channels.graph.http import HttpGraph
from tests.contract.emulated_page import EmulatedPage, emulated_page
from tests.contract.graph.http.graph_http_samples import graph_of
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import ScriptedGraph

A_MOMENT = timedelta(milliseconds=250)


@pytest.fixture
async def graph(meta: ScriptedGraph, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    http_graph = graph_of(meta.url, clock)
    yield http_graph
    await http_graph.close()


@pytest.fixture
async def hasty(meta: ScriptedGraph, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    """A Graph that gives each try only a moment."""
    http_graph = graph_of(meta.url, clock, request_timeout=A_MOMENT)
    yield http_graph
    await http_graph.close()


@pytest.fixture
async def page() -> AsyncIterator[EmulatedPage]:
    async with emulated_page() as emulated:
        yield emulated


@pytest.fixture
async def live(page: EmulatedPage, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    """A Graph of the emulated page."""
    http_graph = page.graph(clock)
    yield http_graph
    await http_graph.close()
