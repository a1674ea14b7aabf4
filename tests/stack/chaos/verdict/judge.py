"""What the evidence says: figures, of which some must be zero, with the names of what is wrong.

Pure. Each rule is a function from the case to the offenders that it finds, as `thread: what`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from channels.core.sessions.session import ended_message_id, session_id_for
from channels.handover.opening import MOST_IN_A_ROW
from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.verdict import around_rules
from tests.stack.chaos.verdict.case import Case
from tests.stack.chaos.verdict.evidence import Evidence, Ran, Said
from tests.stack.chaos.verdict.tracked_turns import HANDOVER_ENDED, HANDOVER_STARTED, Turn, homeless

TAKEN_MARGIN = timedelta(seconds=2)  # between a look at the owner and what is sent by it
CUT_MARGIN = timedelta(seconds=1)  # a stop takes a moment to be felt, and is noted before
LONGEST_WAIT = timedelta(seconds=30)  # of a message, for Meta to take it
LONGEST_PAUSE = timedelta(seconds=150)  # of both replicas, one after the other, with it in hand
MESSAGING = "messaging"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One line of the verdict. Where it `must_be_zero`, each of `offenders` is a failure."""

    name: str
    offenders: tuple[str, ...]
    must_be_zero: bool = True

    @property
    def failed(self) -> bool:
        return self.must_be_zero and bool(self.offenders)


def judge(evidence: Evidence) -> list[Figure]:
    """All figures; those that must be zero first."""
    case = Case(evidence)
    zeros = (
        ("user messages never delivered to the bot", _undelivered),
        ("user messages lost", _lost),
        ("events handled twice", _handled_twice),
        ("events dead", _dead),
        ("events left waiting", _waiting),
        ("sessions stuck", _stuck),
        ("threads left with people", _left_with_people),
        ("sessions ended twice", _ended_twice),
        ("sessions whose end Rasa never heard", _untold),
        ("follow-ups missing", _follow_ups_missing),
        ("next handovers missing", _next_missing),
        ("answers missing", _answers_missing),
        ("bot messages doubled", _doubled),
        ("bot messages that belong to no turn", _unexplained),
        ("actions run twice", _ran_twice),
        ("messages handled out of order", _out_of_order),
        ("bot messages out of order within a thread", _sent_out_of_order),
        *around_rules.ZEROS,
    )
    apart = (
        ("turns repeated because a kill cut them down, messages sent again", _repeated),
        ("actions run again because their turn was cut down", _ran_again),
        ("events set aside because they were under way at three kills", _set_aside),
        ("bot messages of turns that were cut down, and taken by nobody again", _of_nobodys_turn),
        ("bot messages sent again after a lost answer", _sent_again),
        ("responses not sent because people had the thread", _silenced),
        ("user messages that only the agents got", _kept_by_agents_alone),
        *around_rules.APART,
    )
    return [
        *(_figure(name, rule, case, must_be_zero=True) for name, rule in zeros),
        *(_figure(name, rule, case, must_be_zero=False) for name, rule in apart),
    ]


def _figure(
    name: str, rule: Callable[[Case], Iterable[str]], case: Case, *, must_be_zero: bool
) -> Figure:
    return Figure(name=name, offenders=tuple(rule(case)), must_be_zero=must_be_zero)


def _undelivered(case: Case) -> Iterator[str]:
    for said in case.user_messages():
        if said.mid not in case.arrays:
            yield _named(said)


def _lost(case: Case) -> Iterator[str]:
    """The bot had the thread when it got the message, and neither Rasa nor a transcript has it."""
    for said in _kept_by_nobody(case):
        if case.arrays.get(said.mid) == MESSAGING and said.mid not in case.set_aside:
            yield _named(said)


def _kept_by_agents_alone(case: Case) -> Iterator[str]:
    """Said to the agents, and heard by the bot when the session was over."""
    for said in _kept_by_nobody(case):
        if case.arrays.get(said.mid, MESSAGING) != MESSAGING:
            yield _named(said)


def _kept_by_nobody(case: Case) -> Iterator[Said]:
    for said in case.user_messages():
        if said.mid not in case.tracked_ids and said.mid not in case.evidence.transcribed:
            yield said


def _handled_twice(case: Case) -> Iterator[str]:
    counts = Counter((turn.user, turn.message_id) for turn in case.all_turns)
    for (user, message_id), count in counts.items():
        if count > 1:
            yield f"{user}: {message_id} is in the tracker {count} times"


def _dead(case: Case) -> Iterator[str]:
    for one in case.evidence.undone:
        if one.state == "dead" and not one.was_killed:
            yield f"{one.user}: {one.key}"


