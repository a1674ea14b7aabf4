"""The decision table: its rows, its doubts, and what holds for every event."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import routing, sessions
from channels.events import (
    Array,
    Attachment,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Event,
    Postback,
    Thread,
    UserMessage,
)
from channels.plans import Plan
from channels.routing import DOUBTFUL_AFTER_PASS, Decision, Owner, Routing, decide
from channels.sessions import EndReason, Session, Speaker, State, session_id_for

US, AGENT = "1000", "2000"
ADA = Thread(page="111", user="222")
PLAN = Plan(name="default", timeout=timedelta(hours=2), return_payloads=("/back_to_bot",))
CAUSE, OTHER = "the cause's key", "another key"

CAUSE_AT = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
PASSED_AT = CAUSE_AT + timedelta(seconds=3)
ENDING_SINCE = PASSED_AT + timedelta(minutes=1)
LATER = PASSED_AT + timedelta(minutes=30)
A_MOMENT = timedelta(milliseconds=1)

NOTHING = Decision()
ROUTE = Decision(route=True)
ASK_THE_OWNER = Decision(ask_owner=True)
HEAR_IT = Decision(heard=Speaker.USER)
HEAR_THE_OPERATOR = Decision(heard=Speaker.OPERATOR)
HEAR_IT_AND_END = Decision(heard=Speaker.USER, end=EndReason.KEYWORD)
END_AND_ROUTE = Decision(end=EndReason.AGENT_RELEASED, route=True)
OURS_AGAIN_AND_ROUTE = Decision(regained=True, route=True)

OPENING = sessions.opening(
    session_id=session_id_for(CAUSE),
    thread=ADA,
    plan=PLAN,
    cause_at=CAUSE_AT,
    now=CAUSE_AT + timedelta(seconds=1),
)
ACTIVE = sessions.activated(OPENING, PASSED_AT)
ENDING = sessions.ending(ACTIVE, EndReason.KEYWORD, ENDING_SINCE)
REGAINED = sessions.regained(ENDING, ENDING_SINCE)
FAILED_IN_DOUBT = sessions.failed(OPENING, PASSED_AT, regained=False)

# Which sessions each word of the table's second column stands for.
SESSIONS: dict[str, tuple[Session | None, ...]] = {
    "none": (None,),
    "open": (OPENING, ACTIVE, ENDING),
    "active": (ACTIVE,),
    "ending": (ENDING,),
    "regained": (REGAINED,),
    "any": (None, OPENING, ACTIVE, ENDING, REGAINED),
}


def _common(
    array: Array, at: datetime, received_at: datetime | None = None, key: str = OTHER
) -> dict[str, Any]:
    return {
        "key": key,
        "thread": ADA,
        "array": array,
        "at": at,
        "received_at": received_at or at + timedelta(milliseconds=200),
    }


def message(
    text: str | None = "hello",
    *,
    on: Array = Array.MESSAGING,
    at: datetime = LATER,
    received_at: datetime | None = None,
    payload: str | None = None,
    key: str = OTHER,
) -> UserMessage:
    return UserMessage(**_common(on, at, received_at, key), text=text, payload=payload)


def tap(
    title: str | None = "Go on",
    *,
    on: Array = Array.MESSAGING,
    at: datetime = LATER,
    payload: str | None = None,
    key: str = OTHER,
) -> Postback:
    return Postback(**_common(on, at, key=key), title=title, payload=payload)


def echo(app_id: str | None, text: str = "hello", *, on: Array = Array.MESSAGING) -> Echo:
    return Echo(**_common(on, LATER), app_id=app_id, text=text)


def passed(new_owner: str | None, *, at: datetime = LATER) -> ControlPassed:
    return ControlPassed(**_common(Array.MESSAGING, at), new_owner=new_owner)


def taken(new_owner: str | None) -> ControlTaken:
    return ControlTaken(**_common(Array.MESSAGING, LATER), new_owner=new_owner)


def requested(of: str | None) -> ControlRequested:
    return ControlRequested(**_common(Array.MESSAGING, LATER), requested_owner=of)


def look_up(
    event: Event,
    session: Session | None,
    *,
    routing: Routing = Routing.ON,
    owner: Owner | None = None,
) -> Decision:
    return decide(
        event,
        session,
        us=US,
        routing=routing,
        is_return_word=lambda text: text == "menu",
        owner=owner,
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table, word for word, and what it means."""

    event: str
    session: str
    do: str
    decision: Decision
    events: tuple[Event, ...]
    routings: tuple[Routing, ...] = (Routing.ON, Routing.OFF)


