"""What a chaos run must show of opening hours, of a bot that breaks, of notices and of feedback.

Pure. Rules of the judge's: each is a function from the case to the offenders that it finds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from channels.core.notices import NoticeKind
from channels.core.settings.settings import UNANSWERED_NOTICE
from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.verdict.case import Case
from tests.stack.chaos.verdict.evidence import USER, Said, Stored, Told
from tests.stack.chaos.verdict.tracked_turns import Turn

OF_A_FAILURE = "failed "  # how a turn of the channel's own begins, for a message that was set aside
RATED = "rate_good"  # the intent of the button that people tap
MOST_DEATHS = 3  # of one message
REPLACED_WITHIN = timedelta(seconds=10)
HANDED_OVER_WITHIN = timedelta(minutes=3)  # of the last death
CLOCK_MARGIN = timedelta(seconds=2)
_ORDER = {kind.value: number for number, kind in enumerate(NoticeKind)}


def is_replaced(case: Case, session: Stored) -> bool:
    """Whether another handover was asked for instead of a waiting one: Rasa hears of no end."""
    ended_at = session.ended_at
    if session.reason != "cancelled" or ended_at is None:
        return False
    return any(
        other.session != session.session
        and other.began_at is not None
        and abs(other.began_at - ended_at) < REPLACED_WITHIN
        for other in case.sessions[session.user]
    )


def _passed_while_closed(case: Case) -> Iterator[str]:
    """A plan's hours of every other minute are those of the script."""
    for session in case.evidence.sessions:
        since, active_at = session.waiting_since, session.active_at
        if since is None or active_at is None or _was_taken(case, session.user, since, active_at):
            continue
        if active_at < _opening_after(since) - CLOCK_MARGIN:
            yield f"{session.user}: session {session.session}"


def _opening_after(moment: datetime) -> datetime:
    minute = moment.replace(second=0, microsecond=0)
    return minute + timedelta(minutes=minute.minute % 2)


def _was_taken(case: Case, user: str, since: datetime, until: datetime) -> bool:
    """Whether somebody had the thread already, or an operator wrote then, and so took it."""
    return case.people_had_it(user, since, since) or any(
        one.user == user and one.sender not in (USER, BOT) and since <= one.at <= until
        for one in case.evidence.said
    )


def _died_too_often(case: Case) -> Iterator[str]:
    deaths = Counter(death.text for death in case.evidence.deaths)
    return (f"{text}: {count} times" for text, count in deaths.items() if count > MOST_DEATHS)


def _not_handed_over(case: Case) -> Iterator[str]:
    """A message that killed whoever read it was set aside, and its user got nobody."""
    for user, died_at in _killed(case):
        by_the_channel = any(one.opened_by == "bot_failed" for one in case.sessions[user])
        if not by_the_channel and not case.people_had_it(
            user, died_at, died_at + HANDED_OVER_WITHIN
        ):
            yield f"{user}: its message was set aside after {died_at.isoformat()}"


def says_for_itself(case: Case, said: Said) -> bool:
    """Whether the channel said it, before it handed a thread over because the bot had failed."""
    is_its_own = said.turn is not None and said.turn.startswith(OF_A_FAILURE)
    return is_its_own and any(one.opened_by == "bot_failed" for one in case.sessions[said.user])


def _said_for_itself_twice(case: Case) -> Iterator[str]:
    said = Counter(
        (one.user, one.turn)
        for of_user in case.sent.values()
        for one in of_user
        if says_for_itself(case, one)
    )
    return (f"{user}: {turn}, {count} times" for (user, turn), count in said.items() if count > 1)


def _killed(case: Case) -> Iterator[tuple[str, datetime]]:
    """Whose messages were set aside, and when the last process died of each."""
    died_at = {death.text: death.at for death in case.evidence.deaths}
    texts = {one.mid: one.text for one in case.user_messages()}
    for one in case.evidence.undone:
        text = texts.get(one.mid or "", "")
        if one.was_killed and text in died_at:
            yield one.user, died_at[text]


def _notices_lost(case: Case) -> Iterator[str]:
    told = {(one.session, one.kind) for one in case.evidence.told}
    for session in case.evidence.sessions:
        for kind in _to_tell(session):
            if (session.session, kind) not in told:
                yield f"{session.user}: {kind} of session {session.session}"


def _notices_untrue(case: Case) -> Iterator[str]:
    true = {
        (one.session, kind)
        for one in case.evidence.sessions
        for kind in (*_to_tell(one), *_may_tell(one))
    }
    for one in case.evidence.told:
        if (one.session, one.kind) not in true:
            yield f"{one.kind} of session {one.session} at {one.at.isoformat()}"


def _to_tell(session: Stored) -> Iterator[str]:
    if session.waiting_since is not None:
        yield "waiting"
    if session.active_at is not None:
        yield "opened"
    if session.first_answer_at is not None:
        yield "answered"
    if session.state == "ended":
        yield "failed" if session.reason == "failed" else "ended"


def _may_tell(session: Stored) -> Iterator[str]:
    """Whoever looks just before the end, or before the first answer, tells of it."""
    until = session.first_answer_at or session.ended_at
    waited = until - session.active_at if until and session.active_at else timedelta()
    if waited >= UNANSWERED_NOTICE:
        yield "unanswered"


def _notices_out_of_order(case: Case) -> Iterator[str]:
    latest: dict[str, int] = defaultdict(int)
    for one in _first_tellings(case):
        if _ORDER[one.kind] < latest[one.session]:
            yield f"{one.kind} of session {one.session} at {one.at.isoformat()}"
        latest[one.session] = max(latest[one.session], _ORDER[one.kind])


def _first_tellings(case: Case) -> list[Told]:
    firsts: dict[str, Told] = {}
    for one in case.evidence.told:
        firsts.setdefault(one.notice, one)
    return list(firsts.values())


def _told_again(case: Case) -> Iterator[str]:
    firsts = {id(one) for one in _first_tellings(case)}
    for one in case.evidence.told:
        if id(one) not in firsts:
            yield f"{one.kind} of session {one.session} at {one.at.isoformat()}"


def _feedback_lost(case: Case) -> Iterator[str]:
    for turn in case.all_turns:
        if turn.intent == RATED:
            session = _rated(case, turn)
            if session is not None and not session.has_feedback:
                yield f"{turn.user}: on session {session.session}"


def _rated(case: Case, turn: Turn) -> Stored | None:
    """The handover that an answer is about: the last that had ended by then."""
    ended = [
        one
        for one in case.sessions[turn.user]
        if one.ended_at is not None and one.ended_at <= turn.heard_at
    ]
    return max(ended, key=lambda one: one.ended_at or turn.heard_at, default=None)


ZEROS = (
    ("waiting handovers passed while nobody was there", _passed_while_closed),
    ("processes killed a fourth time by one message", _died_too_often),
    ("threads of set-aside messages that nobody got", _not_handed_over),
    ("what the channel says for a broken bot doubled", _said_for_itself_twice),
    ("notices to operators lost", _notices_lost),
    ("notices to operators of what has not come about", _notices_untrue),
    ("notices to operators out of order within a session", _notices_out_of_order),
    ("feedback lost", _feedback_lost),
)
APART = (("notices to operators told again", _told_again),)
