"""`make demo` as it is typed, and `make demo-script` but for how its processes start."""

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
from tests.stack.forks.forked_stack import Stacks

ADDRESS = re.compile(r"Open (http://127\.0\.0\.1:\d+/) ")

pytestmark = [pytest.mark.usefixtures("model"), pytest.mark.timeout(400)]


@contextlib.asynccontextmanager
async def demo(*arguments: str, module: str = "demo") -> AsyncIterator[Process]:
    """`python -m demo`, asked to end at the end."""
    command = [sys.executable, "-m", module, *arguments]
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


async def test_the_script_plays_every_step_of_its_story(stacks: Stacks) -> None:
    place = str(stacks.forks.place)
    async with demo(place, "--script", module="tests.stack.forks.forked_demo") as child:
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