STANDBY = Array.STANDBY
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
            message("I need a person", at=CAUSE_AT, key=CAUSE),
            tap(payload="/need_a_person", at=CAUSE_AT, key=CAUSE),
        ),
    ),
    Row(
        event="all but echoes, not newer than the cause",
        session="open",
        do="nothing",
        decision=NOTHING,
        events=(
            message("menu", at=CAUSE_AT, received_at=LATER),
            message("menu", on=STANDBY, at=CAUSE_AT),
            tap(payload="/back_to_bot", at=CAUSE_AT),
            tap("menu", on=STANDBY, at=CAUSE_AT),
            passed(US, at=CAUSE_AT),
        ),
    ),
    Row(
        event="messaging: message, postback",
        session="regained",
        do="carry the end through, then route",
        decision=OURS_AGAIN_AND_ROUTE,
        events=(
            message(),
            message("menu"),
            message(at=CAUSE_AT + A_MOMENT),
            tap(payload="/feedback"),
            tap(payload="/back_to_bot"),
        ),
    ),
    Row(
        event="messaging: message, from before the pass",
        session="open",
        do="hear it",
        decision=HEAR_IT,
        events=(
            message(at=CAUSE_AT + A_MOMENT, received_at=PASSED_AT - A_MOMENT),
            message(at=CAUSE_AT + A_MOMENT, received_at=PASSED_AT),
        ),
    ),
    Row(
        event="messaging: message, routing on, owner ours",
        session="active",
        do="end(agent_released), then route",
        decision=END_AND_ROUTE,
        events=(message(), message("menu"), message(payload="/back_to_bot")),
        routings=(Routing.ON,),
    ),
    Row(
        event="messaging: message, routing on, owner ours",
        session="ending",
        do="the thread is ours again; then route",
        decision=OURS_AGAIN_AND_ROUTE,
        events=(message(), message("menu")),
        routings=(Routing.ON,),
    ),
    Row(
        event="messaging: message, routing off",
        session="open",
        do="as on standby",
        decision=HEAR_IT,
        events=(message(), message(None, payload="/other")),
        routings=(Routing.OFF,),
    ),
    Row(
        event="messaging: postback with a return payload",
        session="active",
        do="hear it, end(keyword)",
        decision=HEAR_IT_AND_END,
        events=(tap(payload="/back_to_bot"), tap("menu", payload="/back_to_bot")),
    ),
    Row(
        event="messaging: postback",
        session="open",
        do="hear it",
        decision=HEAR_IT,
        events=(tap(payload="/greet"), tap("menu", payload="/greet"), tap()),
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
        decision=HEAR_IT,
        events=(message(on=STANDBY), message(None, on=STANDBY), tap(on=STANDBY)),
    ),
    Row(
        event="standby: anything",
        session="none",
        do="nothing",
        decision=NOTHING,
        events=(
            message("menu", on=STANDBY),
            tap("menu", on=STANDBY),
            echo(AGENT, on=STANDBY),
        ),
    ),
    Row(
        event="echo, not ours",
        session="open",
        do="hear the operator",
        decision=HEAR_THE_OPERATOR,
        events=(echo(AGENT), echo(None), echo(AGENT, "menu"), echo(AGENT, on=STANDBY)),
    ),
    Row(
        event="echo of ours",
        session="any",
        do="nothing",
        decision=NOTHING,
        events=(echo(US), echo(US, "menu"), echo(US, on=STANDBY)),
    ),
    Row(
        event="pass_thread_control to us",
        session="active",
        do="end(agent_returned)",
        decision=Decision(end=EndReason.AGENT_RETURNED),
        events=(passed(US),),
    ),
    Row(
        event="pass_thread_control to us",
        session="ending",
        do="the thread is ours again",
        decision=Decision(regained=True),
        events=(passed(US),),
    ),
    Row(
        event="any other change of control",
        session="any",
        do="nothing",
        decision=NOTHING,
        events=(passed(AGENT), passed(None), taken(AGENT), taken(US), requested(US)),
    ),
]


