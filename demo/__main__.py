"""`python -m demo`: a real Rasa with the emulator's chat page; `--script` plays a story on it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from .live import serve, taken
from .platform import NotSeen
from .processes import ProcessFailed
from .stack import Stack
from .story import TIMEOUT, Story

_TAKEN = (
    "Port {port} is taken, perhaps by another demo. Choose another one (it takes the one after it, "
    'too): make demo DEMO="--port {other}"'
)


async def play(directory: Path) -> None:
    """Tell the story line by line. Raises NotSeen if one of its steps does not happen."""
    async with Stack(directory) as stack:
        stack.change_plan("default", timeout=f"{int(TIMEOUT.total_seconds())}s")
        await stack.start()
        await Story(stack.platform, tell).play()
    tell("\nEvery step happened.")


async def until_stopped(work: Callable[[Path], Awaitable[None]]) -> None:
    """Do the work in a directory of its own; SIGINT and SIGTERM end it, and it cleans up."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with tempfile.TemporaryDirectory(prefix="handover-demo-") as directory:
        tell("Starting the Messenger emulator, the action server and rasa run: half a minute …")
        await work(Path(directory))


def tell(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    """Returns the exit status: 1 if something does not start, or a step of the story is missing."""
    options = _parser().parse_args()
    if not options.script and (port := taken(options.port)):
        print(_TAKEN.format(port=port, other=options.port + 100), file=sys.stderr)
        return 1
    work = play if options.script else lambda directory: serve(directory, options.port, tell)
    try:
        asyncio.run(until_stopped(work))
    except (NotSeen, ProcessFailed) as failure:
        print(f"\nThe demo failed: {failure}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        tell("\nStopped.")
        return 130 if options.script else 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--script", action="store_true", help="play a story, then stop")
    parser.add_argument(
        "--port", type=int, default=8600, help="of the chat page; 0 takes a free one (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