def _set_aside(case: Case) -> Iterator[str]:
    return (f"{one.user}: {one.key}" for one in case.evidence.undone if one.was_killed)


def _waiting(case: Case) -> Iterator[str]:
    return (f"{one.user}: {one.key}" for one in case.evidence.undone if one.state == "waiting")


def _stuck(case: Case) -> Iterator[str]:
    for session in case.evidence.sessions:
        if session.state != "ended":
            yield f"{session.user}: session {session.session} is {session.state}"


def _left_with_people(case: Case) -> Iterator[str]:
    last = {session.user: session for session in case.evidence.sessions}
    for user in case.written:
        owner = case.last_owner(user)
        is_left = user in last and last[user].is_left
        if owner not in (None, BOT) and not is_left:
            yield f"{user}: {owner} has the thread"


def _ended_twice(case: Case) -> Iterator[str]:
    for session, count in _ends(case).items():
        if count > 1:
            yield f"session {session}: {count} times"


def _untold(case: Case) -> Iterator[str]:
    told = _ends(case)
    for session in case.evidence.sessions:
        is_heard = session.session in told or around_rules.is_replaced(case, session)
        if session.state == "ended" and not is_heard:
            yield f"{session.user}: session {session.session}, {session.reason}"


def _ends(case: Case) -> Counter[str]:
    return Counter(turn.session for turn in case.all_turns if turn.intent == HANDOVER_ENDED)


def _follow_ups_missing(case: Case) -> Iterator[str]:
    for turn, text in _unsent(case):
        if turn.is_follow_up and not _was_taken(case, turn):
            yield f"{turn.user}: {text!r} of session {turn.session}"


def _next_missing(case: Case) -> Iterator[str]:
    """The follow-up of a handover that failed asks for the next one, up to a limit in a row."""
    reasons = {one.session: one.reason for one in case.evidence.sessions}
    before = {_next_after(session): session for session in reasons}
    for turn in case.all_turns:
        if turn.is_follow_up and reasons.get(turn.session) == "failed":
            is_last = _in_a_row(turn.session, before) >= MOST_IN_A_ROW
            is_made = _next_after(turn.session) in reasons
            if not (is_made or is_last or _was_taken(case, turn)):
                yield f"{turn.user}: none after session {turn.session}"


def _next_after(session: str) -> str:
    """The handover that a session's follow-up asks for."""
    return session_id_for(ended_message_id(session))


def _in_a_row(session: str, before: Mapping[str, str]) -> int:
    """How many handovers there were up to this one, each asked for by the end of another."""
    return 1 + _in_a_row(before[session], before) if session in before else 1


def _answers_missing(case: Case) -> Iterator[str]:
    for turn, text in _unsent(case):
        if not turn.is_follow_up and not _was_taken(case, turn):
            yield f"{turn.user}: {text!r} to {turn.message_id}"


def _silenced(case: Case) -> Iterator[str]:
    for turn, text in _unsent(case):
        if _was_taken(case, turn):
            yield f"{turn.user}: {text!r} to {turn.message_id}"


def _unsent(case: Case) -> Iterator[tuple[Turn, str]]:
    for turn in case.all_turns:
        if not turn.texts and turn.intent != HANDOVER_STARTED and turn.session not in case.silent:
            yield turn, "anything"
        for text in turn.texts:
            if not turn.copies(text):
                yield turn, text


def _was_taken(case: Case, turn: Turn) -> bool:
    wait = LONGEST_WAIT + (LONGEST_PAUSE if case.evidence.pauses else timedelta())
    dropped_at = case.dropped_at.get((turn.user, turn.message_id), turn.heard_at)
    since, until = turn.heard_at - TAKEN_MARGIN, max(turn.heard_at + wait, dropped_at)
    return case.people_had_it(turn.user, since, until)


def _doubled(case: Case) -> Iterator[str]:
    return (_named(again) for first, again in _copies(case) if _excuse(case, first, again) is None)


def _repeated(case: Case) -> Iterator[str]:
    return (_named(again) for first, again in _copies(case) if _excuse(case, first, again) == "cut")


def _sent_again(case: Case) -> Iterator[str]:
    return (
        _named(again) for first, again in _copies(case) if _excuse(case, first, again) == "lost"
    )


def _copies(case: Case) -> Iterator[tuple[tuple[Said, Turn], Said]]:
    """Each message of a turn that was sent more than once, with the one before it."""
    for turn in case.all_turns:
        for text in dict.fromkeys(turn.texts):
            copies = turn.copies(text)
            allowed = turn.texts.count(text)
            for first, again in zip(copies, copies[allowed:], strict=False):
                yield (first, turn), again


