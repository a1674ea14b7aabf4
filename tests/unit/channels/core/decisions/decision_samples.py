"""Events and sessions of one thread, and the decision table as the tests ask it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from channels.core.decisions import Decision, decide
from channels.core.events import (
    Act,
    Array,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Edited,
    Event,
    Postback,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
)
from channels.core.meta.ownership import Owner, Routing
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason, Session, Speaker

US, AGENT, STRANGER = "1000", "2000", "3000"  # the agent's app may ask for threads
ADA = Thread(page="111", user="222")
PLAN = Plan(name="default", timeout=timedelta(hours=2), return_payloads=("/back_to_bot",))
STANDBY = Array.STANDBY

A_MOMENT = timedelta(milliseconds=1)
CAUSE_AT = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
PASSED_AT = CAUSE_AT + timedelta(seconds=3)
ENDING_SINCE = PASSED_AT + timedelta(minutes=1)
LATER = PASSED_AT + timedelta(minutes=30)

CAUSE = Cause(at=CAUSE_AT, key="the cause's key")
OTHER = "another key"

OPENING = transitions.opening(
    thread=ADA, plan=PLAN, cause=CAUSE, now=CAUSE_AT + timedelta(seconds=1)
)
ACTIVE = transitions.activated(OPENING, PASSED_AT)
ADOPTED = transitions.adopted(thread=ADA, plan=PLAN, cause=CAUSE, owner_app=None, now=PASSED_AT)
ENDING = transitions.ending(ACTIVE, EndReason.KEYWORD, ENDING_SINCE)
ASKED = transitions.asked(ENDING, ENDING_SINCE)
REGAINED = transitions.regained(ENDING, ENDING_SINCE)
UNTOLD = transitions.postponed(REGAINED, ENDING_SINCE)
BY_TIMEOUT = transitions.ending(ACTIVE, EndReason.TIMEOUT, ENDING_SINCE)
ENDED = transitions.ended(transitions.regained(BY_TIMEOUT, ENDING_SINCE))
FAILED_IN_DOUBT = transitions.failed(OPENING, PASSED_AT, regained=False)

# Which sessions each word of the table's second column stands for.
ALL_ACTIVE = (ACTIVE, ADOPTED)
PASSED_AND_ENDING = (ENDING, ASKED)
ALL_ENDING = (*PASSED_AND_ENDING, FAILED_IN_DOUBT)
ALL_REGAINED = (REGAINED, UNTOLD)
ALL_OPEN = (OPENING, *ALL_ACTIVE, *ALL_ENDING)
ALL_SESSIONS: tuple[Session | None, ...] = (None, *ALL_OPEN, *ALL_REGAINED)

# What `thread_owner` may answer, by what it means.
ANOTHER = (Owner.ANOTHER_APP, Owner.UNNAMED, Owner.HIDDEN)
OURS_OR_NOBODYS = (Owner.OURS, Owner.IDLE)

HEAR_IT_AND_END = Decision(heard=Speaker.USER, end=EndReason.KEYWORD)
END_AND_ROUTE = Decision(end=EndReason.AGENT_RELEASED, route=True)
ADOPT = Decision(adopt=True)
ADOPT_FROM_AGENT = Decision(adopt=True, owner_app=AGENT)
OVERTAKEN = Decision(overtaken=True)


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
    received_at: datetime | None = None,
    payload: str | None = None,
    key: str = OTHER,
) -> Postback:
    return Postback(**_common(on, at, received_at, key), title=title, payload=payload)


def sign(*, on: Array = Array.MESSAGING, at: datetime = LATER, key: str = OTHER) -> SignOfLife:
    return SignOfLife(**_common(on, at, key=key), mid="m_sign")


def act(*, on: Array = Array.MESSAGING, at: datetime = LATER, key: str = OTHER) -> Act:
    return Act(**_common(on, at, key=key), name="optin", details={"ref": "cart"})


def taken_back(*, by_page: bool = False, at: datetime = LATER) -> TakenBack:
    return TakenBack(**_common(Array.MESSAGING, at), mid="m_other", by_page=by_page)


def edited(
    text: str = "menu", *, on: Array = Array.MESSAGING, by_page: bool = False, at: datetime = LATER
) -> Edited:
    return Edited(**_common(on, at), mid="m_other", text=text, number=1, by_page=by_page)


def echo(
    app_id: str | None,
    text: str = "hello",
    *,
    on: Array = Array.MESSAGING,
    at: datetime = LATER,
    by_ai: bool = False,
) -> Echo:
    return Echo(**_common(on, at), app_id=app_id, text=text, by_ai=by_ai)


def passed(new_owner: str | None, *, at: datetime = LATER) -> ControlPassed:
    return ControlPassed(**_common(Array.MESSAGING, at), new_owner=new_owner)


def taken(
    new_owner: str | None, *, previous_owner: str | None = None, at: datetime = LATER
) -> ControlTaken:
    return ControlTaken(
        **_common(Array.MESSAGING, at), new_owner=new_owner, previous_owner=previous_owner
    )


def requested(by: str | None, *, at: datetime = LATER) -> ControlRequested:
    return ControlRequested(**_common(Array.MESSAGING, at), requested_owner=by)


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


def adopted_by(event: Event, owner_app: str | None) -> Session:
    """The session that is opened for an event that shows that somebody took the thread."""
    just_before = Cause(at=event.at - A_MOMENT, key=event.key)
    return transitions.adopted(
        thread=ADA, plan=PLAN, cause=just_before, owner_app=owner_app, now=event.received_at
    )


def look_up(
    event: Event,
    session: Session | None,
    *,
    routing: Routing = Routing.ON,
    owner: Owner | None = None,
    by_echo: bool = False,
) -> Decision:
    """What the table says of a session, open or ended.

    "menu" is a return word, and the agent's app may ask for threads.
    """
    is_over = session is not None and not session.is_open
    return decide(
        event,
        None if is_over else session,
        ended=session if is_over else None,
        us=US,
        routing=routing,
        is_return_word=lambda text: text == "menu",
        may_have=lambda app_id: app_id == AGENT,
        owner=owner,
        by_echo=by_echo,
    )
