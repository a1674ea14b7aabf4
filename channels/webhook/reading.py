"""Reads raw JSON, no matter what somebody has put into it. Pure."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from ..core.errors import MalformedDelivery

LONGEST_TEXT = 20_000  # characters; Messenger's own apps let nobody write more
LONGEST_MID = 500  # characters; Meta's have about 90, and a database index has a limit
LONGEST_ID = 100  # characters; Meta's have about 17 digits, and a database index has a limit
DEEPEST_PAYLOAD = 20  # levels: Rasa copies what is in its tracker recursively
NO_CHARACTER = "\ufffd"

_DEEPEST = 200  # levels of a part that is repaired; Meta's have about 10
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair of surrogates
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
_TOKEN = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"?'  # a string; one that does not end goes to the end
    r"|[\[\]{}]"
    r"|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?",
    re.DOTALL,
)
_AN_ID = re.compile(rf"(?!null$)[A-Za-z0-9._-]{{1,{LONGEST_ID}}}")
_END_OF_IDS = 10**LONGEST_ID
_JSON = msgspec.json.Decoder(msgspec.Raw)
_T = TypeVar("_T")


class Reader(msgspec.Struct):
    """Reads the parts of one delivery.

    A part that can't be read is left out; it never costs the parts beside it. `left_out` says what
    was left out, and how often: a delivery may have thousands of such parts.
    """

    left_out: dict[str, int] = {}

    def read(self, shape: type[_T], raw: bytes | msgspec.Raw) -> _T | None:
        """The value, in this shape, without any parts that can't be read; None if nothing can."""
        try:
            found: _T | None = _decoder(shape).decode(raw)  # type: ignore[arg-type]  # a class
        except _UNREADABLE:
            found = self._by_parts(shape, raw)
        return found

    def text(self, value: object) -> str | None:
        """What was written, if anything, with U+FFFD for NUL, which PostgreSQL can't store."""
        if not isinstance(value, str) or not value:
            return None
        if len(value) > LONGEST_TEXT:
            self._leave_out(f"the end of a text, after {LONGEST_TEXT} characters")
            value = value[:LONGEST_TEXT]
        return value.replace("\0", NO_CHARACTER)

    def id(self, value: object) -> str | None:
        """An id as text; None, for nobody, if it is null, "null", empty, missing or not an id."""
        if isinstance(value, str) and _AN_ID.fullmatch(value):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _END_OF_IDS:
            return str(value)
        if value not in (None, "", "null"):
            self._leave_out("something that is not an id")
        return None

    def mid(self, value: object) -> str | None:
        """The id of a message or tap; None if there is none, or none that fits a database key."""
        mid = self.text(value)
        return mid if mid is None or len(mid) <= LONGEST_MID else None

    def payload(self, value: object) -> dict[str, Any]:
        """A JSON object, such as a payload; empty if it is missing, or is nested too deeply."""
        if not isinstance(value, dict):
            return {}
        if _is_nested_within(value, DEEPEST_PAYLOAD):
            return value
        self._leave_out(f"a payload of more than {DEEPEST_PAYLOAD} levels")
        return {}

    def _by_parts(self, shape: Any, raw: bytes | msgspec.Raw) -> Any:
        kind = next((one for one in get_args(shape) if isinstance(shape, UnionType)), shape)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            parts = self._as(dict[str, msgspec.Raw], raw, wanted=kind)
            return None if parts is None else kind(**self._fields(kind, parts))
        if get_origin(kind) is list:
            [item] = get_args(kind)
            items = self._as(list[msgspec.Raw], raw, wanted=kind) or ()
            found = (self.read(item, one) for one in items)
            return [one for one in found if one is not None]
        return self._as(kind, raw, wanted=kind)

    def _fields(self, shape: type[msgspec.Struct], parts: dict[str, msgspec.Raw]) -> dict[str, Any]:
        known = [field for field in msgspec.structs.fields(shape) if field.name in parts]
        found = ((field.name, self.read(field.type, parts[field.name])) for field in known)
        return {name: part for name, part in found if part is not None}

    def _as(self, shape: Any, raw: bytes | msgspec.Raw, *, wanted: Any) -> Any:
        """The value in this shape, repaired if need be; None, and left out, if it can't be read."""
        with suppress(*_UNREADABLE):
            return _decoder(shape).decode(raw)
        with suppress(*_UNREADABLE):
            return _decoder(shape).decode(_repaired(raw))
        self._leave_out(f"what is no {_name(wanted)}")
        return None

    def _leave_out(self, what: str) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + 1


def _name(shape: Any) -> str:
    """What the log calls a shape."""
    kind = get_origin(shape) or shape
    return "text" if kind is str else str(kind.__name__).removesuffix("Shape").lower()


@lru_cache(maxsize=64)  # there are fewer shapes than that
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def check_json(body: bytes) -> None:
    """Raise MalformedDelivery unless the body is JSON."""
    try:
        _JSON.decode(_repaired(body))
    except _UNREADABLE:
        raise MalformedDelivery(
            "A signed webhook delivery is not JSON. Look for a proxy that changes the body."
        ) from None


def _repaired(raw: bytes | msgspec.Raw) -> bytes:
    """The same JSON without what JSON allows but msgspec or UTF-8 can't carry.

    U+FFFD stands for what is not a character (half of a surrogate pair, as of an emoji that was cut
    in two; broken UTF-8), null for what is nested too deeply and for numbers too large for a float.
    """
    text = bytes(raw).decode("utf-8-sig", errors="replace")
    text = _ESCAPE.sub(lambda found: NO_CHARACTER if found["half"] else found[0], text)
    return _within_bounds(text).encode()


def _within_bounds(text: str) -> str:
    """JSON text with null for what is nested too deeply, and for numbers too large for a float."""
    kept, depth, end = [], 0, 0
    for token in _TOKEN.finditer(text):
        kind = token[0][0]
        if kind in "[{":
            depth += 1
            if depth == _DEEPEST + 1:
                kept.append(text[end : token.start()])
        elif kind in "]}":
            if depth == _DEEPEST + 1:
                kept.append("null")
                end = token.end()
            depth -= 1
        elif kind != '"' and depth <= _DEEPEST and not math.isfinite(float(token[0])):
            kept += text[end : token.start()].removesuffix("-"), "null"
            end = token.end()
    return "".join((*kept, text[end:]))


def _is_nested_within(value: dict[str, Any] | list[Any], levels: int) -> bool:
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, (dict, list)) and not (
            levels > 1 and _is_nested_within(part, levels - 1)
        ):
            return False
    return True
