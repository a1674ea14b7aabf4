"""Processes of a fork server: whose they are, and what becomes of them when it dies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from demo.processes import ProcessFailed
from tests.stack.forks import forks
from tests.stack.forks.forks import ForkedChild, ForkServer

DIES_WHEN_ASKED = """
import socket
connection, _ = socket.socket(fileno=0).accept()
connection.sendall(b'{"ready": true}\\n')
"""
IMPORTS_LITTLE = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.stack.forks import fork_server
fork_server.IMPORTS = ("prometheus_client.values",)
fork_server.main()
"""
LIMIT = 60  # seconds


@pytest.fixture
async def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForkServer:
    """A server that has nothing of Rasa."""
    return server_of(IMPORTS_LITTLE, tmp_path, monkeypatch)


def server_of(program: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> ForkServer:
    file = directory / "program.py"
    file.write_text(program)
    monkeypatch.setattr(forks, "PROGRAM", file)
    return ForkServer(directory=directory, place=directory)


async def sleeping(server: ForkServer, directory: Path) -> ForkedChild:
    """A child that does nothing until it is ended."""
    directory.joinpath("sleeping.py").write_text("import time; time.sleep(600)")
    return await server.fork(
        "sleeping", [], environment={}, directory=directory, log=directory / "sleeping.log"
    )


async def test_a_server_that_dies_when_it_is_asked_says_where_its_log_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_of(DIES_WHEN_ASKED, tmp_path, monkeypatch)
    await server.start({})
    asked = server.fork("any", [], environment={}, directory=tmp_path, log=tmp_path / "any.log")
    with pytest.raises(ProcessFailed, match=r"server\.log"):
        await asyncio.wait_for(asked, LIMIT)
    await server.stop()


async def test_who_starts_one_in_the_same_place_shares_it(
    quick: ForkServer, tmp_path: Path
) -> None:
    other = ForkServer(directory=tmp_path, place=tmp_path)
    await asyncio.gather(quick.start({}), other.start({}))
    children = [await sleeping(server, tmp_path) for server in (quick, other)]
    assert len({psutil.Process(child.pid).ppid() for child in children}) == 1
    await quick.stop()
    await other.stop()


async def test_who_stops_ends_its_own_children_only(quick: ForkServer, tmp_path: Path) -> None:
    other = ForkServer(directory=tmp_path, place=tmp_path)
    await quick.start({})
    await other.start({})
    its_own, the_others = await sleeping(quick, tmp_path), await sleeping(other, tmp_path)
    await quick.stop()
    assert not psutil.pid_exists(its_own.pid)
    assert psutil.pid_exists(the_others.pid)
    await other.stop()


async def test_the_last_that_stops_ends_the_server(quick: ForkServer, tmp_path: Path) -> None:
    await quick.start({})
    server = psutil.Process(psutil.Process((await sleeping(quick, tmp_path)).pid).ppid())
    await quick.stop()
    await asyncio.to_thread(server.wait, LIMIT)
