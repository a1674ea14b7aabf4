"""Fitting single fields of a Rasa response to a platform's limits. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec

from ...core.meta.limits import Limits
from ...core.meta.splitting import ELLIPSIS, length, shorten, split_text, well_formed

T = TypeVar("T")
Message = dict[str, Any]  # the `message` object of a Send API request
Fit: TypeAlias = Callable[[Any, str, "Fitter"], list[T]]  # value, field, fitter; see Unsendable

# Splitting a text takes a millisecond for every few hundred characters, during which nobody else is
# served.
LONGEST_TEXT = 40_000  # characters, of one response
MOST_ITEMS = 500  # of one list

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_MISSING: tuple[Any, ...] = (None, "", [], {})
_JSON_NAMES = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


class Unsendable(ValueError):
    """A part of a response that no message can carry.

    The message is the second half of a sentence, "it …" or "its …"; it says what is wrong and
    how to fix it, and never quotes what the part holds.
    """


class Fitter(msgspec.Struct):
    """Fits the fields of one response to `limits`, and notes in prose what it changed.

    `field` is a path into the response such as "buttons[2].title". The notes name fields and
    lengths, never what a field holds: a slot may have put the user's words there.
    """

    limits: Limits
    notes: list[str] = []

    def note(self, field: str, what_was_done: str) -> None:
        self.notes.append(f"{field} {what_was_done}")

    def parts(self, response: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        """Those of the named parts that the response has, well-formed."""
        found = {name: self._part(response.get(name), name) for name in names}
        return {name: part for name, part in found.items() if part is not None}

    def _part(self, value: Any, name: str) -> Any:
        try:
            return self._well_formed(value, name)
        except RecursionError:
            self.note(name, "was left out: it is nested too deeply, or contains itself.")
            return None

    def _well_formed(self, value: Any, part: str) -> Any:
        """A deep copy of a value, as JSON and as texts that UTF-8 can carry.

        A domain's values may be dates and its keys numbers: YAML reads them so.
        """
        if isinstance(value, str):
            return self._well_formed_text(value, part)
        if isinstance(value, Mapping):
            return {
                self._well_formed_text(str(key), part): self._well_formed(item, part)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self._well_formed(item, part) for item in value]
        is_number = isinstance(value, (bool, int)) or (
            isinstance(value, float) and math.isfinite(value)
        )
        if value is None or is_number:
            return value
        self.note(part, f"holds a {type(value).__name__}, which JSON lacks: it is now a text.")
        return self._well_formed_text(str(value), part)

    def _well_formed_text(self, value: str, part: str) -> str:
        text = well_formed(value)
        if text != value:
            self.note(part, "holds surrogates, which UTF-8 can't carry: lone ones are now U+FFFD.")
        return text

    def known(
        self, given: Mapping[str, Any], keys: Collection[str], field: str, kind: str
    ) -> dict[str, Any]:
        """The keys that Meta knows in such an object: for any other it refuses the message."""
        if given.keys() - {*keys}:
            self.note(field, f"has keys that no {kind} has: these were left out.")
        return {key: value for key, value in given.items() if key in keys}

    def one(self, value: Any, field: str, fit: Fit[T]) -> list[T]:
        """What `fit` makes of a value; empty if it is missing, or, with a note, if it is
        Unsendable.
        """
        return [] if value in _MISSING else self._attempt(value, field, fit)

    def every(self, values: Any, field: str, fit: Fit[T]) -> list[T]:
        """What `fit` makes of each item of a list, in order."""
        if values in _MISSING:
            return []
        if not isinstance(values, list):
            self.note(field, f"was left out: it must be a list, but is {json_name(values)}.")
            return []
        if len(values) > MOST_ITEMS:
            self.note(field, f"has {len(values)} items, and only the first {MOST_ITEMS} count.")
        return [
            fitted
            for i, value in enumerate(values[:MOST_ITEMS])
            for fitted in self._attempt(value, f"{field}[{i}]", fit)
        ]

    def _attempt(self, value: Any, field: str, fit: Fit[T]) -> list[T]:
        try:
            return fit(value, field, self)
        except Unsendable as error:
            self.note(field, f"was left out: {error}")
            return []

    def bounded(self, text: str) -> str:
        """The text, cut to as much as anybody would read."""
        if len(text) <= LONGEST_TEXT:
            return text
        self.note("text", f"has {len(text)} characters, and was cut after {LONGEST_TEXT}.")
        return text[: LONGEST_TEXT - 1].rstrip() + ELLIPSIS

    def split(self, text: str) -> list[str]:
        """The text in pieces, each of which a text message can hold."""
        return split_text(self.bounded(text), self.limits.text, self.limits.text_unit)

    def shortened(self, text: str, field: str, limit: int) -> str:
        """`text`, shortened to `limit` characters if it is longer."""
        if length(text) > limit:
            self.note(
                field,
                f"has {length(text)} characters, and {limit} fit: it was shortened, and ends in "
                "an ellipsis.",
            )
        return shorten(text, limit)

    def title(self, value: Any, field: str) -> str:
        """The title of a button or quick reply. Raises Unsendable if there is none."""
        return self.shortened(required_text(value, "title"), field, self.limits.title)

    def payload(self, value: Any, _field: str) -> str:
        """The payload of a button or quick reply. Raises Unsendable if it is missing or long."""
        payload = required_text(value, "payload")
        if length(payload) > self.limits.payload:
            raise Unsendable(
                f"its payload has {length(payload)} characters, and {self.limits.payload} fit; "
                "a shortened one would mean something else. Send a short intent and keep the "
                "rest in slots."
            )
        return payload


def as_object(value: Any, subject: str = "it") -> dict[str, Any]:
    """The value, if it is a JSON object; otherwise raises Unsendable, which calls it `subject`."""
    if not isinstance(value, dict):
        kind = json_name(value)
        raise Unsendable(f"{subject} must be an object with keys and values, but is {kind}.")
    return value


def fit_text(value: Any, _field: str, fitter: Fitter) -> list[str]:
    """The text of a response, bounded. Raises Unsendable if it is not a text."""
    return [fitter.bounded(as_text(value, "value"))]


def fit_address(value: Any, _field: str, _fitter: Fitter) -> list[str]:
    """The address of something on the web. Raises Unsendable if it is not one."""
    return [web_address(value, "URL")]


def web_address(value: Any, name: str) -> str:
    """A whole address: Meta refuses a message with any other. Raises Unsendable, which calls the
    field `name`.
    """
    address = required_text(value, name)
    if not _WEB_ADDRESS.fullmatch(address):
        raise Unsendable(f"its {name} is no web address; write all of it, with https:// before it.")
    return address


def as_text(value: Any, name: str) -> str:
    """A text, or a number as text, without surrounding white space; "" for null.

    Raises Unsendable for anything else, which calls the field `name`.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Unsendable(f"its {name} must be a text, but is {json_name(value)}.")
    return str(value).strip()


def required_text(value: Any, name: str) -> str:
    """A text as `as_text` reads it. Raises Unsendable if it is empty."""
    text = as_text(value, name)
    if not text:
        raise Unsendable(f"its {name} is missing or blank; give it one.")
    return text


def json_name(value: Any) -> str:
    """What JSON calls the value's kind, with an article."""
    return _JSON_NAMES.get(type(value), "not JSON")
