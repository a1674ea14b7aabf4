"""The stack for people to play with: it runs until it is stopped, and the chat page shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from .stack import Stack

ADMIN_TOKEN = "demo-admin-token"  # noqa: S105 (of a stack that listens on this machine alone)


def live_stack(directory: Path, *, port: int | None = None) -> Stack:
    """A stack that has not started yet; the page's clock moves the bot's clock along."""
    stack = Stack(directory, emulator_port=port)
    stack.change_channel(admin_token=ADMIN_TOKEN)
    stack.follow_the_clock()
    return stack


async def serve(directory: Path, port: int, tell: Callable[[str], None]) -> None:
    """Run the stack and say how to use it; returns when it is cancelled, all of it stopped."""
    async with live_stack(directory, port=port) as stack:
        await stack.start()
        tell(_guide(stack))
        await asyncio.Event().wait()


def _guide(stack: Stack) -> str:
    agent = stack.platform.agent.name
    return f"""
Open {stack.platform.url}/ and write as one of the people there. Try:

  I want to talk to a human    the bot hands over to the Page Inbox
  I want to talk to sales      the bot hands over to the agents' app, {agent}
  menu                         brings the bot back (so does "back to bot")

The bot also comes back after 30 minutes (sales: 2 hours): press "+30 min".

The bot's open handovers: {stack.channel_url}/handovers/
(its admin token is {ADMIN_TOKEN})

Ctrl-C stops everything.
"""
