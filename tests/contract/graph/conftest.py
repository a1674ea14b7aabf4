"""A scripted Meta, and an impatient clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import ScriptedGraph, scripted_graph


@pytest.fixture
def clock() -> ImpatientClock:
    return ImpatientClock()


@pytest.fixture
async def meta() -> AsyncIterator[ScriptedGraph]:
    async with scripted_graph() as graph:
        yield graph
