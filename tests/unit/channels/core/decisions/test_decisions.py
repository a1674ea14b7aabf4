"""The decision table, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from channels.core import decisions
from channels.core.decisions import (
    ASK,
    HEAR_OPERATOR,
    HEAR_USER,
    LATE_WORDS,
    NOTHING,
    OURS_AGAIN,
    ROUTE,
    Decision,
)
from channels.core.events import Event
from channels.core.meta.ownership import Owner, Routing
from channels.core.sessions.session import EndReason, Session, Speaker
from tests.unit.channels.core.decisions.decision_samples import (
    A_MOMENT,
    ADOPT,
    AGENT,
    ALL_ACTIVE,
    ALL_ENDING,
    ALL_OPEN,
    ALL_REGAINED,
    ALL_SESSIONS,
    ANOTHER,
    CAUSE,
    CAUSE_AT,
    END_AND_ROUTE,
    ENDED,
    ENDING_SINCE,
    HEAR_IT_AND_END,
    LATER,
    OURS_OR_NOBODYS,
    PASSED_AT,
    STANDBY,
    STRANGER,
    US,
    act,
    echo,
    edited,
    look_up,
    message,
    passed,
    requested,
    sign,
    taken,
    taken_back,
    tap,
)

ADOPT_FROM_AGENT = Decision(adopt=True, owner_app=AGENT)
OVERTAKEN = Decision(overtaken=True)
REFUSE = Decision(refuse=STRANGER)

UNASKED = (None,)

SESSIONS: dict[str, tuple[Session | None, ...]] = {
    "none": (None,),
    "open": ALL_OPEN,
    "active": ALL_ACTIVE,
    "ending": ALL_ENDING,
    "passed": (*ALL_ACTIVE, *ALL_ENDING),
    "regained": ALL_REGAINED,
    "any": ALL_SESSIONS,
    "ended": (ENDED,),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table, word for word, and what it means; `owners` are `thread_owner`'s."""

    event: str
    session: str
    do: str
    decision: Decision
    events: tuple[Event, ...]
    routings: tuple[Routing, ...] = (Routing.ON, Routing.OFF)
    owners: tuple[Owner | None, ...] = UNASKED
    by_echo: bool = False


