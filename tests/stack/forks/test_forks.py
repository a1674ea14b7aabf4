"""A fork server that dies fails the tests that ask for processes: they don't wait for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from demo.processes import ProcessFailed
from tests.stack.forks import forks
from tests.stack.forks.forks import ForkServer

DIES_WHEN_ASKED = """print('{"ready": true}', flush=True); input()"""


async def test_a_server_that_dies_when_it_is_asked_says_where_its_log_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dies.py"
    program.write_text(DIES_WHEN_ASKED)
    monkeypatch.setattr(forks, "PROGRAM", program)
    server = ForkServer(directory=tmp_path, log=tmp_path / "server.log")
    await server.start({})
    asked = server.fork("any", [], environment={}, directory=tmp_path, log=tmp_path / "any.log")
    with pytest.raises(ProcessFailed, match=r"server\.log"):
        await asyncio.wait_for(asked, 10)
    await server.stop()
