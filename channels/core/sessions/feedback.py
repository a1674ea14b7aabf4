"""What users thought of a handover: how an answer is read, and how it counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ..meta.splitting import shorten

GOOD, BAD = "good", "bad"
SCORES: tuple[int | str, ...] = (1, 2, 3, 4, 5, GOOD, BAD)
SATISFIED = frozenset((4, 5, GOOD))  # the usual count for customer satisfaction (CSAT)
LATEST = timedelta(days=7)  # after the end of the handover that the feedback is about
LONGEST_COMMENT = 2000  # characters; Messenger Platform, Send API: no message is longer

_ALLOWED = "a whole number from 1 to 5, 'good' or 'bad'"
_BY_TEXT: dict[str, int | str] = {str(score): score for score in SCORES}
_UNSET = "None"  # what Rasa writes into a response for a slot that is not set


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """A user's answer: a `score` of SCORES, and a `comment` in the user's own words."""

    score: int | str
    comment: str | None
    at: datetime

    @property
    def is_satisfied(self) -> bool:
        return self.score in SATISFIED


def feedback_of(given: object, *, before: Feedback | None, now: datetime) -> Feedback:
    """The feedback in the payload of an action or a response. Raises ValueError in prose.

    A comment without a score is added to the score that was given `before`, and the same score
    again keeps its comment. The error quotes no text: an assistant may have put the user's words
    where the score belongs.
    """
    if not isinstance(given, Mapping):
        raise ValueError(
            f"'handover_feedback' is {_kind_of(given)}, not a mapping; write "
            '{"handover_feedback": {"score": 5, "comment": "…"}}.'
        )
    comment = _comment(given.get("comment"))
    score = _score(given.get("score"))
    if score is None and before is not None and comment is not None:
        score = before.score
    if score is None:
        raise ValueError(f"'score' is missing; it must be {_ALLOWED}.")
    if comment is None and before is not None and before.score == score:
        comment = before.comment
    return Feedback(score=score, comment=comment, at=now)


def _score(value: object) -> int | str | None:
    """A score; slots and templates may have turned it into a text or a float."""
    if value is None or value == _UNSET:
        return None
    text = value.strip().lower().removesuffix(".0") if isinstance(value, str) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value in SCORES:
        text = str(int(value))
    if text not in _BY_TEXT:
        raise ValueError(f"'score' is {_kind_of(value)}; it must be {_ALLOWED}.")
    return _BY_TEXT[text]


def _comment(value: object) -> str | None:
    if value is None or value == _UNSET:
        return None
    if not isinstance(value, str):
        raise ValueError(f"'comment' is {_kind_of(value)}; it must be a text.")
    return shorten(value.strip(), LONGEST_COMMENT) or None


def _kind_of(value: Any) -> str:
    """A value as the log may show it: a number, or else only its type."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 10**6:
        return str(value)
    return f"a value of the type {type(value).__name__}"