def _excuse(case: Case, first: tuple[Said, Turn], again: Said) -> str | None:
    """Why a message was sent again: its answer was lost, or a kill cut the turn down that sent it
    before the turn was saved; None if it should not have been.
    """
    before, turn = first
    same_send = before.mark is not None and before.mark == again.mark
    if same_send or before.mark in case.evidence.unanswered:
        return "lost"
    if before in turn.tried and case.was_cut_between(before.at, again.at):
        return "cut"
    return None


def _ran_twice(case: Case) -> Iterator[str]:
    return (_run(again) for first, again in _runs(case) if not _was_cut(case, first, again))


def _ran_again(case: Case) -> Iterator[str]:
    return (_run(again) for first, again in _runs(case) if _was_cut(case, first, again))


def _runs(case: Case) -> Iterator[tuple[Ran, Ran]]:
    """Each run of an action for a message for which it had run, with the run before it."""
    before: dict[tuple[str, str], Ran] = {}
    for ran in case.evidence.runs:
        message = (ran.user, ran.message_id)
        if message in before:
            yield before[message], ran
        before[message] = ran


def _was_cut(case: Case, first: Ran, again: Ran) -> bool:
    """Whether Rasa may have lost the turn of the first, with its worker or its tracker store."""
    since = first.at - CUT_MARGIN
    lost_its_tracker = any(since <= stop <= again.at for stop in case.evidence.stops)
    return lost_its_tracker or case.was_cut_between(since, again.at)


def _run(ran: Ran) -> str:
    return f"{ran.user}: for {ran.message_id} at {ran.at.isoformat()}"


def _unexplained(case: Case) -> Iterator[str]:
    for user, of_user in case.turns.items():
        for turn in of_user:
            for said in (*turn.tried, *turn.sent):
                if said.text not in turn.texts:
                    yield _named(said)
        yield from map(_named, _homeless(case, user, of_user))
    for user in case.sent.keys() - case.turns.keys():
        yield from map(_named, _homeless(case, user, []))


def _of_nobodys_turn(case: Case) -> Iterator[str]:
    for said in (one for of_user in case.sent.values() for one in of_user):
        if _was_cut_for_good(case, said):
            yield _named(said)


def _homeless(case: Case, user: str, of_user: list[Turn]) -> Iterator[Said]:
    return (
        one
        for one in homeless(of_user, case.sent[user])
        if not _was_cut_for_good(case, one) and not around_rules.says_for_itself(case, one)
    )


def _was_cut_for_good(case: Case, said: Said) -> bool:
    """Whether its turn was cut down, and is in no tracker: three kills have hit what it answered,
    or people had the thread by the time that it would have been taken again.
    """
    if said.turn is None or said.turn in case.tracked_ids:
        return False
    was_cut = case.was_cut_between(said.at, said.at + LONGEST_PAUSE)
    heard_by_people = said.turn in case.evidence.transcribed
    return said.turn in case.set_aside or (was_cut and heard_by_people)


def _out_of_order(case: Case) -> Iterator[str]:
    """Rasa heard a message before one that was delivered earlier in its thread."""
    position = {mid: number for number, mid in enumerate(case.arrays)}
    for user, of_user in case.turns.items():
        latest = -1
        for turn in of_user:
            number = position.get(turn.message_id, latest)
            if number < latest:
                yield f"{user}: {turn.message_id} came after one that was delivered later"
            latest = max(latest, number)


def _sent_out_of_order(case: Case) -> Iterator[str]:
    """The user got an answer before that to an earlier message, or parts of one the wrong way."""
    for user, of_user in case.turns.items():
        for turn in of_user:
            places = [turn.texts.index(one.text) for one in turn.sent if one.text in turn.texts]
            firsts = list(dict.fromkeys(places))
            if firsts != sorted(firsts):
                yield f"{user}: the answer to {turn.message_id}"
        yield from _answers_out_of_order(case, user)


def _answers_out_of_order(case: Case, user: str) -> Iterator[str]:
    """By nothing but the emulator's records: what the bot repeats, in the order of sending."""
    asked = [one.text for one in case.written[user] if one.text.startswith("message ")]
    position = {f"You said: {text}": number for number, text in enumerate(asked)}
    latest = -1
    for text in dict.fromkeys(one.text for one in case.sent[user]):
        number = position.get(text, latest)
        if number < latest:
            yield f"{user}: {text!r} came late"
        latest = max(latest, number)


def _named(said: Said) -> str:
    return f"{said.user}: {said.text!r} {said.mid} at {said.at.isoformat()}"
