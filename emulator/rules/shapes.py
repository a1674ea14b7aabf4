"""Whether a parameter has the shape that it must have. Each check raises GraphError, nearly always
100.

The words and codes are from answers that other projects have got from Meta (Meta facts 4).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, TypeVar

from .errors import GraphError, JsonObject, invalid_parameter

T = TypeVar("T")

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)


def one_of(value: Any, allowed: tuple[str, ...], name: str) -> None:
    """A text from a fixed set."""
    if value not in allowed:
        raise invalid_parameter(f"Param {name} must be one of {{{', '.join(allowed)}}}")


def filled(value: Any, limit: int | None, name: str) -> None:
    """A text that is not empty, of at most `limit` characters."""
    text_within(value, limit, name)
    if not value:
        raise invalid_parameter(f"Param {name} must be a non-empty string")


def text_within(value: Any, limit: int | None, name: str) -> None:
    """A text, maybe an empty one, of at most `limit` characters."""
    if not isinstance(value, str):
        raise invalid_parameter(f"Param {name} must be a string")
    if limit is not None and len(value) > limit:
        raise invalid_parameter(f"Length of param {name} must be less than or equal to {limit}")


def web_address(value: Any, name: str) -> None:
    """The whole address of something on the web."""
    filled(value, None, name)
    if not _WEB_ADDRESS.fullmatch(value):
        raise invalid_parameter(f"{name} should represent a valid URL")


def known_keys(shape: JsonObject, known: Collection[str], name: str) -> None:
    """An object without any other keys than these."""
    unknown = ", ".join(key for key in shape if key not in known)
    if unknown:
        raise invalid_parameter(f'Invalid keys "{unknown}" were found in param "{name}".')


def some(items: list[Any], most: int, name: str) -> None:
    """At least one item, and not too many: otherwise the code is 194 or 105."""
    if not items:
        raise GraphError(f"(#194) param {name} has too few elements.", code=194)
    if len(items) > most:
        raise GraphError(f"(#105) param {name} has too many elements.", code=105)


def as_array(value: Any, name: str) -> list[Any]:
    """The value, which must be a JSON array."""
    return _typed(value, list, name, "an array")


def as_object(value: Any, name: str) -> JsonObject:
    """The value, which must be a JSON object."""
    return _typed(value, dict, name, "a JSON object")


def _typed(value: Any, kind: type[T], name: str, called: str) -> T:
    if not isinstance(value, kind):
        raise invalid_parameter(f"Param {name} must be {called}")
    return value
