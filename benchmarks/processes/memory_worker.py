"""A worker that reports how much memory it takes: `memory` runs it and says what it compares.

`python -m benchmarks.processes.memory_worker STORE SESSIONS MESSAGES` starts an engine on the
store, hears this many messages on standby, from its sessions' users in turn, and prints a `Memory`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from channels.core.events import Array, UserMessage
from channels.core.settings.settings import parse_settings
from channels.engine.engine import Engine
from channels.instruments.clock import SystemClock
from channels.store.sql import SqlStore
from tests.fakes.graph import MemoryGraph

from ..material.assistants import FollowingUp
from ..material.credentials import APP_ID, section
from ..material.stored_sessions import thread_of
from .graph_stub import PAGE

_AT_ONCE = 200  # messages that are recorded together, like deliveries that come together
_MB = 1_000_000


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory of the process, in megabytes."""

    started_mb: float
    heard_mb: float


async def hear(store: str, sessions: int, messages: int) -> Memory:
    settings = parse_settings(section(graph_url="https://graph.facebook.com/v25.0", store=store))
    engine = Engine(
        settings=settings,
        store=SqlStore(store, worker="worker"),
        graphs=MemoryGraph(app_id=APP_ID, page_id=PAGE),
        clock=SystemClock(),
        assistant=FollowingUp(sessions),
    )
    await engine.start()
    started_mb = _resident_mb()
    for first in range(0, messages, _AT_ONCE):
        await engine.intake.accept(list(_messages(first, sessions)))
        await engine.idle()
    heard_mb = _resident_mb()
    await engine.stop()
    return Memory(started_mb=started_mb, heard_mb=heard_mb)


def _messages(first: int, sessions: int) -> Iterator[UserMessage]:
    now = datetime.now(timezone.utc)
    for number in range(first, first + _AT_ONCE):
        yield UserMessage(
            key=f"{PAGE}/standby/m_{number}",
            thread=thread_of(number % sessions),
            array=Array.STANDBY,
            at=now,
            received_at=now,
            mid=f"m_{number}",
            text="hello, I ordered two pairs of shoes and only one has arrived",
        )


def _resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def main() -> None:
    store, sessions, messages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    memory = asyncio.run(hear(store, sessions, messages))
    sys.stdout.buffer.write(msgspec.json.encode(memory))


if __name__ == "__main__":
    main()
