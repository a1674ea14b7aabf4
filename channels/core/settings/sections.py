"""Sections of credentials.yml: which keys each has, and how their values are read. Pure.

An error names the key, the value (unless it is a secret), what is allowed and how to fix it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SettingsError
from .values import Parser, quoted

_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)
_UNSET_VARIABLE = re.compile(r"\$\{\w+\}|^\$[A-Z_][A-Z0-9_]*$", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key of the section: how its value is read, and the default if it is missing."""

    parse: Parser
    default: object = None
    required: str = ""  # why it must not be missing, and where to find it
    secret: bool = False
    may_look_unset: bool = False  # it has sections, each checked by itself, or texts for others


def parse_section(section: object, path: str, known: Mapping[str, Key]) -> dict[str, Any]:
    """The values of a section's keys. Raises SettingsError for the first mistake."""
    if not isinstance(section, Mapping):
        found = "empty" if section is None else "not a mapping"
        raise SettingsError(f"{path} in credentials.yml is {found}. Indent its keys under it.")
    for key in section:
        if key not in known:
            raise SettingsError(_unknown(key, path, known))
    return {
        name.replace("-", "_"): _read(section.get(name), f"{path}.{name}", key)
        for name, key in known.items()
    }


def _holds_more_than_an_address(found: object) -> bool:
    """Whether it is a web address with a password, or a query that may hold a token."""
    return isinstance(found, str) and "://" in found and ("@" in found or "?" in found)


def _read(found: object, path: str, key: Key) -> Any:
    if found is None:
        if key.required:
            raise SettingsError(f"{path} is missing in credentials.yml. {key.required}")
        return key.default
    is_hidden = key.secret or isinstance(found, Mapping) or _holds_more_than_an_address(found)
    shown = " " if is_hidden else f" {quoted(found)} "
    if isinstance(found, str) and not found.strip():
        raise SettingsError(
            f"{path} is empty. Write a value, or leave the key out; if it is written as ${{NAME}}, "
            "that variable is set to nothing."
        )
    try:
        if not key.may_look_unset and _has_unset_variable(found):
            raise SettingsError(
                f"{path}{shown}names an environment variable that is not set. Set it before `rasa "
                "run`, and write it as ${NAME}."
            )
        return key.parse(found)
    except ValueError as error:
        raise SettingsError(f"{path}{shown}{error}") from None
    except RecursionError:
        raise SettingsError(f"{path} is nested too deeply; nothing here has many levels.") from None


def _has_unset_variable(found: object, pattern: re.Pattern[str] = _UNSET_VARIABLE) -> bool:
    """In a list or a mapping only `${NAME}` is a variable: `$BACK` may be a button's payload."""
    if isinstance(found, (list, Mapping)):
        within = found.values() if isinstance(found, Mapping) else found
        return any(_has_unset_variable(one, _VARIABLE) for one in within)
    return isinstance(found, str) and pattern.search(found) is not None


def _unknown(key: object, path: str, known: Mapping[str, Key]) -> str:
    close = difflib.get_close_matches(quoted(key).strip("'"), known, n=1)
    guess = f"Did you mean '{close[0]}'? " if close else ""
    return f"{path} has no key {quoted(key)}. {guess}Allowed are: {', '.join(sorted(known))}."


def filled_in(value: object, environment: Mapping[str, str]) -> object:
    """The value with its variables filled in, even inside mappings and lists.

    Rasa has already filled in most of them. It leaves out those in quotes, and Rasa Pro the one
    under a key named `secret`. A variable that is not set stays as it is.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: environment.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {key: filled_in(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [filled_in(one, environment) for one in value]
    return value
