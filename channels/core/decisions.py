"""The decision table: what to do with an event, given the session. Pure and total.

| event                                        | session  | what to do                           |
|----------------------------------------------|----------|--------------------------------------|
| messaging: message, postback                 | none     | route to Rasa                        |
| messaging: the cause itself, once more       | open     | route to Rasa                        |
| messaging: either, not newer than the cause  | open     | hear it                              |
| all but echoes, not newer than the cause     | open     | nothing                              |
| messaging: message, postback                 | regained | carry the end through, then route    |
| messaging: message, postback, routing off    | passed   | as on standby                        |
| messaging: postback with a return payload    | active   | hear it, end(keyword)                |
| messaging: a return word before the pass     | active   | hear it, end(keyword)                |
| messaging: either, from before the pass      | passed   | hear it                              |
| messaging: either, or an act, owner ours     | failed   | the thread is ours again; then route |
| messaging: either, or an act, other owners   | failed   | hear it                              |
| messaging: either, routing on, owner ours    | active   | end(agent_released), then route      |
| messaging: either, routing on, owner ours    | ending   | the thread is ours again; then route |
| messaging: either, owner unknown             | passed   | as on standby                        |
| messaging: a return word, owner another      | active   | hear it, end(keyword)                |
| messaging: either, owner another             | passed   | hear it                              |
| standby: message or postback, owner another  | regained | end it in silence, then as with none |
| standby: message, just after a take-back     | regained | hear it, carry through, then route   |
| standby: message or postback, a return word  | active   | hear it, end(keyword)                |
| standby: message or postback                 | open     | hear it                              |
| standby: message or postback, owner another  | none     | open a session, then as above        |
| standby: message, just after a take-back     | ended    | hear it, route to Rasa               |
| standby: either, late                        | ended    | hear it                              |
| standby: echo, not ours, late                | ended    | hear the operator                    |
| echo, not ours, owner another                | regained | end it in silence, then as with none |
| echo of Meta's AI                            | open     | nothing                              |
| echo, not ours                               | open     | hear the operator                    |
| echo, not ours, owner another                | none     | open a session, then as above        |
| echo, not ours, of an operator by echo       | none     | open a session, then as above        |
| echo of ours                                 | any      | nothing                              |
| any other message, postback or echo          | none     | nothing                              |
| pass_thread_control to us, owner not another | none     | it is given: tell Rasa               |
| pass_thread_control to us, owner not another | active   | end(agent_returned)                  |
| pass_thread_control to us, owner not another | ending   | the thread is ours again             |
| pass_thread_control to no app, owner ours    | active   | end(agent_returned)                  |
| pass_thread_control to no app, owner ours    | ending   | the thread is ours again             |
| pass or take, to another app, owner another  | regained | end it in silence, then as with none |
| pass or take, to another app, owner another  | none     | open a session                       |
| pass or take, to another app                 | active   | the session's owner is that app      |
| take_thread_control from us, owner another   | none     | open a session                       |
| messaging: an act that is no message         | none     | route to Rasa                        |
| messaging: the act is the cause, once more   | open     | route to Rasa                        |
| messaging: an act that is no message         | regained | carry the end through, then route    |
| messaging: an act, routing on, owner ours    | active   | end(agent_released), then route      |
| messaging: an act, routing on, owner ours    | ending   | the thread is ours again; then route |
| messaging: an act, routing on, other owners  | passed   | the user is there                    |
| an act that is no message                    | active   | the user is there                    |
| standby: a sign of life, owner another       | none     | open a session, then as above        |
| the user edits: now it is a return word      | active   | hear it, end(keyword)                |
| a sign of life; the user takes back, or edits| open     | the user is there                    |
| any other act, sign, taking back or edit     | any      | nothing                              |
| request_thread_control, by a granted app     | none     | open a session and pass control      |
| request_thread_control                       | any      | refuse it                            |
| any other change of control                  | any      | nothing                              |

The first row that fits counts.

Sessions. Open means opening, active or ending; passed means active, or ending after a pass; failed
means ending because of a pass that failed, but may have been made; regained means ending
with the thread ours already: its follow-up may wait for days, and somebody may take the thread in
the meantime. To hear something is to count it, and to add it to the session's transcript, if one is
kept.

The owner. It is ours if nobody else has the thread. If a row names the owner, Meta is asked,
because deliveries come late and out of order, and what an event says about the owner may no longer
be true. If Meta does not say, the owner is unknown. Then whatever comes on standby is believed, and
so is an event that says who has the thread, unless the thread was taken back since. Meta never
tells a secondary receiver of the older roles: then another app counts as the owner, except after a
pass to us. With routing off, an agent's desk may write without having the thread: its echo is then
an operator's (`operators-by-echo`), and the thread's owner does not show when that ends.

The cause. This is the user's event that led to the handover. It comes again only if a crash cut its
turn short: Rasa hears it, so that its tracker is complete, but its answers are not sent.

Late events. What the user wrote or tapped before the cause is not answered: it is kept with what
the user says to the agents. What the user or an operator wrote just as the thread was taken back,
and came on standby, is kept with what was said in the session, which has ended by then. Anything
newer is meant for the bot, except a return word: with it the user asked for the bot, and has it
already. A thread that was left to whoever took it was not taken back: if Meta does not name its
owner, they have it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec

from .events import (
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
    UserMessage,
)
from .meta.ownership import ANOTHER, OURS_OR_NOBODYS, TOLD_ANOTHER, Owner, Routing
from .sessions.session import (
    EndReason,
    Session,
    Speaker,
    State,
    is_for_the_bot,
    session_id_for,
    was_said_in,
)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with an event, in this order: ask, open, hear, end or regain, route.

    `ask_owner`: ask `thread_owner` and decide again with the answer. `adopt`: somebody has taken
    the thread, so open a session and decide again with it. `owner_app`: the app that has the
    thread, if the event names it, even if a session is open already. `unowned`: that app writes
    without having the thread. `grant`: pass the thread to this app, which asks for it; `refuse`:
    this app may not have it. `heard`: who spoke while the bot is silent; if no session is open, in
    the last one. `end`: the session ends for this reason. `regained`: a session that is ending has
    its thread back; `overtaken`: somebody has taken it again, so end the session in silence and
    decide again. `given`: somebody has given the thread to the bot. `route`: the event goes to
    Rasa.
    """

    ask_owner: bool = False
    adopt: bool = False
    unowned: bool = False
    owner_app: str | None = None
    grant: str | None = None
    refuse: str | None = None
    heard: Speaker | None = None
    end: EndReason | None = None
    regained: bool = False
    overtaken: bool = False
    given: bool = False
    route: bool = False


