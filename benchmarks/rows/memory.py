"""Memory of a worker with 100,000 active sessions in its store.

A worker is a process with an engine. It hears one message in each of its sessions, so that it then
has in memory whatever it keeps of a session. The baseline is the resident memory of a worker that
has 1,000 sessions and hears as many messages.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from ..figures.results import Line, Quantity, Row, Size
from ..material.scratch import scratch, sqlite
from ..material.stored_sessions import PLAN, active_sessions, fill
from ..processes.children import ROOT
from ..processes.memory_worker import Memory

_FEW = 1_000


async def measure(size: Size) -> Row:
    many = size.of(full=100_000, quick=5_000)
    with scratch() as directory:
        few_memory = await _memory(directory, _FEW, messages=many)
        many_memory = await _memory(directory, many, messages=many)
    lines = (
        Line(
            what=f"memory of a worker with {many:,} active sessions, once started",
            baseline=Quantity(few_memory.started_mb, "MB"),
            baseline_is=f"{_FEW:,} active sessions",
            ours=Quantity(many_memory.started_mb, "MB"),
        ),
        Line(
            what=f"the same, after it has heard {many:,} messages, one in each session",
            baseline=Quantity(few_memory.heard_mb, "MB"),
            baseline_is=f"{_FEW:,} active sessions, as many messages",
            ours=Quantity(many_memory.heard_mb, "MB"),
        ),
    )
    grown = Quantity(many_memory.heard_mb - few_memory.heard_mb, "MB")
    return Row(lines=lines, notes=(f"growth by {many - _FEW:,} further sessions: {grown}",))


async def _memory(directory: Path, sessions: int, *, messages: int) -> Memory:
    url = sqlite(directory, f"handover-{sessions}")
    first_end = datetime.now(timezone.utc) + PLAN.timeout
    fill(url, active_sessions(sessions, first_end=first_end, apart=timedelta()))
    worker = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "benchmarks.processes.memory_worker",
            url,
            str(sessions),
            str(messages),
        ),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await worker.communicate()
    return msgspec.json.decode(told, type=Memory)
