"""What callers of the operator API ask for in a query. Pure.

Each function raises WrongQuery, in prose, for a value that it does not accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from ..core.sessions.search import MOST_SEARCHED, Search

LONGEST_PERIOD = 3650  # days, as `retention`
USUAL_PERIOD = 7  # days
MOST_LISTED = 1000
MOST_COUNTED = 10_000
LONGEST_WORDS = 100  # characters
ORDERS = ("oldest", "need")


class WrongQuery(Exception):
    """A query has a value that is not allowed."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list: `limit` items after the first `skip`."""

    skip: int
    limit: int


def search(query: Mapping[str, str]) -> Search:
    """Which open sessions are wanted, and in what order."""
    words = query.get("search", "")
    if len(words) > LONGEST_WORDS:
        raise WrongQuery(f"'search' may have at most {LONGEST_WORDS} characters.")
    order = query.get("order", ORDERS[0])
    if order not in ORDERS:
        raise WrongQuery(f"'order' must be one of {', '.join(ORDERS)}.")
    unanswered = query.get("unanswered", "false")
    if unanswered not in ("true", "false"):
        raise WrongQuery("'unanswered' must be true or false.")
    return Search(
        words=" ".join("".join(filter(str.isprintable, words)).lower().split()),
        plan=_whole(query, "plan"),
        page=_whole(query, "page"),
        is_unanswered=unanswered == "true",
        by_need=order == "need",
    )


def _whole(query: Mapping[str, str], name: str) -> str:
    """A name that has to match as a whole; PostgreSQL takes no NUL, which no name has."""
    return query.get(name, "").replace("\0", "\ufffd")


def part(query: Mapping[str, str]) -> Part:
    """Which part of a list is wanted; if the query does not say, as much as is allowed."""
    return Part(
        skip=_number(query, "skip", lowest=0, highest=MOST_SEARCHED, usual=0),
        limit=_number(query, "limit", lowest=1, highest=MOST_LISTED, usual=MOST_LISTED),
    )


def period(query: Mapping[str, str]) -> timedelta:
    """How far back."""
    return timedelta(
        days=_number(query, "days", lowest=1, highest=LONGEST_PERIOD, usual=USUAL_PERIOD)
    )


def _number(query: Mapping[str, str], name: str, *, lowest: int, highest: int, usual: int) -> int:
    text = query.get(name, str(usual))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    if not lowest <= number <= highest:
        raise WrongQuery(f"'{name}' must be a number from {lowest} to {highest}.")
    return number
