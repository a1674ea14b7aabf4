"""`python -m demo`: a real Rasa hands a user over to live agents and takes her back."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from .platform import NotSeen
from .processes import ProcessFailed
from .stack import Stack
from .story import TIMEOUT, Story


async def play() -> None:
    with tempfile.TemporaryDirectory(prefix="handover-demo-") as directory:
        print("Starting the Messenger emulator, the action server and rasa run …", flush=True)
        async with Stack(Path(directory)) as stack:
            stack.change_plan("default", timeout=f"{int(TIMEOUT.total_seconds())}s")
            await stack.start()
            await Story(stack.platform, lambda line: print(line, flush=True)).play()


def main() -> int:
    try:
        asyncio.run(play())
    except (NotSeen, ProcessFailed) as failure:
        print(f"\nThe demo failed: {failure}", file=sys.stderr)
        return 1
    print("\nEvery step happened.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