FROM_USER_ON_STANDBY = (message(on=STANDBY), message("menu", on=STANDBY), tap("menu", on=STANDBY))
TABLE = [
    Row(
        event="messaging: message, postback",
        session="none",
        do="route to Rasa",
        decision=ROUTE,
        events=(message(), message("menu"), tap(payload="/greet"), tap()),
    ),
    Row(
        event="messaging: the cause itself, once more",
        session="open",
        do="route to Rasa",
        decision=ROUTE,
        events=(
            message("I need a person", at=CAUSE_AT, key=CAUSE.key),
            tap(payload="/need_a_person", at=CAUSE_AT, key=CAUSE.key),
        ),
    ),
    Row(
        event="messaging: either, not newer than the cause",
        session="open",
        do="hear it",
        decision=HEAR_USER,
        events=(
            message("menu", at=CAUSE_AT, received_at=LATER),
            tap(payload="/back_to_bot", at=CAUSE_AT),
        ),
    ),
    Row(
        event="all but echoes, not newer than the cause",
        session="open",
        do="nothing",
        decision=NOTHING,
        events=(
            message("menu", on=STANDBY, at=CAUSE_AT),
            tap("menu", on=STANDBY, at=CAUSE_AT),
            passed(US, at=CAUSE_AT),
            passed(AGENT, at=CAUSE_AT),
            taken(AGENT, at=CAUSE_AT),
            requested(AGENT, at=CAUSE_AT),
            requested(STRANGER, at=CAUSE_AT),
        ),
    ),
    Row(
        event="messaging: message, postback",
        session="regained",
        do="carry the end through, then route",
        decision=OURS_AGAIN,
        events=(
            message(),
            message("menu"),
            message(at=CAUSE_AT + A_MOMENT),
            tap(payload="/feedback"),
            tap(payload="/back_to_bot"),
        ),
    ),
    Row(
        event="messaging: message, postback, routing off",
        session="open",
        do="as on standby",
        decision=HEAR_USER,
        events=(message(), message(None, payload="/other"), tap(payload="/greet"), tap()),
        routings=(Routing.OFF,),
    ),
    Row(
        event="messaging: postback with a return payload",
        session="active",
        do="hear it, end(keyword)",
        decision=HEAR_IT_AND_END,
        events=(tap(payload="/back_to_bot"), tap("menu", payload="/back_to_bot"), tap("menu")),
    ),
    Row(
        event="messaging: either, from before the pass",
        session="open",
        do="hear it",
        decision=HEAR_USER,
        events=(
            message(at=CAUSE_AT + A_MOMENT, received_at=PASSED_AT - A_MOMENT),
            message(at=CAUSE_AT + A_MOMENT, received_at=PASSED_AT),
            tap(payload="/greet", at=CAUSE_AT + A_MOMENT, received_at=PASSED_AT),
        ),
    ),
    Row(
        event="messaging: either, routing on, owner ours",
        session="active",
        do="end(agent_released), then route",
        decision=END_AND_ROUTE,
        events=(
            message(),
            message("menu"),
            message(payload="/back_to_bot"),
            tap(payload="/greet"),
            tap("menu", payload="/greet"),
        ),
        routings=(Routing.ON,),
        owners=OURS_OR_NOBODYS,
    ),
    Row(
        event="messaging: either, routing on, owner ours",
        session="ending",
        do="the thread is ours again; then route",
        decision=OURS_AGAIN,
        events=(message(), message("menu"), tap(payload="/greet"), tap(payload="/back_to_bot")),
        routings=(Routing.ON,),
        owners=OURS_OR_NOBODYS,
    ),
    Row(
        event="messaging: either, owner unknown",
        session="passed",
        do="as on standby",
        decision=HEAR_USER,
        events=(message(), tap(payload="/greet")),
        routings=(Routing.ON,),
        owners=(Owner.UNKNOWN,),
    ),
    Row(
        event="messaging: either, owner another",
        session="passed",
        do="hear it",
        decision=HEAR_USER,
        events=(message(), message("menu"), tap(payload="/greet")),
        routings=(Routing.ON,),
        owners=ANOTHER,
    ),
    Row(
        event="standby: message or postback, owner another",
        session="regained",
        do="end it in silence, then as with none",
        decision=OVERTAKEN,
        events=FROM_USER_ON_STANDBY,
        owners=ANOTHER,
    ),
    Row(
        event="standby: message, just after a take-back",
        session="regained",
        do="hear it, carry through, then route",
        decision=Decision(heard=Speaker.USER, regained=True, route=True),
        events=(message(on=STANDBY, at=CAUSE_AT + A_MOMENT),),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN),
    ),
    Row(
        event="standby: message or postback, a return word",
        session="active",
        do="hear it, end(keyword)",
        decision=HEAR_IT_AND_END,
        events=(
            message("menu", on=STANDBY),
            message("Take me back", on=STANDBY, payload="/back_to_bot"),
            tap("menu", on=STANDBY),
        ),
    ),
    Row(
        event="standby: message or postback",
        session="open",
        do="hear it",
        decision=HEAR_USER,
        events=(message(on=STANDBY), message(None, on=STANDBY), tap(on=STANDBY)),
    ),
    Row(
        event="standby: message or postback, owner another",
        session="none",
        do="open a session, then as above",
        decision=ADOPT,
        events=FROM_USER_ON_STANDBY,
        owners=ANOTHER,
    ),
    Row(
        event="standby: message, just after a take-back",
        session="ended",
        do="hear it, route to Rasa",
        decision=LATE_WORDS,
        events=(message(on=STANDBY, at=ENDING_SINCE + A_MOMENT),),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN),
    ),
    Row(
        event="standby: either, late",
        session="ended",
        do="hear it",
        decision=HEAR_USER,
        events=(
            message(on=STANDBY, at=ENDING_SINCE),
            message("menu", on=STANDBY, at=ENDING_SINCE - A_MOMENT),
            message("menu", on=STANDBY, at=ENDING_SINCE + A_MOMENT),
            tap(on=STANDBY, at=ENDING_SINCE + A_MOMENT),
        ),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN),
    ),
    Row(
        event="standby: echo, not ours, late",
        session="ended",
        do="hear the operator",
        decision=HEAR_OPERATOR,
        events=(
            echo(AGENT, on=STANDBY, at=ENDING_SINCE),
            echo(None, on=STANDBY, at=ENDING_SINCE - A_MOMENT),
        ),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN),
    ),
    Row(
        event="echo, not ours, owner another",
        session="regained",
        do="end it in silence, then as with none",
        decision=OVERTAKEN,
        events=(echo(AGENT), echo(None), echo(AGENT, on=STANDBY)),
        owners=ANOTHER,
    ),
    Row(
        event="echo of Meta's AI",
        session="open",
        do="nothing",
        decision=NOTHING,
        events=(echo(AGENT, by_ai=True), echo(AGENT, "menu", on=STANDBY, by_ai=True)),
    ),
    Row(
        event="echo, not ours",
        session="open",
        do="hear the operator",
        decision=HEAR_OPERATOR,
        events=(
            echo(AGENT),
            echo(None),
            echo(AGENT, "menu"),
            echo(AGENT, on=STANDBY),
            echo(AGENT, at=CAUSE_AT),
        ),
    ),
    Row(
        event="echo, not ours, owner another",
        session="none",
        do="open a session, then as above",
        decision=ADOPT_FROM_AGENT,
        events=(echo(AGENT), echo(AGENT, "menu", on=STANDBY)),
        owners=ANOTHER,
    ),
    Row(
        event="echo, not ours, of an operator by echo",
        session="none",
        do="open a session, then as above",
        decision=Decision(adopt=True, owner_app=AGENT, unowned=True),
        events=(echo(AGENT), echo(AGENT, "menu")),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN),
        by_echo=True,
    ),
    Row(
        event="echo of ours",
        session="any",
        do="nothing",
        decision=NOTHING,
        events=(echo(US), echo(US, "menu"), echo(US, on=STANDBY)),
    ),
    Row(
        event="any other message, postback or echo",
        session="none",
        do="nothing",
        decision=NOTHING,
        events=(*FROM_USER_ON_STANDBY, echo(AGENT), echo(None), echo(AGENT, on=STANDBY)),
        owners=OURS_OR_NOBODYS,
    ),
    Row(
        event="pass_thread_control to us, owner not another",
        session="none",
        do="it is given: tell Rasa",
        decision=Decision(given=True),
        events=(passed(US),),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN, Owner.HIDDEN),
    ),
    Row(
        event="pass_thread_control to us, owner not another",
        session="active",
        do="end(agent_returned)",
        decision=Decision(end=EndReason.AGENT_RETURNED),
        events=(passed(US), passed(US, at=CAUSE_AT + A_MOMENT)),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN, Owner.HIDDEN),
    ),
    Row(
        event="pass_thread_control to us, owner not another",
        session="ending",
        do="the thread is ours again",
        decision=Decision(regained=True),
        events=(passed(US),),
        owners=(*OURS_OR_NOBODYS, Owner.UNKNOWN, Owner.HIDDEN),
    ),
    Row(
        event="pass_thread_control to no app, owner ours",
        session="active",
        do="end(agent_returned)",
        decision=Decision(end=EndReason.AGENT_RETURNED),
        events=(passed(None),),
        owners=OURS_OR_NOBODYS,
    ),
    Row(
        event="pass_thread_control to no app, owner ours",
        session="ending",
        do="the thread is ours again",
        decision=Decision(regained=True),
        events=(passed(None),),
        owners=OURS_OR_NOBODYS,
    ),
    Row(
        event="pass or take, to another app, owner another",
        session="regained",
        do="end it in silence, then as with none",
        decision=OVERTAKEN,
        events=(passed(AGENT), taken(AGENT)),
        owners=ANOTHER,
    ),
    Row(
        event="pass or take, to another app, owner another",
        session="none",
        do="open a session",
        decision=ADOPT_FROM_AGENT,
        events=(passed(AGENT), taken(AGENT)),
        owners=ANOTHER,
    ),
    Row(
        event="pass or take, to another app",
        session="active",
        do="the session's owner is that app",
        decision=Decision(owner_app=AGENT),
        events=(passed(AGENT), taken(AGENT)),
    ),
    Row(
        event="messaging: an act that is no message",
        session="none",
        do="route to Rasa",
        decision=ROUTE,
        events=(act(),),
    ),
    Row(
        event="messaging: the act is the cause, once more",
        session="open",
        do="route to Rasa",
        decision=ROUTE,
        events=(act(at=CAUSE_AT, key=CAUSE.key),),
    ),
    Row(
        event="messaging: an act that is no message",
        session="regained",
        do="carry the end through, then route",
        decision=OURS_AGAIN,
        events=(act(),),
    ),
    Row(
        event="messaging: an act, routing on, owner ours",
        session="active",
        do="end(agent_released), then route",
        decision=END_AND_ROUTE,
        events=(act(),),
        routings=(Routing.ON,),
        owners=OURS_OR_NOBODYS,
    ),
    Row(
        event="messaging: an act, routing on, owner ours",
        session="ending",
        do="the thread is ours again; then route",
        decision=OURS_AGAIN,
        events=(act(),),
        routings=(Routing.ON,),
        owners=OURS_OR_NOBODYS,
    ),
    Row(
        event="messaging: an act, routing on, other owners",
        session="passed",
        do="the user is there",
        decision=HEAR_USER,
        events=(act(),),
        routings=(Routing.ON,),
        owners=(*ANOTHER, Owner.UNKNOWN),
    ),
    Row(
        event="an act that is no message",
        session="active",
        do="the user is there",
        decision=HEAR_USER,
        events=(act(), act(on=STANDBY)),
        routings=(Routing.OFF,),
    ),
    Row(
        event="standby: a sign of life, owner another",
        session="none",
        do="open a session, then as above",
        decision=ADOPT,
        events=(sign(on=STANDBY),),
        owners=ANOTHER,
    ),
    Row(
        event="a sign of life; the user takes back, or edits",
        session="open",
        do="the user is there",
        decision=HEAR_USER,
        events=(sign(), sign(on=STANDBY), taken_back(), edited()),
    ),
    Row(
        event="any other act, sign, taking back or edit",
        session="any",
        do="nothing",
        decision=NOTHING,
        events=(
            taken_back(by_page=True),
            edited(by_page=True),
            sign(at=CAUSE_AT),
            act(on=STANDBY, at=CAUSE_AT),
            taken_back(at=CAUSE_AT),
            edited(at=CAUSE_AT),
        ),
    ),
    Row(
        event="request_thread_control, by a granted app",
        session="none",
        do="open a session and pass control",
        decision=Decision(grant=AGENT),
        events=(requested(AGENT),),
    ),
    Row(
        event="request_thread_control",
        session="any",
        do="refuse it",
        decision=REFUSE,
        events=(requested(STRANGER),),
    ),
    Row(
        event="any other change of control",
        session="any",
        do="nothing",
        decision=NOTHING,
        events=(taken(None), taken(US), requested(None)),
    ),
]


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
