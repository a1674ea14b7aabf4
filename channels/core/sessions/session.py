"""What a session is: one handover of one thread, opening → active → ending → ended. Pure.

One that is asked for outside the plan's hours may be waiting first.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ..events import Thread
from ..notices import NoticeKind
from ..plans import Plan
from .feedback import Feedback

MESSAGING_WINDOW = timedelta(hours=24)


class State(enum.Enum):
    """Where a session is; all but ENDED count as open.

    While it is WAITING for the plan's hours the thread is the bot's, which goes on talking.
    """

    WAITING = "waiting"
    OPENING = "opening"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"


class EndReason(enum.Enum):
    """Why a session ended. Rules distinguish these by the slot `handover_end_reason`."""

    TIMEOUT = "timeout"
    IDLE = "idle"
    UNANSWERED = "unanswered"
    KEYWORD = "keyword"
    INTENT = "intent"
    AGENT_RETURNED = "agent_returned"
    AGENT_RELEASED = "agent_released"
    OPERATOR_REQUEST = "operator_request"
    FAILED = "failed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Speaker(enum.Enum):
    """Who was heard in a thread while the bot was silent."""

    USER = "user"
    OPERATOR = "operator"


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What led to a handover: a user's event, or Rasa on its own (a reminder, a trigger).

    `at` is its time, by Meta's clock if it is an event; `key` is the event's, or a unique one.
    """

    at: datetime
    key: str

    @property
    def session_id(self) -> str:
        """The id of the session that it leads to: one event never leads to two sessions."""
        return session_id_for(self.key)

    def has_led_to(self, session: Session) -> bool:
        return session.id == self.session_id


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One handover of one thread, with its plan as it was at the start.

    `cause_at` is the time, by Meta's clock, of the event that led to the handover: nothing older
    can end it. `due_at` is when a worker has to look at the session next; None means never by
    itself. `waiting_since` is when it was asked for, if that was outside the plan's hours;
    `opened_at` is then when it stopped waiting. `owner_app` is the app that has the thread, as far
    as is known.

    `is_adopted`: somebody else began the handover; `is_announced`: Rasa knows of it.
    `has_bot_failed`: the channel began it, because one of the bot's turns or actions failed.
    `regained`: the thread is the bot's own again; `asked_at` is when its owner was asked for it.
    `is_untold`: Rasa could not be told of the end.

    `attempts` counts the tries of the step under way, `tellings` those to tell Rasa of a start or
    an end; `begun_by` names the workers that began the step and have not been heard of since.
    `first_answer_at` is when an operator was first heard. `heard_mids` are marks of what was heard
    last: Meta may deliver it on both arrays. `next_wishes` are those for the handover that the
    follow-up has asked for, and `row` is how many handovers led from one to the next, up to this
    one, while nobody said anything. `feedback` is what the user thought of the handover, once it
    has ended. `told` is what operators have been told about it, or are about to be. `returned_with`
    is the metadata of the pass that brought the thread back: empty if it had none, None if there
    was no such pass. `ended_by` is a mark of the user's message or tap that asked for the bot.
    """

    id: str
    thread: Thread
    plan: Plan
    state: State
    version: int
    opened_at: datetime
    cause_at: datetime
    last_user_at: datetime
    due_at: datetime | None
    waiting_since: datetime | None = None
    owner_app: str | None = None
    is_adopted: bool = False
    has_bot_failed: bool = False
    is_announced: bool = True
    active_at: datetime | None = None
    last_heard_at: datetime | None = None
    first_answer_at: datetime | None = None
    last_operator_at: datetime | None = None
    probe_at: datetime | None = None
    has_deadline: bool = True
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    reason: EndReason | None = None
    regained: bool = False
    attempts: int = 0
    begun_by: tuple[str, ...] = ()
    operator_messages: int = 0
    user_messages: int = 0
    heard_mids: tuple[str, ...] = ()
    tellings: int = 0
    is_untold: bool = False
    returned_with: str | None = None
    ended_by: str | None = None
    next_wishes: dict[str, Any] | None = None
    row: int = 0
    feedback: Feedback | None = None
    told: tuple[NoticeKind, ...] = ()

    def has_heard(self, mid: str | None) -> bool:
        """Whether the message or tap with this mid was heard in the session lately."""
        return mid is not None and mark_of(mid) in self.heard_mids

    @property
    def is_open(self) -> bool:
        return self.state is not State.ENDED

    @property
    def opened_by(self) -> str:
        """Who began it: the bot, somebody else, or the channel because the bot had failed."""
        if self.has_bot_failed:
            return "bot_failed"
        return "somebody else" if self.is_adopted else "bot"

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for the plan's hours, while the bot goes on talking."""
        return self.state is State.WAITING

    @property
    def is_talk(self) -> bool:
        """Whether the user has asked for somebody, or said something to whoever began."""
        return not self.is_adopted or self.user_messages > 0

    @property
    def answered_at(self) -> datetime | None:
        """When the user's wait for a first answer was over: None while it lasts, and the session's
        beginning for users who had asked for nobody.
        """
        if not self.is_adopted:
            return self.first_answer_at
        is_owed_an_answer = self.is_talk and not self.operator_messages
        return None if is_owed_an_answer else self.opened_at

    @property
    def silences_the_bot(self) -> bool:
        """Whether it keeps Rasa's new messages from its thread."""
        return not self.is_waiting and not self.regained

    def silences(self, cause: Cause) -> bool:
        """The same, for what is said because of `cause`, unless that has led to the session."""
        return self.silences_the_bot and not cause.has_led_to(self)

    @property
    def takes_the_floor(self) -> bool:
        """Whether it keeps messages that were said before it from its thread.

        Until control is passed, the bot may still send them: the session waits for them.
        """
        return self.silences_the_bot and self.state is not State.OPENING

    @property
    def target_app_id(self) -> str:
        """The app that the plan hands the thread to."""
        return self.plan.target_app_id(self.thread.platform)

    @property
    def ended_message_id(self) -> str:
        """The `message_id` of this session's `handover_ended` in the tracker."""
        return ended_message_id(self.id)

    @property
    def started_message_id(self) -> str:
        """The `message_id` of this session's `handover_started`, if Rasa is told of its start."""
        return f"handover-started-{self.id}"


