"""The live Page that the doctor looks at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.live_page import LivePage, live_page


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LivePage]:
    monkeypatch.delenv("SANIC_WORKERS", raising=False)
    async with live_page(tmp_path) as live:
        yield live