NOTHING = Decision()
ROUTE = Decision(route=True)
HEAR_USER = Decision(heard=Speaker.USER)
HEAR_OPERATOR = Decision(heard=Speaker.OPERATOR)
HEARD_AND_BACK = Decision(heard=Speaker.USER, end=EndReason.KEYWORD)
ASK = Decision(ask_owner=True)
OURS_AGAIN = Decision(regained=True, route=True)
LATE_WORDS = Decision(heard=Speaker.USER, route=True)


def decide(
    event: Event,
    session: Session | None,
    *,
    us: str,
    routing: Routing,
    is_return_word: Callable[[str], bool],
    may_have: Callable[[str], bool],
    owner: Owner | None = None,
    ended: Session | None = None,
    by_echo: bool = False,
    metas_ahead: timedelta = timedelta(),
) -> Decision:
    """Look the event up in the table above.

    `us` is our app id, `session` the thread's open session, or `ended` the last one if none is
    open. `is_return_word` says whether a text is a keyword of that session's plan, `may_have`
    whether an app gets the thread when it asks for it, and `owner` is `thread_owner`'s answer if an
    earlier decision asked for it. `by_echo`: any app that writes counts as having the thread.
    Meta's clock, which dates what people say, is `metas_ahead` of the one that dates sessions'
    ends.
    """
    if isinstance(event, (UserMessage, Postback)):
        if session is None:
            return _spoke_unattended(event, ended, is_return_word, owner, metas_ahead)
        return _user_spoke(event, session, routing, is_return_word, owner, metas_ahead)
    if isinstance(event, Act):
        return _user_acted(event, session, routing, owner)
    if isinstance(event, SignOfLife):
        return _user_was_there(event, session, owner)
    if isinstance(event, (TakenBack, Edited)):
        return _was_amended(event, session, is_return_word)
    if isinstance(event, Echo):
        is_late = _is_late(event, ended, owner, metas_ahead)
        return _page_spoke(event, session, us, owner, by_echo=by_echo, is_late=is_late)
    if isinstance(event, ControlRequested):
        return _control_requested(event, session, us, may_have)
    return _control_moved(event, session, us, owner)


