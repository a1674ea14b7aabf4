"""The command line of the plugin."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from rasa.shared.exceptions import RasaException, YamlSyntaxException
from rasa.shared.utils.io import read_config_file

from .errors import SettingsError
from .settings import Settings, parse_settings

_CLASS_NAME = "MessengerInput"
_VARIABLE = re.compile(r"\$\{\w+\}")
_TOKEN_PLACEHOLDER = "PAGE_ACCESS_TOKEN_OF_THE_AGENTS_APP"  # noqa: S105 (it is none)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did its work, 1 if not, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        print(return_request(read_settings(options.credentials), options.user))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def read_settings(path: str) -> Settings:
    """The channel's settings in a credentials file; SettingsError if they can't be read."""
    for name, section in _read_channels(path).items():
        if str(name).rpartition(".")[2] == _CLASS_NAME:
            return parse_settings(section)
    raise SettingsError(f"{path} has no section whose name ends in .{_CLASS_NAME}.")


def _read_channels(path: str) -> dict[str, Any]:
    try:
        channels: dict[str, Any] = read_config_file(path)
    except FileNotFoundError:
        raise SettingsError(
            f"There is no {path} here. Go to the folder of your Rasa project, or name the file "
            "with --credentials."
        ) from None
    except (RasaException, OSError) as error:
        raise SettingsError(f"{path} can't be read: {_cause(error)}") from None
    return channels


def _cause(error: RasaException | OSError) -> str:
    """What is wrong with the file. Rasa's own words quote its lines, which may hold secrets."""
    if isinstance(error, OSError):
        return f"{error.strerror}."
    if isinstance(error, YamlSyntaxException):
        mark = getattr(error.underlying_yaml_exception, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        return f"there is a mistake in its YAML{place}."
    if variables := sorted(set(_VARIABLE.findall(str(error)))):
        return f"set the environment variables {', '.join(variables)} first."
    return "it has to be YAML, in UTF-8, with a mapping from channels to their settings."


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m channels", description="Tools for a Messenger assistant with handover."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "return-request",
        help="print the Graph request by which the agent's app returns a user's thread",
        description="Print the request that the agent's app sends to return a user's thread to "
        "the bot. It is sent with the agent's app's own token, which is not known here.",
    )
    command.add_argument("user", type=_user_id, metavar="USER", help="the user's id (a number)")
    command.add_argument("--credentials", default="credentials.yml", metavar="FILE")
    return parser


def _user_id(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("a user id is a number, such as 24870165432109876")
    return text
