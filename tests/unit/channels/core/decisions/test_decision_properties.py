"""The decision table: what holds for every event in every session, likely or not."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from channels.core.decisions import ASK, HEAR_USER, NOTHING, ROUTE, Decision
from channels.core.events import (
    Act,
    Array,
    Attachment,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Edited,
    Event,
    Postback,
    SignOfLife,
    TakenBack,
    UserMessage,
)
from channels.core.meta.ownership import ANOTHER, Owner, Routing
from channels.core.sessions.session import Session, is_for_the_bot
from tests.unit.channels.core.decisions.decision_samples import (
    ADA,
    AGENT,
    ALL_ACTIVE,
    ALL_ENDING,
    ALL_REGAINED,
    ALL_SESSIONS,
    CAUSE,
    ENDED,
    OTHER,
    PASSED_AT,
    STRANGER,
    US,
    adopted_by,
    look_up,
)

apps = st.sampled_from([None, US, AGENT, STRANGER])
moments = st.timedeltas(timedelta(minutes=-5), timedelta(minutes=5)).map(PASSED_AT.__add__)
common = {
    "key": st.sampled_from([OTHER, CAUSE.key]),
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
    st.builds(Act, **common, name=st.just("optin")),
    st.builds(SignOfLife, **common),
    st.builds(TakenBack, **common, mid=st.just("m"), by_page=st.booleans()),
    st.builds(Edited, **common, mid=st.just("m"), text=st.just("menu"), number=st.just(1)),
    st.builds(Echo, **common, app_id=apps, text=texts),
    st.builds(ControlPassed, **common, new_owner=apps, previous_owner=apps),
    st.builds(ControlTaken, **common, new_owner=apps, previous_owner=apps),
    st.builds(ControlRequested, **common, requested_owner=apps),
)
any_session = st.sampled_from(ALL_SESSIONS)
any_or_ended = st.sampled_from([*ALL_SESSIONS, ENDED])
any_routing = st.sampled_from(Routing)
any_owner = st.sampled_from([None, *Owner])
any_answer = st.sampled_from(Owner)


@given(any_event, any_session, any_routing, any_owner)
def test_each_event_leads_to_one_change_of_the_session_at_most(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    assert len(_changes(decision)) <= 1


@given(any_event, any_session, any_routing, any_answer)
def test_with_an_answer_the_owner_is_not_asked_again(
    event: Event, session: Session | None, mode: Routing, owner: Owner
) -> None:
    assert not look_up(event, session, routing=mode, owner=owner).ask_owner


@given(any_event, any_session, any_routing)
def test_the_owner_is_asked_before_anything_is_done(
    event: Event, session: Session | None, mode: Routing
) -> None:
    decision = look_up(event, session, routing=mode)
    assert decision == ASK or not decision.ask_owner


@given(any_event, any_session, any_routing, any_answer)
def test_the_owner_counts_only_where_it_was_asked_for(
    event: Event, session: Session | None, mode: Routing, owner: Owner
) -> None:
    unasked = look_up(event, session, routing=mode)
    if unasked != ASK:
        assert look_up(event, session, routing=mode, owner=owner) == unasked


@given(any_event, any_session, any_routing, any_owner)
def test_nothing_but_the_cause_is_routed_while_a_session_stays(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if decision.route:
        assert isinstance(event, (UserMessage, Postback, Act))
        assert session is None or decision.end or decision.regained or event.key == CAUSE.key


@given(any_event, any_or_ended, any_routing, any_owner)
def test_what_came_on_standby_is_routed_only_if_it_is_newer_than_the_taking_back(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if event.array is Array.STANDBY and decision.route:
        assert session is not None
        assert session.regained
        assert is_for_the_bot(event.at, session, timedelta())


@given(any_event, any_session, any_routing, any_owner)
def test_each_change_is_made_to_the_sessions_that_it_fits(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    fitting = {
        "adopt": (None,),
        "grant": (None,),
        "end": ALL_ACTIVE,
        "owner_app": ALL_ACTIVE,
        "regained": (*ALL_ENDING, *ALL_REGAINED),
        "overtaken": ALL_REGAINED,
        "refuse": ALL_SESSIONS,
    }
    for change in _changes(look_up(event, session, routing=mode, owner=owner)):
        assert session in fitting[change]


@given(any_event, any_session, any_routing, any_owner)
def test_a_thread_counts_as_taken_only_if_another_has_it_or_nobody_can_tell(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if decision.adopt:
        assert owner in {*ANOTHER, Owner.UNKNOWN}
    if decision.overtaken:
        assert owner in ANOTHER


@given(any_event, any_routing, st.sampled_from(sorted(ANOTHER, key=lambda owner: owner.value)))
def test_an_event_that_opens_a_session_opens_no_second_one(
    event: Event, mode: Routing, owner: Owner
) -> None:
    decision = look_up(event, None, routing=mode, owner=owner)
    if decision.adopt:
        by_it = look_up(event, adopted_by(event, decision.owner_app), routing=mode)
        assert not by_it.adopt
        assert not by_it.ask_owner


@given(any_event, st.sampled_from(ALL_SESSIONS[1:]), any_routing, any_owner)
def test_but_for_echoes_what_is_not_newer_than_the_cause_changes_nothing(
    event: Event, session: Session, mode: Routing, owner: Owner | None
) -> None:
    if event.at > session.cause_at or isinstance(event, Echo) or _is_the_cause(event):
        return
    assert look_up(event, session, routing=mode, owner=owner) in (NOTHING, HEAR_USER)


@given(any_event, st.sampled_from(ALL_SESSIONS[1:]), any_routing, any_owner)
def test_the_cause_is_routed_whenever_it_comes(
    event: Event, session: Session, mode: Routing, owner: Owner | None
) -> None:
    if _is_the_cause(event):
        assert look_up(event, session, routing=mode, owner=owner) == ROUTE


@given(any_event, any_session, any_routing, any_owner)
def test_an_echo_neither_ends_nor_routes_anything(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    decision = look_up(event, session, routing=mode, owner=owner)
    if isinstance(event, Echo):
        assert not decision.end
        assert not decision.regained
        assert not decision.route


@given(any_event, any_session, any_routing, any_owner)
def test_our_own_echo_says_nothing(
    event: Event, session: Session | None, mode: Routing, owner: Owner | None
) -> None:
    if isinstance(event, Echo) and event.app_id == US:
        assert look_up(event, session, routing=mode, owner=owner) == NOTHING


def _is_the_cause(event: Event) -> bool:
    is_users = isinstance(event, (UserMessage, Postback, Act))
    return is_users and event.array is Array.MESSAGING and event.key == CAUSE.key


def _changes(decision: Decision) -> list[str]:
    """What is to become of the session; `owner_app` is a change where it is not opened."""
    changes = ["adopt", "grant", "refuse", "end", "regained", "overtaken"]
    made = [change for change in changes if getattr(decision, change)]
    return made + ["owner_app"] * (decision.owner_app is not None and not decision.adopt)