def ended_message_id(session_id: str) -> str:
    """The `message_id`, in the tracker, of the `handover_ended` of the session with this id."""
    return f"handover-ended-{session_id}"


def mark_of(mid: str) -> str:
    """A short mark for a mid."""
    return hashlib.sha256(mid.encode(errors="surrogatepass")).hexdigest()[:16]


def session_id_for(event_key: str) -> str:
    """The id of the session that an event leads to, if it leads to one."""
    return hashlib.sha256(event_key.encode(errors="surrogatepass")).hexdigest()[:32]


def ends_in_silence(session: Session) -> bool:
    """Whether nothing is said to the user at the end of an ending session.

    If an app asked for the thread and did not get it, the user never knew. If somebody else began,
    such as another app with a newsletter, and the user has said nothing, there is nothing to follow
    up: the thread is left where it is.
    """
    if session.reason is EndReason.FAILED:
        return session.is_adopted and not session.is_announced
    user_is_quiet = session.user_messages == 0 and session.last_user_at < session.cause_at
    was_asked_for = session.reason is EndReason.OPERATOR_REQUEST
    return session.is_adopted and user_is_quiet and not was_asked_for


def last_ended(sessions: Iterable[Session], *, since: datetime) -> Session | None:
    """The one that ended last, if that was at `since` or later."""
    ended = [
        (one.ended_at, one.id, one)
        for one in sessions
        if one.ended_at is not None and one.ended_at >= since and not one.is_open
    ]
    return max(ended, default=(None, None, None))[2]


LOOP_PERIOD = timedelta(minutes=10)
MOST_UNASKED_FOR = 3  # sessions of a thread in that time


