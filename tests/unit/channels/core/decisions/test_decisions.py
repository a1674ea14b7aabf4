"""The decision table, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from channels.core import decisions
from channels.core.decisions import (
    ASK,
)
from channels.core.events import Event
from channels.core.meta.ownership import Routing
from channels.core.sessions.session import Session
from tests.unit.channels.core.decisions.decision_rows import SESSIONS, UNASKED, Row
from tests.unit.channels.core.decisions.decision_samples import (
    look_up,
)
from tests.unit.channels.core.decisions.rows_of_control import CONTROL_AND_ACTS
from tests.unit.channels.core.decisions.rows_of_words import WORDS

TABLE = [*WORDS, *CONTROL_AND_ACTS]


def _cases(rows: list[Row]) -> Iterator[Any]:
    for row in rows:
        for session in SESSIONS[row.session]:
            for event in row.events:
                for mode in row.routings:
                    yield pytest.param(event, session, mode, row, id=_words(row))


def _words(row: Row) -> str:
    return f"{row.event} | {row.session} | {row.do}"


@pytest.mark.parametrize(("event", "session", "mode", "row"), _cases(TABLE))
def test_the_table(event: Event, session: Session | None, mode: Routing, row: Row) -> None:
    for owner in row.owners:
        decision = look_up(event, session, routing=mode, owner=owner, by_echo=row.by_echo)
        assert decision == row.decision


def test_each_row_of_the_table_is_tested_and_in_its_place() -> None:
    written = re.findall(
        r"^\| (.+?) *\| (.+?) *\| (.+?) *\|$", decisions.__doc__ or "", re.MULTILINE
    )
    tested = [(row.event, row.session, row.do) for row in TABLE]
    assert written == [("event", "session", "what to do"), *tested]


ASKING = [row for row in TABLE if row.owners != UNASKED]


@pytest.mark.parametrize(("event", "session", "mode", "row"), _cases(ASKING))
def test_where_the_owner_decides_it_is_asked_first(
    event: Event, session: Session | None, mode: Routing, row: Row
) -> None:
    assert None not in row.owners
    assert look_up(event, session, routing=mode) == ASK
