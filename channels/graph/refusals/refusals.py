"""Graph's error envelope read as one of our errors. Pure.

The meaning is looked up by (code, subcode), by subcode, by the words of the message if Meta gives
no subcode, by code, and finally by the HTTP status. The table is in `error_codes`. Source:
Messenger Platform, Error Codes; Graph API, Handle Errors.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

import msgspec

from ...core.errors import (
    GraphError,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NotThreadOwner,
)
from ...core.meta.metas_clock import metas_time
from ...core.meta.ownership import Owner
from .error_codes import (
    BROAD_CODES,
    CODES,
    HIDDEN_FROM_SECONDARY,
    LATER,
    NUMBERS,
    PAIRS,
    PERMISSION,
    PERMISSION_CODES,
    PHRASES,
    TRANSIENT,
    UNKNOWN,
    Meaning,
)
from .known_words import in_known_words

MESSAGE_LIMIT = 300  # characters of Meta's message that are kept
MESSAGING = frozenset({"messenger", "instagram"})  # the lines of the header that count for us
PAGES_LIMIT = 80001  # its own line counts, too
MOST_MINUTES = 24 * 60  # the longest rate limit that is believed

_REDIRECTED = 300
_TOO_MANY = 429
_SERVER_ERROR = 500
_LONG_TEXT = 8  # characters
_MASK = "***"
_T = TypeVar("_T")
_TRACE = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an answer's `error` object that matter here."""

    code: int | None = None
    subcode: int | None = None
    message: str | None = None
    is_transient: bool = False
    trace: str | None = None


def fault_in(body: bytes) -> Fault | None:
    """The error that an answer's body holds; None if it is not an error envelope.

    An odd part, such as half of an emoji that Meta quotes, does not hide the other parts.
    """
    told = _json(body.decode(errors="replace")) if b'"error"' in body else None
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict) or not error:
        return None
    return Fault(
        code=_read(error.get("code"), int),
        subcode=_read(error.get("error_subcode"), int),
        message=_text(error.get("message")),
        is_transient=bool(_read(error.get("is_transient"), bool)),
        trace=_text(error.get("fbtrace_id")),
    )


def refusal(
    fault: Fault,
    *,
    call: str,
    status: int,
    usage: str | None = None,
    retry_after: timedelta = timedelta(),
    hidden: Iterable[str] = (),
    may_quote: bool = False,
) -> GraphError:
    """What Graph's error means for us.

    `call` names the request for the reader ("POST /me/messages"), `usage` is the header
    X-Business-Use-Case-Usage, `retry_after` what `asked_to_wait` reads, and `hidden` are texts that
    must not show in the error: secrets, and what we sent, because Meta may repeat it. `may_quote`:
    we sent what people are told or have said, which Meta may repeat in part or reworded, so only
    the known words of its text are kept.
    """
    meaning = _meaning(fault, status)
    make: Callable[..., GraphError] = meaning.kind
    if meaning.kind is GraphThrottled:
        kinds = MESSAGING | {"pages"} if fault.code == PAGES_LIMIT else MESSAGING
        told = max(regain_access_after(usage, kinds) or timedelta(), retry_after)
        make = functools.partial(GraphThrottled, retry_after=told or meaning.retry_after)
    elif issubclass(meaning.kind, GraphUnavailable):
        make = functools.partial(meaning.kind, retry_after=retry_after)
    reason = _shown(fault.message or "it gave no reason", hidden)
    if may_quote:
        reason = in_known_words(reason, (fault.code, fault.subcode))
    return make(
        f"Graph refused {call}: {reason}",
        code=fault.code,
        subcode=fault.subcode,
        trace=fault.trace if _TRACE.fullmatch(fault.trace or "") else None,
        remedy=meaning.remedy,
    )


def owner_by(error: GraphError) -> Owner:
    """What a refusal by Meta says about a thread's owner."""
    if HIDDEN_FROM_SECONDARY in (error.code, error.subcode):
        return Owner.HIDDEN
    return Owner.UNNAMED if isinstance(error, NotThreadOwner) else Owner.UNKNOWN


def succeeded(status: int) -> bool:
    """Whether the HTTP status is a success; a redirect is not, because Graph never redirects."""
    return status < _REDIRECTED


