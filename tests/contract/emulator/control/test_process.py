from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).parents[4]


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m emulator` with these arguments, killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "emulator",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def url_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    assert line.startswith("emulator listening on http://127.0.0.1:")
    return line.split()[-1]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_listens_and_stops_cleanly(ending: signal.Signals) -> None:
    async with started("--port", "0", "--webhook", "http://127.0.0.1:9/hook") as process:
        url = await url_of(process)
        async with aiohttp.ClientSession() as http, http.get(f"{url}/_emulator/config") as answer:
            config = await answer.json()
        assert config["apps"][0]["webhook"] == "http://127.0.0.1:9/hook"
        process.send_signal(ending)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert process.stderr is not None
        assert await process.stderr.read() == b""


async def test_it_takes_its_page_apps_and_users_from_a_file(tmp_path: Path) -> None:
    config = {
        "page": {"id": "5", "name": "Shop"},
        "apps": [{"id": "6", "name": "Bot", "default": True, "page_access_token": "t"}],
        "users": [{"id": "7", "name": "Ada"}],
        "routing": "off",
    }
    path = tmp_path / "page.json"
    path.write_text(json.dumps(config))
    async with started("--port", "0", "--config", str(path)) as process:
        url = await url_of(process)
        async with aiohttp.ClientSession() as http, http.get(f"{url}/me?access_token=t") as answer:
            assert await answer.json() == {"id": "5", "name": "Shop"}


async def test_a_port_that_is_taken_is_one_message() -> None:
    async with started("--port", "0") as first:
        port = (await url_of(first)).rsplit(":", 1)[-1]
        async with started("--port", port) as second:
            assert await asyncio.wait_for(second.wait(), 30) == 1
            assert second.stderr is not None
            message = (await second.stderr.read()).decode()
            assert f"Cannot serve on 127.0.0.1:{port}" in message
            assert len(message.splitlines()) == 1


async def test_a_configuration_that_cannot_be_used_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_text('{"page": {"id": "5"}}')
    async with started("--port", "0", "--config", str(path)) as process:
        assert await asyncio.wait_for(process.wait(), 30) == 2
        assert process.stderr is not None
        message = (await process.stderr.read()).decode()
        assert "missing required field `name`" in message
        assert len(message.splitlines()) == 1
