"""Handovers as CSV: what others wrote stays text in any spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timezone

import pytest

from channels.core.events import Platform
from channels.core.sessions.session import EndReason, State
from channels.operators.answers import PastHandover
from channels.operators.sheet import COLUMNS, sheet

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)


def past(comment: str | None) -> PastHandover:
    return PastHandover(
        session_id="0" * 32,
        page="1001",
        platform=Platform.MESSENGER,
        user="2001",
        sender_id="2001",
        plan="default",
        target_app="777",
        is_with_inbox=False,
        state=State.ENDED,
        reason=EndReason.TIMEOUT,
        opened_by="bot",
        opened_at=NOON,
        first_answer_at=None,
        operator_messages=0,
        user_messages=0,
        ended_at=NOON,
        score="good",
        comment=comment,
    )


def comment_in_a_spreadsheet(comment: str) -> str:
    written = sheet([], [past(comment)])
    [row] = csv.DictReader(io.StringIO(written, newline=""))
    return row["comment"]


@pytest.mark.parametrize(
    "comment",
    [
        *("=1+1", "+1", "-1", "@SUM(1)", "|calc", " =1"),
        *(
            "＝1+1",
            "＋1",
            "﹢1",
            "﹦1+1",
            "－1",
            "＠SUM(1)",
            "\u00a0=1",
            "\u3000=1",
            '=HYPERLINK("http://x")',
        ),
    ],
)
def test_what_would_be_a_formula_begins_with_an_apostrophe(comment: str) -> None:
    assert comment_in_a_spreadsheet(comment) == f"'{comment}"


@pytest.mark.parametrize("blanks", ["\t", "\r", "\n", "  \t"])
def test_blanks_before_a_formula_hide_none(blanks: str) -> None:
    assert comment_in_a_spreadsheet(f"{blanks}=1").endswith("'=1")


@pytest.mark.parametrize("end", [";", "; ", "\t", "\n", "\r\n"])
@pytest.mark.parametrize("formula", ["=1+1", "@SUM(1)", "＝1+1", "﹫SUM(1)"])
def test_nor_is_there_one_behind_another_separator(end: str, formula: str) -> None:
    assert comment_in_a_spreadsheet(f"Fine{end}{formula}") == f"Fine{end}'{formula}"


@pytest.mark.parametrize(
    "comment", ["Fine", 'a "b", c;\nd', "1=1", "李小龙 محمد 👩‍💻", "'quoted'", "", "a,=1", "…"]
)
def test_anything_else_comes_as_it_was_written(comment: str) -> None:
    assert comment_in_a_spreadsheet(comment) == comment


def test_there_is_a_head_and_thousands_of_rows_are_no_matter() -> None:
    rows = list(csv.reader(io.StringIO(sheet([], [past("Fine")] * 10_000), newline="")))
    assert rows[0] == list(COLUMNS)
    assert len(rows) == 10_001
    assert {len(row) for row in rows} == {len(COLUMNS)}
