"""What callers ask for in a query reaches any store."""

from __future__ import annotations

import pytest

from channels.operators import queries
from channels.store.protocol import Store
from tests.contract.store.store_samples import new_session


@pytest.mark.parametrize("name", ["plan", "page", "search"])
async def test_a_nul_finds_nothing_that_has_none(store: Store, name: str) -> None:
    assert await store.add_session(new_session("session"))
    found = await store.find_open(queries.search({name: "a\0b"}), skip=0, limit=9)
    assert found.found == 0
