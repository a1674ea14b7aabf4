"""`doctor` on a bot that runs as it should: Rasa, its action server and the Page as processes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from demo.stack import MODEL, PROJECT, Stack
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.forks import ForkedProcess

NO_API_TELLS = {"default-app", "take-control", "inbox-automations", "inbox-done"}


async def doctor(stack: Stack, stacks: Stacks, log: Path) -> tuple[int, list[dict[str, Any]]]:
    """The command's status, and its rows; nothing else may be printed, nor logged."""
    process = ForkedProcess("doctor", forks=stacks.forks, directory=PROJECT, log=log)
    endpoints = stack.credentials.with_name("endpoints.yml")
    arguments = (
        *("doctor", "--json", "--model", str(MODEL)),
        *("--credentials", str(stack.credentials), "--endpoints", str(endpoints)),
        *("--webhook-url", f"{stack.channel_url}/webhook"),
    )
    await process.start([sys.executable, "-m", "cli", *arguments], {})
    return await process.exit_code(), json.loads(process.output)


async def test_a_bot_that_runs_as_it_should_has_nothing_wrong(
    hasty_stack: Stack, stacks: Stacks, tmp_path: Path
) -> None:
    status, rows = await doctor(hasty_stack, stacks, tmp_path / "doctor.log")
    not_ok = {row["check"]: row["detail"] for row in rows if row["outcome"] != "ok"}
    assert set(not_ok) == NO_API_TELLS, not_ok
    assert status == 0
