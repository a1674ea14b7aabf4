"""The fields of a handover request: where each may come from and which JSON it may hold.

Whether the values make sense is up to the channel (is there such a plan, is the timeout too
long); only their types count here, so that a request always reaches the channel as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of the request.

    Attributes:
        name: its key in the request, and the attribute of `ActionHandover` that fills it.
        slot: the slot that fills it and takes precedence over the attribute; None if there is none.
        accepts: whether a value has an allowed type.
        allowed: the allowed types, in words that finish the sentence "allowed is …".
    """

    name: str
    slot: str | None = None
    accepts: Callable[[object], bool]
    allowed: str


def is_empty(value: object) -> bool:
    """Whether the value says nothing, so that the field's next source is used."""
    return value is None or value in ("", [], {})


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_app(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_duration(value: object) -> bool:
    if isinstance(value, float):  # what Rasa's float slots hold
        return value.is_integer()
    return _is_app(value)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_keywords(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_is_text, value)) and all(map(_is_list_of_texts, value.values()))
    return _is_list_of_texts(value)


def _is_json_object(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


FIELDS = (
    Field(
        name="plan",
        slot="handover_plan",
        accepts=_is_text,
        allowed="the name of a plan as text",
    ),
    Field(
        name="target_app",
        accepts=_is_app,
        allowed="page-inbox or an app id",
    ),
    Field(
        name="timeout",
        slot="handover_timeout",
        accepts=_is_duration,
        allowed="a whole number of seconds, or text such as 90s, 30m, 2h or 1d",
    ),
    Field(
        name="keywords",
        slot="handover_keywords",
        accepts=_is_keywords,
        allowed="a list of texts, or a mapping from language to such a list",
    ),
    Field(
        name="metadata",
        accepts=_is_json_object,
        allowed="a dict of values that JSON can hold",
    ),
)