def _was_amended(
    event: TakenBack | Edited, session: Session | None, is_return_word: Callable[[str], bool]
) -> Decision:
    if session is None or event.at <= session.cause_at or event.by_page:
        return NOTHING
    is_active = session.state is State.ACTIVE
    if is_active and isinstance(event, Edited) and is_return_word(event.text):
        return HEARD_AND_BACK
    return HEAR_USER


def _spoke_unattended(
    event: UserMessage | Postback,
    ended: Session | None,
    is_return_word: Callable[[str], bool],
    owner: Owner | None,
    metas_ahead: timedelta,
) -> Decision:
    """A message without an open session: to the bot; or on standby, to whoever has the thread, or
    had it.
    """
    if event.array is Array.MESSAGING:
        return ROUTE
    if ended is not None and _is_over(ended, owner):
        if _is_for_the_bot(event, ended, is_return_word, metas_ahead):
            return LATE_WORDS
        if was_said_in(ended, event.at, metas_ahead):
            return HEAR_USER
    return _taken(event, None, owner)


def _is_over(ended: Session, owner: Owner | None) -> bool:
    """Whether nobody has kept the thread; if Meta does not say, whether we took it back."""
    return owner in OURS_OR_NOBODYS or (owner is Owner.UNKNOWN and ended.regained)


def _is_late(
    event: Echo, ended: Session | None, owner: Owner | None, metas_ahead: timedelta
) -> bool:
    """Whether an operator wrote it before the thread was taken back."""
    if ended is None or ended.ended_at is None or event.by_ai or not _is_over(ended, owner):
        return False
    return ended.cause_at < event.at <= ended.ended_at + metas_ahead


def _is_for_the_bot(
    event: UserMessage | Postback,
    session: Session,
    is_return_word: Callable[[str], bool],
    metas_ahead: timedelta,
) -> bool:
    """Whether the words were already meant for the bot; with a tap on standby nobody can know."""
    is_words = isinstance(event, UserMessage) and is_for_the_bot(event.at, session, metas_ahead)
    return is_words and not _asks_for_the_bot(event, session, is_return_word)


def _user_spoke(
    event: UserMessage | Postback,
    session: Session,
    routing: Routing,
    is_return_word: Callable[[str], bool],
    owner: Owner | None,
    metas_ahead: timedelta,
) -> Decision:
    if event.array is Array.MESSAGING and session.id == session_id_for(event.key):
        return ROUTE
    if event.at <= session.cause_at:
        # It was said to the bot, which may no longer answer it.
        return HEAR_USER if event.array is Array.MESSAGING else NOTHING
    if event.array is Array.MESSAGING and session.regained:
        return HEAR_USER if session.has_heard(event.mid) else OURS_AGAIN
    if _is_overtaken(session, owner):
        return _overtaken(owner)
    if session.regained and _is_for_the_bot(event, session, is_return_word, metas_ahead):
        return msgspec.structs.replace(LATE_WORDS, regained=True)
    by_words = _maybe_return(event, session, is_return_word)
    return _maybe_released(event, session, routing, owner, by_words)


def _user_acted(
    event: Act, session: Session | None, routing: Routing, owner: Owner | None
) -> Decision:
    on_messaging = event.array is Array.MESSAGING
    if session is None or session.id == session_id_for(event.key):
        return ROUTE if on_messaging else NOTHING
    if event.at <= session.cause_at:
        return NOTHING
    if on_messaging and session.regained:
        return OURS_AGAIN
    return _maybe_released(event, session, routing, owner, HEAR_USER)


def _user_was_there(event: SignOfLife, session: Session | None, owner: Owner | None) -> Decision:
    if session is None:
        return NOTHING if event.array is Array.MESSAGING else _taken(event, None, owner)
    return HEAR_USER if event.at > session.cause_at else NOTHING


def _maybe_released(
    event: UserMessage | Postback | Act,
    session: Session,
    routing: Routing,
    owner: Owner | None,
    by_words: Decision,
) -> Decision:
    """What comes to us on messaging may mean that the thread is ours again.

    With routing on Meta delivers messages only to the owner, but a tap goes to the app that sent
    the button, no matter who has the thread. So Meta is asked; and whatever the mode, it is asked
    after a pass that has failed, because nobody else may have got what the user wrote meanwhile.
    """
    if event.array is not Array.MESSAGING or session.state is State.OPENING:
        return by_words
    if isinstance(event, Postback) and by_words.end is not None:
        return by_words
    passed_at = session.active_at
    if passed_at is not None and (routing is not Routing.ON or event.received_at <= passed_at):
        return by_words
    if owner is None:
        return ASK
    if owner not in OURS_OR_NOBODYS:
        return by_words
    if session.state is State.ENDING:
        return OURS_AGAIN
    return Decision(end=EndReason.AGENT_RELEASED, route=True)


