"""The transcript of a handover: what was said while the bot was silent. Pure.

A line is one message or tap. No part of it may go into a log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import msgspec

from ..events import Attachment, Echo, Event, Postback, UserMessage
from ..meta.splitting import length, shorten
from ..sessions.session import Speaker

LONGEST_LINE = 2000  # characters; Messenger Platform, Send API: no message is longer
MOST_LINES = 50  # in the metadata of `handover_ended`
MOST_CHARACTERS = 20_000  # in all of those lines


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said, and when, by Meta's clock; a message always has the same `key`."""

    key: str
    at: datetime
    speaker: Speaker
    text: str


def line_of(event: Event, speaker: Speaker) -> Line | None:
    """The line for an event; None if nothing was said in it.

    Attachments follow the text as "[image] https://…", one below the other; without their titles
    and addresses if the line would otherwise be too long, because part of an address is useless.
    """
    if not isinstance(event, (UserMessage, Postback, Echo)):
        return None
    text = text_of(event)
    key = line_key(event.mid or event.key)
    return Line(key=key, at=event.at, speaker=speaker, text=text) if text else None


def text_of(event: Event) -> str:
    """The text of an event's line; empty if nothing was said in it."""
    if not isinstance(event, (UserMessage, Postback, Echo)):
        return ""
    text = _joined(_words(event), map(_with_url, _attachments(event)))
    if length(text) > LONGEST_LINE:
        text = shorten(_joined(_words(event), map(_kind, _attachments(event))), LONGEST_LINE)
    return text


def line_key(named: str) -> str:
    """The key of a message's line, made from its mid, or else from its event's key.

    Meta may deliver a tap on both arrays: then the events' keys differ, but the mid does not.
    """
    return hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()[:32]


def for_metadata(lines: Sequence[Line]) -> dict[str, Any]:
    """The transcript as Rasa gets it: the newest of `lines` that fit, each of them whole.

    `lines` is in the order in which they were said, and so is the result; `truncated` says whether
    lines were left out. Callers need give only MOST_LINES, and one more to show that there are
    more.
    """
    sizes = accumulate(length(line.text) for line in reversed(lines[-MOST_LINES:]))
    fitting = sum(size <= MOST_CHARACTERS for size in sizes)
    newest = lines[len(lines) - fitting :]
    return {"truncated": fitting < len(lines), "lines": [_described(line) for line in newest]}


def _described(line: Line) -> dict[str, str]:
    return {"at": line.at.isoformat(), "speaker": line.speaker.value, "text": line.text}


def _words(event: UserMessage | Postback | Echo) -> str:
    if isinstance(event, Echo):
        return event.text or ""
    text = event.title if isinstance(event, Postback) else event.text
    return text or event.payload or ""


def _attachments(event: UserMessage | Postback | Echo) -> tuple[Attachment, ...]:
    return () if isinstance(event, Postback) else event.attachments


def _joined(words: str, attachments: Iterator[str]) -> str:
    return "\n".join(part for part in (words, *attachments) if part)


def _with_url(attachment: Attachment) -> str:
    title = attachment.payload.get("title")
    told = (_kind(attachment), title if isinstance(title, str) else None, attachment.url)
    return " ".join(part for part in told if part)


def _kind(attachment: Attachment) -> str:
    return f"[{attachment.type}]"
