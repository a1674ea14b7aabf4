"""Whether a parameter has the shape that it must have. Each check raises GraphError 100."""

from __future__ import annotations

from typing import Any, TypeVar

from .errors import JsonObject, invalid_parameter

T = TypeVar("T")


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
