"""JSON as in Meta's samples of forms and queries: strings in single quotes, names without quotes.

Meta's pages write the same call as `recipient={'id':'PSID'}` and as `recipient={id:PSID}` (Meta:
"Send API", "Conversation Routing"). What else Meta's parser forgives is not documented.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

# An unterminated string extends to the end of the text, so that its end is not searched for twice.
_TOKEN = re.compile(
    r"""
    "(?:[^"\\]|\\.)*"?  # a string as it should be
    | '(?P<string>(?:[^'\\]|\\.)*)'?
    | (?<!\w)(?P<name>[A-Za-z_]\w*)(?=\s*:)
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE_QUOTE = re.compile(r'(?<!\\)"')


def from_json(value: Any) -> Any:
    """The value of a form or query parameter: the JSON in it, or else its text."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return _relaxed(value) if value.lstrip().startswith(("{", "[")) else value


def _relaxed(text: str) -> Any:
    try:
        return msgspec.json.decode(_TOKEN.sub(_as_strict, text))
    except msgspec.DecodeError:
        return text


def _as_strict(token: re.Match[str]) -> str:
    if token["string"] is not None:
        inside = _BARE_QUOTE.sub(r"\"", token["string"].replace(r"\'", "'"))
        return f'"{inside}"'
    return f'"{token["name"]}"' if token["name"] is not None else token[0]
