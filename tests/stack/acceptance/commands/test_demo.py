"""`make demo` and `make demo-script`, as they are typed."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from demo.stack import PROJECT

ADDRESS = re.compile(r"Open (http://127\.0\.0\.1:\d+/) ")

pytestmark = [pytest.mark.usefixtures("model"), pytest.mark.timeout(400)]


@contextlib.asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[Process]:
    """`python -m demo`, asked to end at the end."""
    command = [sys.executable, "-m", "demo", *arguments]
    child = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdout=PIPE, stderr=STDOUT)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        await child.communicate()


async def printed(child: Process, wanted: re.Pattern[str]) -> re.Match[str]:
    """The first line with what is wanted; fails if the output ends without."""
    assert child.stdout is not None
    lines = []
    async for line in child.stdout:
        lines.append(line.decode())
        if found := wanted.search(lines[-1]):
            return found
    pytest.fail(f"The demo did not print {wanted.pattern}, but:\n{''.join(lines)}")


async def test_the_script_plays_every_step_of_its_story() -> None:
    async with demo("--script") as child:
        await printed(child, re.compile("Every step happened"))
        assert await child.wait() == 0


async def test_the_demo_prints_the_address_of_the_chat_page_and_ends_when_it_is_told_to(
    http: ClientSession,
) -> None:
    async with demo("--port", "0") as child:
        found = await printed(child, ADDRESS)
        async with http.get(found[1]) as page:
            assert "<title>Messenger emulator</title>" in await page.text()
        child.terminate()
        await printed(child, re.compile("Stopped"))
        assert await child.wait() == 0
