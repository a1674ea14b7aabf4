"""How an answer about a handover is read: what is a score, and what an error says."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from channels.core.sessions.feedback import LONGEST_COMMENT, Feedback, feedback_of

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
BEFORE = Feedback(score=2, comment="slow", at=NOW)


def read(given: object, before: Feedback | None = None) -> tuple[int | str, str | None]:
    feedback = feedback_of(given, before=before, now=NOW)
    return feedback.score, feedback.comment


@pytest.mark.parametrize(
    ("score", "kept"),
    [
        (1, 1),
        (5, 5),
        ("good", "good"),
        ("bad", "bad"),
        ("4", 4),  # a slot in a response comes as a text
        (3.0, 3),  # a slot of the type float
        ("3.0", 3),  # the same in a response
        (" Good ", "good"),
    ],
)
def test_a_score_is_read_as_slots_and_responses_write_it(score: object, kept: int | str) -> None:
    assert read({"score": score}) == (kept, None)


@pytest.mark.parametrize(
    "score",
    [0, 6, -1, 4.5, True, "", "great", "5/5", "4.5", [5], {}, float("nan"), float("inf"), 10**400],
)
def test_another_score_is_refused_and_no_text_is_quoted(score: object) -> None:
    with pytest.raises(ValueError, match="whole number from 1 to 5, 'good' or 'bad'") as raised:
        read({"score": score, "comment": "they were rude"})
    assert "rude" not in str(raised.value)
    assert "great" not in str(raised.value)


def test_a_number_that_is_no_score_is_shown() -> None:
    with pytest.raises(ValueError, match="'score' is 6; "):
        read({"score": 6})


@pytest.mark.parametrize("given", [None, 5, "good", ["good"], {}, {"score": None}, {"stars": 5}])
def test_a_payload_without_a_score_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="score"):
        read(given)


def test_a_comment_alone_goes_with_the_score_of_before() -> None:
    assert read({"comment": "rather slow"}, BEFORE) == (2, "rather slow")


def test_a_score_alone_is_the_whole_answer() -> None:
    assert read({"score": 5}, BEFORE) == (5, None)


def test_a_score_that_is_tapped_again_keeps_its_comment() -> None:
    assert read({"score": 2}, BEFORE) == (2, "slow")


def test_a_slot_that_is_not_set_is_no_comment() -> None:
    assert read({"score": "5", "comment": "None"}) == (5, None)


def test_white_space_around_a_comment_does_not_count() -> None:
    assert read({"score": 5, "comment": " rather slow\n"}) == (5, "rather slow")


def test_a_blank_comment_is_none() -> None:
    assert read({"score": 5, "comment": " \n"}) == (5, None)


def test_a_comment_is_no_longer_than_a_message_and_can_be_stored() -> None:
    comment = read({"score": 5, "comment": "\ud83d" + "x" * 9999})[1]
    assert comment is not None
    assert len(comment.encode()) <= LONGEST_COMMENT + 10


def test_a_comment_as_long_as_a_message_is_kept_whole() -> None:
    assert read({"score": 5, "comment": "x" * 2000}) == (5, "x" * 2000)
    assert read({"score": 5, "comment": "x" * 2001}) == (5, "x" * 1999 + "…")


def test_a_comment_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'comment'.*text"):
        read({"score": 5, "comment": ["they were rude"]})
