"""How ends are counted by reason, and waits by length."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions.feedback import Feedback
from channels.core.sessions.session import Cause, EndReason, Session, Speaker
from channels.core.sessions.statistics import Opinions, Statistics, statistics_of
from channels.core.sessions.transitions import activated, ended, ending, heard, opening

OPENED = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
UNTIL = OPENED + timedelta(days=1)
SECOND = timedelta(seconds=1)


def active() -> Session:
    thread = Thread(page="111", user="222")
    cause = Cause(at=OPENED, key="cause")
    began = opening(thread=thread, plan=Plan(name="default"), cause=cause, now=OPENED)
    return activated(began, OPENED)


def over(session: Session, reason: EndReason = EndReason.TIMEOUT) -> Session:
    return ended(ending(session, reason, UNTIL))


def answered(after: timedelta) -> Session:
    at = OPENED + after
    return over(heard(active(), Speaker.OPERATOR, said_at=at, now=at))


def counted(*sessions: Session) -> Statistics:
    return statistics_of(sessions, since=OPENED, until=UNTIL)


def waits(statistics: Statistics) -> dict[int | None, int]:
    return {one.within_seconds: one.sessions for one in statistics.first_answers if one.sessions}


def test_every_reason_is_there_even_if_nothing_ended() -> None:
    nothing = counted()
    assert nothing.by_reason == dict.fromkeys(EndReason, 0)
    assert (nothing.ended, nothing.unanswered, nothing.median_first_answer_seconds) == (0, 0, None)


def test_ends_are_counted_by_their_reason() -> None:
    reasons = [EndReason.KEYWORD, EndReason.KEYWORD, EndReason.TIMEOUT]
    found = counted(*(over(active(), reason) for reason in reasons))
    assert found.ended == 3
    assert {reason: count for reason, count in found.by_reason.items() if count} == {
        EndReason.KEYWORD: 2,
        EndReason.TIMEOUT: 1,
    }


@pytest.mark.parametrize(
    ("after", "within"),
    [
        (timedelta(), 30),
        (30 * SECOND, 30),
        (30 * SECOND + timedelta(microseconds=1), 60),
        (timedelta(minutes=5), 300),
        (timedelta(minutes=15), 900),
        (timedelta(hours=1), 3600),
        (timedelta(hours=4), 14_400),
        (timedelta(hours=4, seconds=1), None),
        (-SECOND, 30),
    ],
)
def test_a_wait_counts_where_it_is_just_within(after: timedelta, within: int | None) -> None:
    assert waits(counted(answered(after))) == {within: 1}


def test_the_median_is_of_those_that_were_answered() -> None:
    found = counted(*(answered(seconds * SECOND) for seconds in (1, 3, 50)), over(active()))
    assert found.median_first_answer_seconds == 3


def test_who_got_no_answer_counts() -> None:
    assert counted(over(active()), answered(SECOND)).unanswered == 1


@pytest.mark.parametrize("reason", [EndReason.FAILED, EndReason.CLOSED, EndReason.CANCELLED])
def test_who_was_never_with_an_agent_does_not_count_as_unanswered(reason: EndReason) -> None:
    assert counted(over(active(), reason)).unanswered == 0


def test_who_was_written_to_without_having_asked_had_not_waited() -> None:
    contacted = msgspec.structs.replace(answered(SECOND), is_adopted=True)
    left_alone = msgspec.structs.replace(over(active()), is_adopted=True)
    found = counted(contacted, left_alone)
    assert (waits(found), found.median_first_answer_seconds, found.unanswered) == ({}, None, 0)


def test_who_asked_somebody_that_had_taken_the_thread_counts_as_unanswered() -> None:
    asked = msgspec.structs.replace(over(active()), is_adopted=True, user_messages=1)
    assert counted(asked).unanswered == 1


def test_a_session_whose_first_answer_was_not_noted_counts_as_neither() -> None:
    before = msgspec.structs.replace(answered(SECOND), first_answer_at=None)
    found = counted(before)
    assert (waits(found), found.unanswered) == ({}, 0)


def test_opinions_are_counted_by_score_and_by_what_they_are_about() -> None:
    rated = [
        msgspec.structs.replace(
            over(active(), reason), feedback=Feedback(score=score, comment=None, at=UNTIL)
        )
        for reason, score in (
            (EndReason.TIMEOUT, 1),
            (EndReason.TIMEOUT, 4),
            (EndReason.KEYWORD, 5),
            (EndReason.KEYWORD, "good"),
            (EndReason.KEYWORD, "bad"),
        )
    ]
    feedback = counted(*rated, over(active())).feedback
    assert feedback.all == Opinions(
        answers=5,
        by_score={"1": 1, "2": 0, "3": 0, "4": 1, "5": 1, "good": 1, "bad": 1},
        satisfied=3,
        average=3.33,
    )
    assert list(feedback.by_reason) == ["keyword", "timeout"]
    assert feedback.by_reason["timeout"].average == 2.5
    assert feedback.by_plan == {"default": feedback.all}
    assert feedback.by_target_app == {rated[0].target_app_id: feedback.all}


@pytest.mark.parametrize(("owner", "app"), [("2000", "2000"), (None, "263902037430900")])
def test_an_opinion_is_about_the_app_that_had_the_thread_or_was_to_have_it(
    owner: str | None, app: str
) -> None:
    feedback = Feedback(score=5, comment=None, at=UNTIL)
    rated = msgspec.structs.replace(over(active()), feedback=feedback, owner_app=owner)
    assert list(counted(rated).feedback.by_target_app) == [app]
