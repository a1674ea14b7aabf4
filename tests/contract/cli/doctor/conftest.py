"""The live Page that the doctor looks at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path

import pytest

from cli.doctor.checks.understanding import Reading
from cli.doctor.findings import Unknown
from cli.doctor.machine.understanding import read_words
from tests.contract.live_page import MODEL, LivePage, live_page

_READ: dict[tuple[tuple[str, ...], str], Mapping[str, Reading] | Unknown] = {}


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LivePage]:
    monkeypatch.delenv("SANIC_WORKERS", raising=False)
    monkeypatch.setattr("cli.doctor.examination.read_words", _read_words)
    async with live_page(tmp_path) as live:
        yield live


async def _read_words(
    model: str | Unknown, texts: Collection[str], *, told_by: str
) -> Mapping[str, Reading] | Unknown:
    """Rasa takes longer to load a model than all else takes: the trained one is asked once."""
    if model != str(MODEL):
        return await read_words(model, texts, told_by=told_by)
    asked = (tuple(texts), told_by)
    if asked not in _READ:
        _READ[asked] = await read_words(model, texts, told_by=told_by)
    return _READ[asked]
