"""`doctor` on a bot that runs as it should: Rasa, its action server and the Page as processes."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from demo.stack import MODEL, PROJECT, Stack

NO_API_TELLS = {"default-app", "take-control", "inbox-automations", "inbox-done"}


async def doctor(stack: Stack) -> tuple[int | None, list[dict[str, Any]]]:
    """The command's status, and its rows."""
    endpoints = stack.credentials.with_name("endpoints.yml")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "doctor", "--json", "--model", str(MODEL)),
        *("--credentials", str(stack.credentials), "--endpoints", str(endpoints)),
        *("--webhook-url", f"{stack.channel_url}/webhook"),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode, json.loads(output)


async def test_a_bot_that_runs_as_it_should_has_nothing_wrong(hasty_stack: Stack) -> None:
    status, rows = await doctor(hasty_stack)
    not_ok = {row["check"]: row["detail"] for row in rows if row["outcome"] != "ok"}
    assert set(not_ok) == NO_API_TELLS, not_ok
    assert status == 0
