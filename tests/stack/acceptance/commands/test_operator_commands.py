"""The command line with a running bot: who has a thread, returning it, forgetting the person."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from demo.stack import PROJECT, Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Handovers
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.forks import ForkedProcess

Command = Callable[..., Awaitable[tuple[int, str]]]  # its status, what it printed


@pytest.fixture
def command(stack: Stack, stacks: Stacks, tmp_path: Path) -> Command:
    """Runs a command of the command line on the bot that runs; each would import Rasa."""
    numbers = itertools.count(1)

    async def run(*arguments: str) -> tuple[int, str]:
        log = tmp_path / f"{arguments[0]}_{next(numbers)}.log"
        process = ForkedProcess("cli", forks=stacks.forks, directory=PROJECT, log=log)
        bot = ("--url", stack.rasa_url, "--credentials", str(stack.credentials))
        await process.start([sys.executable, "-m", "cli", *arguments, *bot], {})
        return await process.exit_code(), process.output

    return run


async def test_a_handover_is_seen_returned_and_forgotten_by_the_command_line(
    command: Command, chat: Conversation, handovers: Handovers
) -> None:
    await chat.is_handed_over()
    status, printed = await command("sessions")
    (row,) = (line for line in printed.splitlines() if line.startswith(chat.user))
    assert (status, row.split()[1:4]) == (0, ["default", "Page", "Inbox"])

    status, printed = await command("forget", "--yes", chat.user)
    assert (status, "Return the thread" in printed) == (1, True)

    assert (await command("return", chat.user))[0] == 0
    await chat.hears(FEEDBACK)
    await handovers.until_ended(chat.user)  # which is noted once Rasa has saved its tracker
    status, printed = await command("forget", "--yes", chat.user)
    assert (status, f"of {chat.user}" in printed) == (0, True)
    assert (await command("forget", "--yes", chat.user))[0] == 1

    await chat.says("goodbye")
    await chat.hears("Goodbye!")
