"""The decision table: what to do with an event, given the session. Pure and total.

| event                                        | session  | what to do                           |
|----------------------------------------------|----------|--------------------------------------|
| messaging: message, postback                 | none     | route to Rasa                        |
| messaging: the cause itself, once more       | open     | route to Rasa                        |
| all but echoes, not newer than the cause     | open     | nothing                              |
| messaging: message, postback                 | regained | carry the end through, then route    |
| messaging: message, from before the pass     | open     | hear it                              |
| messaging: message, routing on, owner ours   | active   | end(agent_released), then route      |
| messaging: message, routing on, owner ours   | ending   | the thread is ours again; then route |
| messaging: message, routing off              | open     | as on standby                        |
| messaging: postback with a return payload    | active   | hear it, end(keyword)                |
| messaging: postback                          | open     | hear it                              |
| standby: message or postback, a return word  | active   | hear it, end(keyword)                |
| standby: message or postback                 | open     | hear it                              |
| standby: anything                            | none     | nothing                              |
| echo, not ours                               | open     | hear the operator                    |
| echo of ours                                 | any      | nothing                              |
| pass_thread_control to us                    | active   | end(agent_returned)                  |
| pass_thread_control to us                    | ending   | the thread is ours again             |
| any other change of control                  | any      | nothing                              |

The first row that fits counts. Open is opening, active or ending; regained is ending with the
thread ours already. The cause is the user's event that led to the handover. It comes once more only
when a crash cut its turn short: Rasa hears it, so that its tracker is whole, but its answers are
not sent.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import timedelta

import msgspec

from .events import (
    Array,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Event,
    Postback,
    UserMessage,
)
from .sessions import EndReason, Session, Speaker, State, session_id_for

# Meta's clock and ours differ a little, and a message may be on its way while control is
# passed. Within this time of the pass, an event on `messaging` proves nothing by itself.
DOUBTFUL_AFTER_PASS = timedelta(seconds=60)


class Routing(enum.Enum):
    """Whether Conversation Routing is on: with it off, every app hears everything."""

    ON = "on"
    OFF = "off"


class Owner(enum.Enum):
    """What `thread_owner` answered."""

    OURS = "ours"
    ANOTHER_APP = "another app"
    UNNAMED = "another, unnamed"
    IDLE = "idle"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with an event, in this order: ask, hear, end or regain, route.

    `ask_owner`: ask `thread_owner` and decide again with the answer. `heard`: who spoke while
    the bot is silent. `end`: the session ends for this reason. `regained`: a session that is
    ending has its thread back. `route`: the event goes to Rasa.
    """

    ask_owner: bool = False
    heard: Speaker | None = None
    end: EndReason | None = None
    regained: bool = False
    route: bool = False


NOTHING = Decision()
ROUTE = Decision(route=True)
HEAR_USER = Decision(heard=Speaker.USER)
HEAR_OPERATOR = Decision(heard=Speaker.OPERATOR)
OURS_AGAIN = Decision(regained=True, route=True)


def decide(
    event: Event,
    session: Session | None,
    *,
    us: str,
    routing: Routing,
    is_return_word: Callable[[str], bool],
    owner: Owner | None = None,
) -> Decision:
    """Look the event up in the table above.

    `us` is our app id, `session` the thread's open session, `is_return_word` tells whether a
    text is a keyword of that session's plan, and `owner` is `thread_owner`'s answer where an
    earlier decision asked for it.
    """
    if isinstance(event, (UserMessage, Postback)):
        return _user_spoke(event, session, routing, is_return_word, owner)
    if isinstance(event, Echo):
        return NOTHING if session is None or event.app_id == us else HEAR_OPERATOR
    if isinstance(event, ControlPassed):
        return _control_passed(event, session, us)
    assert isinstance(event, (ControlTaken, ControlRequested))  # noqa: S101 (totality, for mypy)
    return NOTHING


def _user_spoke(
    event: UserMessage | Postback,
    session: Session | None,
    routing: Routing,
    is_return_word: Callable[[str], bool],
    owner: Owner | None,
) -> Decision:
    if session is None:
        return ROUTE if event.array is Array.MESSAGING else NOTHING
    if session.id == session_id_for(event.key):
        return ROUTE
    if event.at <= session.cause_at:
        return NOTHING
    if event.array is Array.MESSAGING and session.regained:
        return OURS_AGAIN
    if event.array is Array.STANDBY or routing is Routing.OFF or isinstance(event, Postback):
        return _maybe_return(event, session, is_return_word)
    return _routed_to_us(event, session, owner)


def _routed_to_us(event: UserMessage, session: Session, owner: Owner | None) -> Decision:
    """Meta gives a message to the owner alone: with routing on, that is us again."""
    passed_at = session.active_at or session.ended_at  # a failed pass may have been made
    if passed_at is None or event.received_at <= passed_at:
        return HEAR_USER
    doubtful = event.at <= passed_at + DOUBTFUL_AFTER_PASS
    if doubtful and owner is None:
        return Decision(ask_owner=True)
    if doubtful and owner not in (Owner.OURS, Owner.IDLE):
        return HEAR_USER
    if session.state is State.ENDING:
        return OURS_AGAIN
    return Decision(end=EndReason.AGENT_RELEASED, route=True)


def _maybe_return(
    event: UserMessage | Postback, session: Session, is_return_word: Callable[[str], bool]
) -> Decision:
    if session.state is State.ACTIVE and _asks_for_the_bot(event, session, is_return_word):
        return Decision(heard=Speaker.USER, end=EndReason.KEYWORD)
    return HEAR_USER


def _asks_for_the_bot(
    event: UserMessage | Postback, session: Session, is_return_word: Callable[[str], bool]
) -> bool:
    if event.payload is not None and event.payload in session.plan.return_payloads:
        return True
    if isinstance(event, UserMessage):
        return event.text is not None and is_return_word(event.text)
    return event.payload is None and event.title is not None and is_return_word(event.title)


def _control_passed(event: ControlPassed, session: Session | None, us: str) -> Decision:
    if session is None or event.new_owner != us or event.at <= session.cause_at:
        return NOTHING
    if session.state is State.ACTIVE:
        return Decision(end=EndReason.AGENT_RETURNED)
    return Decision(regained=session.state is State.ENDING)
