"""A credentials file as it is written, read without Rasa: its variables, and the admin token."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from channels.core.errors import SettingsError
from channels.core.settings.sections import filled_in
from channels.core.settings.settings import is_own_section
from channels.core.settings.values import parse_admin_token
from channels.instruments.host import MANTLE_REFUSED, is_mantle_project

CREDENTIALS_FILE = "credentials.yml"
TOKEN_VARIABLE = "HANDOVER_ADMIN_TOKEN"  # noqa: S105 (its name, not the token)

_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)
_HOW = (
    f"Set {TOKEN_VARIABLE} to the bot's 'admin-token', or name the credentials file that has it "
    "with --credentials."
)


class _LeavesVariables(SafeConstructor):
    """If Rasa is loaded, it has made ruamel.yaml fill in variables; here they stay as they are."""


_LeavesVariables.add_constructor("!env_var", SafeConstructor.construct_yaml_str)


def admin_token(credentials: str | None) -> str:
    """The operator API's token: from the credentials file that is named, or else from the
    environment, or else from the project in this folder. Raises SettingsError if there is none.
    """
    if credentials is None and (told := os.environ.get(TOKEN_VARIABLE)):
        return _parsed(told, TOKEN_VARIABLE)
    path = credentials or CREDENTIALS_FILE
    if not Path(path).exists():
        raise missing(path, _HOW)
    token = _token_in(path)
    if unset := unset_variables(token):
        raise SettingsError(f"'admin-token' in {path} is {unset[0]}, which is not set. {_HOW}")
    return _parsed(token, f"'admin-token' in {path}")


def missing(path: str, remedy: str) -> SettingsError:
    """The error for a missing file; a Mantle project has none, and can't use one."""
    if is_mantle_project(Path()):
        return SettingsError(MANTLE_REFUSED)
    return SettingsError(f"There is no {path} here. {remedy}")


def unset_variables(value: object) -> list[str]:
    """The names of a value's variables that the environment lacks, each once."""
    names = (name for text in _texts(value) for name in _VARIABLE.findall(text))
    return [name for name in dict.fromkeys(names) if name not in os.environ]


def load(path: str) -> object:
    """The contents of a YAML file, with variables left as they are. Raises SettingsError if it
    can't be read.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            yaml = YAML(typ="safe", pure=True)
            yaml.Constructor = _LeavesVariables
            return yaml.load(file)
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} can't be read: it has to be in UTF-8.") from None
    except YAMLError as error:
        raise SettingsError(f"{path} can't be read: {mistake_in(error)}") from None


def mistake_in(error: object) -> str:
    """Where a YAML file is wrong. The parser's own message quotes lines, which may hold secrets."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    return f"there is a mistake in its YAML{f' in line {mark.line + 1}' if mark else ''}."


def _token_in(path: str) -> object:
    content = load(path)
    channels = content if isinstance(content, dict) else {}
    for name, section in channels.items():
        if is_own_section(name) and isinstance(section, dict) and section.get("admin-token"):
            return filled_in(section["admin-token"], os.environ)
    raise SettingsError(
        f"{path} has no 'admin-token', so the bot that it starts has no operator API. Add one and "
        "restart the bot."
    )


def _parsed(token: object, name: str) -> str:
    try:
        return parse_admin_token(token)
    except ValueError as error:
        raise SettingsError(f"{name} {error}") from None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