def is_loop(recent: Sequence[Session], now: datetime) -> bool:
    """Whether a thread has had so many sessions lately that we must be making them ourselves.

    Nobody has asked for them, and nobody has talked in them: Meta says that another app has the
    thread, and then that nobody does.
    """
    unasked_for = sum(
        not _is_of_people(one) and now - one.opened_at < LOOP_PERIOD for one in recent
    )
    return unasked_for >= MOST_UNASKED_FOR


def _is_of_people(session: Session) -> bool:
    """Whether people were involved. Whatever wrote may be an automation: neither its answer nor the
    fact that Meta calls the thread free shows that there were people.
    """
    if not session.is_adopted or session.returned_with is not None:
        return True
    is_found_free = session.reason in (EndReason.AGENT_RELEASED, EndReason.AGENT_RETURNED)
    return bool(session.operator_messages) and (bool(session.user_messages) or not is_found_free)


LATE = timedelta(minutes=1)  # after a take-back, in which what comes on standby was said before it


def is_for_the_bot(said_at: datetime, session: Session, metas_ahead: timedelta) -> bool:
    """Whether the user said it just after the thread was taken back, or after the word that ended
    it.

    `said_at` is by Meta's clock, which is `metas_ahead` of the one that dates sessions' ends.
    """
    if session.ended_at is None:
        return False
    ended_at = session.ended_at + metas_ahead
    by_user = session.reason in (EndReason.KEYWORD, EndReason.INTENT)
    since = session.last_user_at if by_user else ended_at
    return since < said_at <= max(since, ended_at) + LATE


def was_said_in(session: Session, said_at: datetime, metas_ahead: timedelta) -> bool:
    """Whether the user said it during a session that is now over, or at its last moment."""
    if session.ended_at is None:
        return False
    return session.opened_at < said_at - metas_ahead <= session.ended_at + LATE


def is_window_open(session: Session, now: datetime) -> bool:
    """Whether Meta still takes messages to the user (Send API: 24 hours after the user's last)."""
    return now < session.last_user_at + MESSAGING_WINDOW


def deadline(session: Session) -> tuple[datetime, EndReason] | None:
    """When an active or waiting session ends by itself, and why; None if it never does."""
    if session.is_waiting and session.waiting_since is not None:
        return session.waiting_since + session.plan.wait_at_most, EndReason.CLOSED
    if not session.has_deadline or session.active_at is None:
        return None
    plan = session.plan
    dates = [(session.opened_at + plan.timeout, EndReason.TIMEOUT)]
    if plan.idle_timeout is not None:
        quiet_since = session.last_heard_at or session.active_at
        dates.append((quiet_since + plan.idle_timeout, EndReason.IDLE))
    if plan.unanswered_timeout is not None and session.operator_messages == 0:
        dates.append((session.opened_at + plan.unanswered_timeout, EndReason.UNANSWERED))
    return min(dates, key=_date)


def waits_since(session: Session) -> datetime | None:
    """Since when the user of an open session has waited for an operator, or for the plan's hours.

    None if an operator wrote last, or if nobody has asked for one.
    """
    if session.state in (State.ENDING, State.ENDED):
        return None
    if session.is_waiting:
        return session.waiting_since
    if not session.operator_messages and session.is_adopted:
        return max(session.opened_at, session.last_user_at) if session.is_talk else None
    if not session.operator_messages:
        return session.opened_at
    said_at = session.last_operator_at
    return session.last_user_at if said_at is None or session.last_user_at > said_at else None


def unanswered_at(session: Session) -> datetime | None:
    """When to tell operators that nobody has answered yet; None if they are not to be told."""
    notice, since = session.plan.unanswered_notice, waits_since(session)
    if notice is None or since is None or session.active_at is None:
        return None
    if session.state is not State.ACTIVE or session.operator_messages:
        return None
    if NoticeKind.UNANSWERED in session.told:
        return None
    return max(session.active_at, since) + notice


def _date(dated: tuple[datetime, EndReason]) -> datetime:
    return dated[0]
