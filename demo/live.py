"""The stack for people to play with: it runs until it is stopped, and the chat page shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from .news import tell_news
from .processes import is_free
from .stack import PROJECT, Stack

LOGS = PROJECT / "build" / "demo"
# Of a stack that listens only on this machine.
ADMIN_TOKEN = "demo-admin-token"  # noqa: S105
OPERATOR_TOKEN = "demo-operator-token"  # noqa: S105


def make_live(stack: Stack) -> None:
    """From the next start on, the page's clock moves the bot's clock, too, and there is a desk."""
    stack.change_channel(admin_token=ADMIN_TOKEN)
    stack.tell_the_desk(operator_token=OPERATOR_TOKEN)
    stack.follow_the_clock()


async def serve(directory: Path, port: int, tell: Callable[[str], None]) -> None:
    """Run the stack and say how to use it; when cancelled, it stops everything and returns."""
    # Rasa, which has the operators' page, is on the port after that of the chat page.
    rasa_port = port + 1 if port else None
    async with Stack(directory, emulator_port=port, rasa_port=rasa_port) as stack:
        make_live(stack)
        stack.log_into(LOGS)
        telling = asyncio.create_task(tell_news(stack.logs, tell))
        try:
            await stack.start()
            tell(_guide(stack))
            await asyncio.Event().wait()
        finally:
            telling.cancel()


def taken(port: int) -> int | None:
    """The first of the demo's two ports that is in use; None if both are free."""
    return next((one for one in (port, port + 1) if port and not is_free(one)), None)


def _guide(stack: Stack) -> str:
    agent = stack.platform.agent.name
    return f"""
Open {stack.platform.url}/ and write as one of the people there. Try:

  I want to talk to a person   the bot hands over to the Page Inbox
  I want to talk to sales      the bot hands over to the agents' app, {agent}
  menu                         brings the bot back (so does "back to bot")

The bot also comes back after 30 minutes (sales: 2 hours): press "+30 min".
What it tells its operators meanwhile is on the page, too, under "Notices".

The operators' page: {stack.channel_url}/handovers/
(its admin token is {ADMIN_TOKEN})

The bot's warnings are shown here; its whole log is in {LOGS}.
Ctrl-C stops everything.
"""
