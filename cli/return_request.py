"""`return-request`: the Graph request by which an agent's app gives a thread back."""

from __future__ import annotations

import argparse
import json
import shlex

from channels.core.settings import Settings

from .command import Command, add_credentials_argument

_TOKEN_PLACEHOLDER = "PAGE_ACCESS_TOKEN_OF_THE_AGENTS_APP"  # noqa: S105 (it is none)


def return_request(settings: Settings, user: str) -> str:
    """The Graph request by which an agent's app gives a thread back to the bot.

    Source: Messenger Platform, Conversation Routing, `pass_thread_control`.
    """
    body = {"recipient": {"id": user}, "target_app_id": settings.app_id}
    parts = [
        f"curl -X POST {shlex.quote(settings.graph_url + '/me/pass_thread_control')}",
        f"-H 'Authorization: Bearer {_TOKEN_PLACEHOLDER}'",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps(body))}",
    ]
    return " \\\n  ".join(parts)


def user_id(text: str) -> str:
    """A user's id as an argument of a command."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("a user id is a number, such as 24870165432109876")
    return text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", type=user_id, metavar="USER", help="the user's id (a number)")
    add_credentials_argument(parser)


def _run(options: argparse.Namespace) -> int:
    from .credentials import read_settings

    print(return_request(read_settings(options.credentials), options.user))
    return 0


COMMAND = Command(
    description="Print the request that the agent's app sends to return a user's thread to the "
    "bot. It is sent with the agent's app's own token, which is not known here.",
    add_arguments=_add_arguments,
    run=_run,
)
