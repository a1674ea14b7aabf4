"""Which notices a session calls for, and that they hold nothing that anybody wrote."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from channels.core.events import Thread
from channels.core.notices import NoticeKind, payload_of, words_of
from channels.core.plans import Plan
from channels.core.sessions.feedback import Feedback
from channels.core.sessions.notices import telling
from channels.core.sessions.session import Cause, EndReason, Session, Speaker, State, unanswered_at
from channels.core.sessions.transitions import (
    activated,
    ended,
    ending,
    failed,
    heard,
    left_with_agent,
    on_failure,
    opening,
    regained,
    reminded_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
SECRET = "what the user wrote"
PLAN = Plan(
    name="default",
    unanswered_notice=2 * MINUTE,
    metadata={"note": SECRET},
    keywords={"en": (SECRET,)},
)


def new() -> Session:
    cause = Cause(at=NOW, key="cause")
    return opening(thread=Thread(page="1", user="2"), plan=PLAN, cause=cause, now=NOW)


def answered(session: Session) -> Session:
    return heard(session, Speaker.OPERATOR, said_at=NOW + MINUTE, now=NOW + MINUTE)


def told(*versions: Session) -> list[str]:
    """The kinds of all notices, of versions that are stored one after the other."""
    kinds: list[str] = []
    before: tuple[NoticeKind, ...] = ()
    for version in versions:
        stored, notices = telling(msgspec.structs.replace(version, told=before), NOW)
        kinds += [notice.kind.value for notice in notices]
        before = stored.told
    return kinds


def test_a_handover_is_told_from_its_opening_to_its_end() -> None:
    active = activated(new(), NOW)
    first = answered(active)
    second = answered(first)
    over = ending(second, EndReason.TIMEOUT, NOW)
    versions = (new(), active, first, second, over, regained(over, NOW), ended(over))
    assert told(*versions) == ["opened", "answered", "ended"]


def test_one_that_waits_for_the_hours_is_told_before_it_is_opened() -> None:
    waiting = msgspec.structs.replace(new(), state=State.WAITING)
    assert told(waiting, new(), activated(new(), NOW)) == ["waiting", "opened"]


def test_one_that_could_not_be_made_is_told_as_that() -> None:
    assert told(new(), failed(new(), NOW), ended(failed(new(), NOW))) == ["failed"]


def test_an_end_that_meta_refuses_is_not_told() -> None:
    active = activated(new(), NOW)
    over = ending(active, EndReason.TIMEOUT, NOW)
    assert told(active, over, left_with_agent(over)) == ["opened"]


def test_what_comes_about_at_once_is_told_in_order() -> None:
    assert told(ended(ending(answered(activated(new(), NOW)), EndReason.KEYWORD, NOW))) == [
        "opened",
        "answered",
        "ended",
    ]


def test_that_nobody_answers_is_due_once_and_told_once() -> None:
    active = activated(new(), NOW)
    assert unanswered_at(active) == NOW + 2 * MINUTE
    assert active.due_at is not None
    assert active.due_at <= NOW + 2 * MINUTE
    reminded = reminded_of(active)
    assert unanswered_at(reminded) is None
    assert reminded_of(reminded) is reminded
    stored, notices = telling(reminded, NOW, also=[NoticeKind.UNANSWERED])
    assert [notice.kind.value for notice in notices] == ["opened", "unanswered"]
    assert telling(stored, NOW)[1] == []


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(answered(activated(new(), NOW)), id="answered"),
        pytest.param(ending(activated(new(), NOW), EndReason.IDLE, NOW), id="ending"),
        pytest.param(new(), id="opening"),
        pytest.param(
            activated(msgspec.structs.replace(new(), is_adopted=True), NOW), id="not asked for"
        ),
    ],
)
def test_nobody_is_reminded_of_one_that_does_not_wait(session: Session) -> None:
    assert unanswered_at(session) is None
    assert reminded_of(session) is session


def test_a_notice_has_ids_times_and_counts_and_nothing_that_anybody_wrote() -> None:
    session = msgspec.structs.replace(
        ended(ending(answered(activated(new(), NOW)), EndReason.KEYWORD, NOW)),
        feedback=Feedback(score=1, comment=SECRET, at=NOW),
        next_wishes={"plan": SECRET},
    )
    notices = telling(session, NOW, also=list(NoticeKind))[1]
    assert len({notice.id for notice in notices}) == len(NoticeKind)
    for notice in notices:
        shown = msgspec.json.encode((notice, payload_of(notice), words_of(notice, NOW)))
        assert SECRET.encode() not in shown


def test_a_webhook_gets_a_notice_field_by_field() -> None:
    over = ended(ending(answered(activated(new(), NOW)), EndReason.KEYWORD, NOW + 5 * MINUTE))
    [notice] = telling(over, NOW + 6 * MINUTE, also=[NoticeKind.ENDED])[1][-1:]
    assert payload_of(notice) == {
        "type": "handover.ended",
        "timestamp": "2026-03-01T12:06:00+00:00",
        "data": {
            "event": "ended",
            "session_id": over.id,
            "channel": "facebook",
            "page": "1",
            "user": "2",
            "plan": "default",
            "target_app": over.target_app_id,
            "state": "ended",
            "opened_by": "bot",
            "reason": "keyword",
            "opened_at": "2026-03-01T12:00:00+00:00",
            "active_at": "2026-03-01T12:00:00+00:00",
            "first_answer_at": "2026-03-01T12:01:00+00:00",
            "ended_at": "2026-03-01T12:05:00+00:00",
            "operator_messages": 1,
            "user_messages": 0,
        },
    }


ACTIVE = activated(new(), NOW)
ADOPTED = msgspec.structs.replace(ACTIVE, is_adopted=True)
OVER = ending(answered(ACTIVE), EndReason.AGENT_RETURNED, NOW + MINUTE)


@pytest.mark.parametrize(
    ("session", "kind", "title", "told"),
    [
        (ACTIVE, "waiting", "Somebody is waiting until you open", ""),
        (ACTIVE, "opened", "Somebody is waiting for an answer", ""),
        (ADOPTED, "opened", "Somebody has taken a thread", "It began without the bot. "),
        (
            answered(ADOPTED),
            "answered",
            "Whoever took a thread has written there",
            "It began without the bot. ",
        ),
        (on_failure(ACTIVE), "opened", "Somebody is waiting for an answer", "The bot has failed. "),
        (
            ACTIVE,
            "unanswered",
            "Somebody is still waiting for an answer",
            "Nobody has answered for 3 min. ",
        ),
        (
            answered(ACTIVE),
            "answered",
            "A handover has been answered",
            "The first answer came after 1 min. ",
        ),
        (
            OVER,
            "ended",
            "A handover is over",
            "It ended for this reason: agent returned. Messages from your team: 1. ",
        ),
        (
            failed(new(), NOW),
            "failed",
            "A handover could not be made",
            "Messages from your team: 0. ",
        ),
    ],
)
def test_people_read_what_a_notice_is_about(
    session: Session, kind: str, title: str, told: str
) -> None:
    notices = telling(session, NOW + 3 * MINUTE, also=list(NoticeKind))[1]
    [words] = [words_of(one, one.at) for one in notices if one.kind is NoticeKind(kind)]
    assert words == (title, f"{told}Plan default, user 2, page 1.")


@pytest.mark.parametrize(
    ("active_at", "at", "minutes"),
    [(NOW + MINUTE, NOW + 3 * MINUTE, 2), (None, NOW + 3 * MINUTE, 3), (NOW + MINUTE, NOW, 0)],
)
def test_people_read_how_long_the_user_has_waited_for_an_agent(
    active_at: datetime | None, at: datetime, minutes: int
) -> None:
    """Not for the hours; and a clock may have been set back."""
    session = msgspec.structs.replace(ACTIVE, active_at=active_at)
    notices = telling(session, at, also=[NoticeKind.UNANSWERED])[1]
    assert words_of(notices[-1], at)[1].startswith(f"Nobody has answered for {minutes} min. ")


@pytest.mark.parametrize(
    ("late", "when"),
    [(5 * MINUTE, ""), (6 * MINUTE, " This was at 2026-03-01 12:00 UTC.")],
)
def test_people_who_are_told_late_read_when_it_was(late: timedelta, when: str) -> None:
    [opened] = telling(ACTIVE, NOW)[1]
    assert words_of(opened, NOW + late)[1] == f"Plan default, user 2, page 1.{when}"
