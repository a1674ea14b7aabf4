"""The processes of a benchmark: one command each, ended when its context is left."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from demo.processes import Process

ROOT = Path(__file__).parents[2]
_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@asynccontextmanager
async def running(
    module: str, *options: str, answers_at: str, directory: Path
) -> AsyncIterator[Process]:
    """`python -m module options`, from when it answers 200 at a URL; its log goes to `directory`.

    Raises ProcessFailed if it does not start.
    """
    process = Process(module, directory=ROOT, log=directory / f"{module}.log")
    await process.start([sys.executable, "-m", module, *options], _QUIET)
    try:
        await process.answers(answers_at)
        yield process
    finally:
        await process.stop()
