"""`return-request`: the Graph request with which an agent's app gives a thread back."""

from __future__ import annotations

import argparse
import json
import shlex

from channels.core.settings.settings import Settings

from ..command import Command, add_credentials_argument, add_user_argument

_TOKEN_PLACEHOLDER = "PAGE_ACCESS_TOKEN_OF_THE_AGENTS_APP"  # noqa: S105 (it is not a token)


def return_request(settings: Settings, user: str) -> str:
    """The Graph request with which an agent's app gives a thread back to the bot.

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


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_user_argument(parser)
    add_credentials_argument(parser)


def _run(options: argparse.Namespace) -> int:
    from ..credentials.settings import read_settings

    user = options.user.rpartition(":")[2]
    print(return_request(read_settings(options.credentials), user))
    return 0


COMMAND = Command(
    description="Print the request that the agent's app sends to return a user's thread to the "
    "bot. The agent's app sends it with its own token, which the bot does not know.",
    add_arguments=_add_arguments,
    run=_run,
)