def _cases() -> Iterator[Any]:
    for row in TABLE:
        for session in SESSIONS[row.session]:
            for event in row.events:
                for mode in row.routings:
                    words = f"{row.event} | {row.session} | {row.do}"
                    yield pytest.param(event, session, mode, row.decision, id=words)


@pytest.mark.parametrize(("event", "session", "mode", "decision"), _cases())
def test_the_table(
    event: Event, session: Session | None, mode: Routing, decision: Decision
) -> None:
    assert look_up(event, session, routing=mode) == decision


def test_each_row_of_the_table_is_tested_and_in_its_place() -> None:
    written = re.findall(r"^\| (.+?) *\| (.+?) *\| (.+?) *\|$", routing.__doc__ or "", re.MULTILINE)
    assert written == [("event", "session", "what to do"), *_rows()]


def _rows() -> list[tuple[str, str, str]]:
    return [(row.event, row.session, row.do) for row in TABLE]


@pytest.mark.parametrize("session", [OPENING, ENDING, REGAINED], ids=lambda s: s.state.value)
def test_a_return_word_ends_an_active_session_only(session: Session) -> None:
    assert look_up(message("menu", on=STANDBY), session) == HEAR_IT


def test_a_return_word_counts_while_routing_is_off() -> None:
    assert look_up(message("menu"), ACTIVE, routing=Routing.OFF) == HEAR_IT_AND_END


def test_the_title_of_a_button_with_another_payload_is_no_return_word() -> None:
    assert look_up(tap("menu", payload="/order"), ACTIVE, routing=Routing.OFF) == HEAR_IT


@pytest.mark.parametrize("session", [None, OPENING], ids=["none", "opening"])
def test_control_passed_to_us_says_nothing_where_nobody_had_it(session: Session | None) -> None:
    assert look_up(passed(US), session) == NOTHING


# The minute after the pass: the clocks differ, and messages may have been on their way.
IN_DOUBT = message("menu", at=PASSED_AT + timedelta(seconds=20))


@pytest.mark.parametrize("session", [ACTIVE, FAILED_IN_DOUBT], ids=lambda s: s.state.value)
def test_a_message_soon_after_the_pass_asks_for_the_owner(session: Session) -> None:
    assert look_up(IN_DOUBT, session) == ASK_THE_OWNER


def test_a_late_delivery_of_a_message_from_before_the_pass_asks_for_the_owner() -> None:
    late = message(at=CAUSE_AT + A_MOMENT, received_at=LATER)
    assert look_up(late, ACTIVE) == ASK_THE_OWNER


@pytest.mark.parametrize(
    ("owner", "decision"),
    [
        (Owner.OURS, END_AND_ROUTE),
        (Owner.IDLE, END_AND_ROUTE),
        (Owner.ANOTHER_APP, HEAR_IT),
        (Owner.UNNAMED, HEAR_IT),
    ],
)
def test_in_doubt_the_owner_decides_whether_an_active_session_ends(
    owner: Owner, decision: Decision
) -> None:
    assert look_up(IN_DOUBT, ACTIVE, owner=owner) == decision


@pytest.mark.parametrize(
    ("owner", "decision"),
    [
        (Owner.OURS, OURS_AGAIN_AND_ROUTE),
        (Owner.IDLE, OURS_AGAIN_AND_ROUTE),
        (Owner.ANOTHER_APP, HEAR_IT),
        (Owner.UNNAMED, HEAR_IT),
    ],
)
@pytest.mark.parametrize("session", [ENDING, FAILED_IN_DOUBT], ids=["ending", "failed"])
def test_in_doubt_the_owner_decides_whether_an_ending_session_has_its_thread_back(
    session: Session, owner: Owner, decision: Decision
) -> None:
    assert look_up(IN_DOUBT, session, owner=owner) == decision


