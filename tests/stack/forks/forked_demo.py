"""`python -m tests.stack.forks.forked_demo PLACE …`: the demo, whose processes are forked.

They come from the fork server in PLACE, which runs already; all else is `python -m demo …`.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from demo import __main__ as demo
from demo.stack import MODEL, PROJECT, Stack
from tests.stack.forks.forked_stack import ForkedStack
from tests.stack.forks.forks import ForkServer


class DemosStack(ForkedStack):
    """The demo's own stack, in its place."""

    def __init__(self, place: Path, directory: Path) -> None:
        self._server = ForkServer(directory=PROJECT, place=place)
        super().__init__(self._server, directory, model=MODEL)

    async def __aenter__(self) -> Stack:
        await self._server.start({})
        return self

    async def stop(self) -> None:
        await super().stop()
        await self._server.stop()


if __name__ == "__main__":
    vars(demo)["Stack"] = partial(DemosStack, Path(sys.argv.pop(1)))
    sys.exit(demo.main())
