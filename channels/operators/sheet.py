"""Handovers as CSV, for a spreadsheet. Pure.

Source: RFC 4180; OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

from .answers import Handover, PastHandover

COLUMNS = (
    "session_id",
    "page",
    "user",
    "plan",
    "target_app",
    "state",
    "reason",
    "opened_at",
    "first_answer_at",
    "ended_at",
    "operator_messages",
    "user_messages",
    "score",
    "comment",
    "opened_by",
)
# Text that begins with one of these is a formula, even after blanks; full-width and small forms
# count.
_STEERING = ("=", "+", "-", "@", "|")
_BLANKS = ("\t", "\r", "\n")
# Where a cell ends for a program that uses separators other than the comma, as Excel does where
# numbers have a decimal comma: such a program ignores quotes in the middle of a cell.
_AFTER_ANOTHER_END = re.compile(r"([;\t\r\n][^\S\t\r\n]*)(?=(\S))")


def sheet(open_ones: Iterable[Handover], past: Iterable[PastHandover]) -> str:
    """A header and a row for each handover, the open ones first."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for one in (*open_ones, *past):
        rows.writerow([_cell(getattr(one, column, None)) for column in COLUMNS])
    return written.getvalue()


def _cell(value: object) -> str:
    """A value as text, in which nothing that a user wrote can become a formula."""
    if value is None:
        return ""
    isoformat = getattr(value, "isoformat", None)
    text = str(isoformat()) if isoformat else str(getattr(value, "value", value))
    text = _AFTER_ANOTHER_END.sub(lambda end: end[1] + ("'" if _steers(end[2]) else ""), text)
    return f"'{text}" if _steers(text.lstrip()) or text[:1] in _BLANKS else text


def _steers(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1]).startswith(_STEERING)