def test_a_message_from_before_a_pass_that_may_have_failed_is_no_sign_of_it() -> None:
    before = message(at=CAUSE_AT + A_MOMENT, received_at=PASSED_AT)
    assert look_up(before, FAILED_IN_DOUBT) == HEAR_IT


def test_the_doubt_ends_after_a_minute() -> None:
    last = PASSED_AT + DOUBTFUL_AFTER_PASS
    assert look_up(message(at=last), ACTIVE) == ASK_THE_OWNER
    assert look_up(message(at=last + A_MOMENT), ACTIVE) == END_AND_ROUTE


def test_with_routing_off_nobody_is_asked() -> None:
    assert look_up(message(at=IN_DOUBT.at), ACTIVE, routing=Routing.OFF) == HEAR_IT


# What holds for every event in every session, likely or not.
apps = st.sampled_from([None, US, AGENT])
moments = st.timedeltas(timedelta(minutes=-5), timedelta(minutes=5)).map(PASSED_AT.__add__)
common = {
    "key": st.sampled_from([OTHER, CAUSE]),
    "thread": st.just(ADA),
    "array": st.sampled_from(Array),
    "at": moments,
    "received_at": moments,
}
texts = st.sampled_from([None, "menu", "hello", ""])
payloads = st.sampled_from([None, "/back_to_bot", "/greet"])
attachments = st.sampled_from([(), (Attachment(type="image", url="https://example.com/cat.png"),)])
any_event = st.one_of(
    st.builds(UserMessage, **common, text=texts, payload=payloads, attachments=attachments),
    st.builds(Postback, **common, title=texts, payload=payloads),
    st.builds(Echo, **common, app_id=apps, text=texts),
    st.builds(ControlPassed, **common, new_owner=apps, previous_owner=apps),
    st.builds(ControlTaken, **common, new_owner=apps, previous_owner=apps),
    st.builds(ControlRequested, **common, requested_owner=apps),
)
any_session = st.sampled_from([None, OPENING, ACTIVE, ENDING, REGAINED, FAILED_IN_DOUBT])
any_routing = st.sampled_from(Routing)
any_owner = st.sampled_from([None, *Owner])


@given(any_event, any_session, any_routing, any_owner)
def test_nothing_but_the_cause_is_routed_while_a_session_stays(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if decision.route:
        assert isinstance(event, (UserMessage, Postback))
        assert session is None or decision.end or decision.regained or event.key == CAUSE


@given(any_event, any_session, any_routing, any_owner)
def test_nothing_that_came_on_standby_is_routed(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    if event.array is Array.STANDBY and event.key != CAUSE:  # the key names the array
        assert not look_up(event, session, routing=mode, owner=owner).route


@given(any_event, any_session, any_routing, any_owner)
def test_only_an_active_session_ends_and_only_an_ending_one_is_regained(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if decision.end:
        assert session is not None
        assert session.state is State.ACTIVE
    if decision.regained:
        assert session is not None
        assert session.state is State.ENDING


@given(any_event, any_session, any_routing, any_owner)
def test_an_event_not_newer_than_the_cause_ends_nothing(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if session is not None and event.at <= session.cause_at:
        assert not decision.end
        assert not decision.regained


@given(any_event, any_session, any_routing, any_owner)
def test_an_echo_neither_ends_nor_routes_anything(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if isinstance(event, Echo):
        assert decision in (NOTHING, HEAR_THE_OPERATOR)


@given(any_event, any_session, any_routing, any_owner)
def test_the_owner_is_asked_once_and_before_anything_is_done(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if decision.ask_owner:
        assert decision == ASK_THE_OWNER
        assert owner is None
        assert mode is Routing.ON