def unreadable(
    call: str,
    status: int,
    *,
    usage: str | None = None,
    retry_after: timedelta = timedelta(),
) -> GraphError:
    """The answer is not Graph's: a gateway's page, nothing at all, or broken JSON.

    It is a GraphTimeout if the call may have been carried out: after a success that can't be read,
    and after a gateway's error about the servers behind it. A status that means too many calls is a
    refusal like Graph's own.
    """
    if status == _TOO_MANY:
        fault = Fault(message=f"HTTP status {status}")
        return refusal(fault, call=call, status=status, usage=usage, retry_after=retry_after)
    in_doubt = succeeded(status) or status >= _SERVER_ERROR
    kind = GraphTimeout if in_doubt else GraphUnavailable
    error = kind(
        f"Graph's answer to {call} can't be read (HTTP status {status})",
        retry_after=retry_after,
        remedy="If it stays so, check 'graph-url' and any proxy between this machine and Meta.",
    )
    if isinstance(error, GraphTimeout):
        error.is_unreadable = succeeded(status)
    return error


def regain_access_after(usage: str | None, kinds: Collection[str] = MESSAGING) -> timedelta | None:
    """The longest `estimated_time_to_regain_access` of the header's lines of these kinds.

    At most a day; None if there is none. A line for ads, or for whatever else the business does,
    says nothing about messages. Source: Graph API, Rate Limits (Business Use Case).
    """
    businesses = _json(usage or "{}")
    groups = businesses.values() if isinstance(businesses, dict) else ()
    lines = [line for group in groups if isinstance(group, list) for line in group]
    minutes = (
        _read(line.get("estimated_time_to_regain_access"), float)
        for line in lines
        if isinstance(line, dict) and line.get("type") in (None, *kinds)
    )
    return max((_bounded(told) for told in minutes if told), default=timedelta()) or None


def asked_to_wait(headers: Mapping[str, str]) -> timedelta:
    """The wait that `Retry-After` asks for, in seconds or until a time by the clock of `Date`."""
    told = headers.get("Retry-After", "")
    seconds = _read(told, float)
    if seconds is None:
        until, now = metas_time(told), metas_time(headers.get("Date"))
        seconds = (until - now).total_seconds() if until and now else 0
    return _bounded(seconds / 60)


def _meaning(fault: Fault, status: int) -> Meaning:
    exact = (
        PAIRS.get((fault.code, fault.subcode))
        or NUMBERS.get(fault.subcode)
        or NUMBERS.get(fault.code)
        or _meaning_by_words(fault)
        or CODES.get(fault.code)
    )
    if exact is not None:
        return exact
    if status == _TOO_MANY:
        return LATER
    if fault.is_transient or status >= _SERVER_ERROR:
        return TRANSIENT
    return BROAD_CODES.get(fault.code, PERMISSION if fault.code in PERMISSION_CODES else UNKNOWN)


def _meaning_by_words(fault: Fault) -> Meaning | None:
    words = plain_words(fault.message or "")
    return next((meaning for phrase, meaning in PHRASES.items() if re.search(phrase, words)), None)


def plain_words(message: str) -> str:
    """The words without what Meta varies: case, contractions, articles."""
    plain = message.casefold().replace("\u2019", "'").replace("`", "'").replace("-", " ")
    plain = re.sub(r"\bcannot\b|\bcan't\b", "can not", plain)
    plain = re.sub(r"n't\b", " not", plain)
    return " ".join(word for word in plain.split() if word != "the")


def _bounded(minutes: float) -> timedelta:
    is_one = math.isfinite(minutes) and minutes > 0
    return timedelta(minutes=min(minutes, MOST_MINUTES)) if is_one else timedelta()


def _json(text: str) -> object:
    """The text read as JSON, however odd its parts; None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read(value: object, kind: type[_T]) -> _T | None:
    """The value as a number or flag, even if Meta writes it as text; None if it is neither."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, OverflowError):
        return None


def _text(value: object) -> str | None:
    """The text, with a mark for each lone half of a surrogate pair, which no log can hold."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else None


def _anywhere(text: str) -> str:
    """A pattern for the text; a short text matches only whole words, or "a" would hide every a."""
    pattern = re.escape(text)
    return pattern if len(text) >= _LONG_TEXT else rf"(?<!\w){pattern}(?!\w)"


def _shown(message: str, hidden: Iterable[str]) -> str:
    """Meta's message on one line, cut, and without the hidden texts."""
    longest_first = sorted(filter(None, hidden), key=len, reverse=True)
    if longest_first:
        message = re.sub("|".join(map(_anywhere, longest_first)), _MASK, message)
    line = " ".join(message.split()).rstrip(".")
    return line if len(line) <= MESSAGE_LIMIT else f"{line[:MESSAGE_LIMIT]}…"
