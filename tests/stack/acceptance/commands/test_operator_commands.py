"""The command line with a running bot: who has a thread, returning it, forgetting the person."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

import pytest
from async_timeout import timeout

from demo.platform import WAIT_LIMIT
from demo.stack import PROJECT, Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import LOOK_INTERVAL

START_LIMIT = timedelta(seconds=90)  # each command imports Rasa, on a machine that may be busy


async def command(stack: Stack, *arguments: str) -> tuple[int | None, str, str]:
    """The command's status, and what it printed on each stream."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *arguments, "--url", stack.rasa_url),
        *("--credentials", str(stack.credentials)),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, error = await process.communicate()
    return process.returncode, printed.decode(), error.decode()


@pytest.mark.timeout(600)
async def test_a_handover_is_seen_returned_and_forgotten_by_the_command_line(
    stack: Stack, chat: Conversation
) -> None:
    await chat.is_handed_over()
    status, printed, _ = await command(stack, "sessions")
    (row,) = (line for line in printed.splitlines() if line.startswith(chat.user))
    assert (status, row.split()[1:4]) == (0, ["default", "Page", "Inbox"])

    status, _, error = await command(stack, "forget", "--yes", chat.user)
    assert (status, "Return the thread" in error) == (1, True)

    assert (await command(stack, "return", chat.user))[0] == 0
    await chat.hears(FEEDBACK)
    async with timeout((WAIT_LIMIT + START_LIMIT).total_seconds()):
        while True:  # the end is noted once Rasa has saved its tracker
            status, printed, _ = await command(stack, "forget", "--yes", chat.user)
            if status == 0:
                break
            await asyncio.sleep(LOOK_INTERVAL.total_seconds())
    assert f"of {chat.user}" in printed
    assert (await command(stack, "forget", "--yes", chat.user))[0] == 1

    await chat.says("goodbye")
    await chat.hears("Goodbye!")