def _maybe_return(
    event: UserMessage | Postback, session: Session, is_return_word: Callable[[str], bool]
) -> Decision:
    if session.state is State.ACTIVE and _asks_for_the_bot(event, session, is_return_word):
        return HEARD_AND_BACK
    return HEAR_USER


def _asks_for_the_bot(
    event: UserMessage | Postback, session: Session, is_return_word: Callable[[str], bool]
) -> bool:
    if event.payload is not None and event.payload in session.plan.return_payloads:
        return True
    if isinstance(event, UserMessage):
        return event.text is not None and is_return_word(event.text)
    return event.payload is None and event.title is not None and is_return_word(event.title)


def _page_spoke(
    event: Echo,
    session: Session | None,
    us: str,
    owner: Owner | None,
    *,
    by_echo: bool,
    is_late: bool,
) -> Decision:
    if event.app_id == us:
        return NOTHING
    if is_late:
        return HEAR_OPERATOR
    if session is None:
        taken = _taken(event, event.app_id, owner)
        is_unowned = by_echo and owner is not None and not taken.adopt
        return Decision(adopt=True, owner_app=event.app_id, unowned=True) if is_unowned else taken
    if _is_overtaken(session, owner):
        return _overtaken(owner)
    return NOTHING if event.by_ai else HEAR_OPERATOR


def _taken(event: Event, owner_app: str | None, owner: Owner | None) -> Decision:
    """Somebody else seems to have taken the thread, or the event comes late: ask."""
    if owner is None:
        return ASK
    says_so = event.array is Array.STANDBY or isinstance(event, (ControlPassed, ControlTaken))
    is_taken = owner in ANOTHER or (owner is Owner.UNKNOWN and says_so)
    return Decision(adopt=True, owner_app=owner_app) if is_taken else NOTHING


def _is_overtaken(session: Session, owner: Owner | None) -> bool:
    """Whether somebody seems to have taken the thread again before Rasa heard of the end."""
    return session.regained and (owner is None or owner in ANOTHER)


def _overtaken(owner: Owner | None) -> Decision:
    return ASK if owner is None else Decision(overtaken=True)


def _control_moved(
    event: ControlPassed | ControlTaken, session: Session | None, us: str, owner: Owner | None
) -> Decision:
    # The older form of a take says only from whom the thread was taken.
    is_lost = isinstance(event, ControlTaken) and event.previous_owner == us
    if event.new_owner not in (us, None) or (is_lost and event.new_owner is None):
        return _went_to(event, session, owner)
    is_told = event.new_owner == us  # otherwise Meta is asked: it notifies the new owner
    if is_told or (session is not None and owner in (None, *OURS_OR_NOBODYS)):
        return _came_to_us(event, session, owner)
    return NOTHING


def _came_to_us(
    event: ControlPassed | ControlTaken, session: Session | None, owner: Owner | None
) -> Decision:
    if isinstance(event, ControlTaken):
        return NOTHING
    if session is None:
        return ASK if owner is None else Decision(given=owner not in TOLD_ANOTHER)
    if event.at <= session.cause_at:
        return NOTHING
    if session.state is State.OPENING or session.regained:
        return NOTHING
    if owner is None:
        return ASK
    if owner in TOLD_ANOTHER:
        return NOTHING
    if session.state is State.ACTIVE:
        return Decision(end=EndReason.AGENT_RETURNED)
    return Decision(regained=True)


def _went_to(
    event: ControlPassed | ControlTaken, session: Session | None, owner: Owner | None
) -> Decision:
    if session is None:
        return _taken(event, event.new_owner, owner)
    if event.at <= session.cause_at:
        return NOTHING
    if _is_overtaken(session, owner):
        return _overtaken(owner)
    if session.state is State.ACTIVE and session.owner_app != event.new_owner:
        return Decision(owner_app=event.new_owner)
    return NOTHING


def _control_requested(
    event: ControlRequested, session: Session | None, us: str, may_have: Callable[[str], bool]
) -> Decision:
    if event.requested_owner in (None, us):
        return NOTHING
    if session is not None and event.at <= session.cause_at:
        return NOTHING
    if session is None and may_have(event.requested_owner):
        return Decision(grant=event.requested_owner)
    return Decision(refuse=event.requested_owner)
