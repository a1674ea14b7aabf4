"""What the commands share that ask a running bot: its address, its token and the user."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from channels.core.errors import OperatorError
from channels.operators.client import OperatorClient

from .credentials import add_credentials_argument, read_settings

_SENDER_ID = re.compile(r"([0-9]{1,32}:)?[0-9]{1,32}", re.ASCII)


def add_bot_arguments(parser: ArgumentParser) -> None:
    """Where the bot is, and how to tell the answer."""
    add_credentials_argument(parser)
    parser.add_argument(
        "--url",
        default="http://localhost:5005",
        help="the address of the running Rasa server (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def add_user_argument(parser: ArgumentParser) -> None:
    """Whom it is about."""
    parser.add_argument(
        "user", type=_sender_id, metavar="USER", help="the user's id; of several Pages: PAGE:USER"
    )


def client_of(options: Namespace) -> OperatorClient:
    """The client of the bot that the arguments name, with the token of the credentials file."""
    settings = read_settings(options.credentials)
    if settings.admin_token is None:
        raise OperatorError(
            f"{options.credentials} has no 'admin-token', so the bot has no operator API. Add one "
            "and restart the bot."
        )
    return OperatorClient(url=options.url, admin_token=settings.admin_token)


def _sender_id(text: str) -> str:
    if not _SENDER_ID.fullmatch(text):
        raise ArgumentTypeError("a user is a number, or PAGE:USER, as Rasa's sender ids are")
    return text
