"""What becomes a line of the transcript, and how much of it Rasa gets."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.briefing.transcript import (
    LONGEST_LINE,
    MOST_CHARACTERS,
    MOST_LINES,
    Line,
    for_metadata,
    line_key,
    line_of,
)
from channels.core.events import (
    Array,
    Attachment,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Event,
    Postback,
    Thread,
    UserMessage,
)
from channels.core.meta.splitting import length
from channels.core.sessions.session import Speaker

NOW = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
COMMON: dict[str, Any] = {
    "key": "11/standby/m",
    "thread": Thread(page="11", user="22"),
    "array": Array.STANDBY,
    "at": NOW,
    "received_at": NOW + timedelta(seconds=1),
}
CAT = Attachment(type="image", url="https://cdn.example/cat.jpg")
PLACE = Attachment(type="location", payload={"coordinates": {"lat": 1.5, "long": 2.5}})

texts = st.text(min_size=1) | st.text('a😀"\n', min_size=1, max_size=3000)
lines = st.lists(
    st.builds(
        Line,
        key=st.text(max_size=3),
        at=st.just(NOW),
        speaker=st.sampled_from(Speaker),
        text=st.integers(1, LONGEST_LINE).map("x".__mul__),
    ),
    max_size=MOST_LINES + 5,
)


def message(**fields: Any) -> UserMessage:
    return UserMessage(**{**COMMON, **fields})


def text_of(event: Event) -> str:
    line = line_of(event, Speaker.USER)
    assert line is not None
    return line.text


def key_of(**fields: Any) -> str:
    line = line_of(message(text="hello", **fields), Speaker.USER)
    assert line is not None
    return line.key


def said(*sizes: int) -> list[Line]:
    """Lines of this many characters."""
    return [
        Line(key=str(number), at=NOW, speaker=Speaker.USER, text="x" * size)
        for number, size in enumerate(sizes)
    ]


class TestLineOf:
    @pytest.mark.parametrize("speaker", Speaker)
    def test_it_says_who_said_what_and_when(self, speaker: Speaker) -> None:
        line = line_of(message(text="hello"), speaker)
        assert line is not None
        assert (line.at, line.speaker, line.text) == (NOW, speaker, "hello")

    def test_an_operators_words_are_those_of_the_echo(self) -> None:
        assert text_of(Echo(**COMMON, app_id="42", text="Good day")) == "Good day"

    def test_a_tap_is_told_by_what_the_user_has_seen(self) -> None:
        assert text_of(Postback(**COMMON, title="Back", payload="/back")) == "Back"
        assert text_of(message(text="Yes", payload="/affirm")) == "Yes"

    def test_a_tap_without_a_title_is_told_by_its_payload(self) -> None:
        assert text_of(Postback(**COMMON, payload="/back")) == "/back"
        assert text_of(message(payload="/affirm")) == "/affirm"

    def test_attachments_are_told_by_their_type_and_address(self) -> None:
        assert text_of(message(attachments=(CAT, PLACE))) == (
            "[image] https://cdn.example/cat.jpg\n[location]"
        )

    def test_an_operators_attachments_are_told_too(self) -> None:
        assert text_of(Echo(**COMMON, attachments=(PLACE,))) == "[location]"

    def test_a_text_comes_before_its_attachments(self) -> None:
        assert text_of(message(text="My cat:", attachments=(CAT,))) == (
            "My cat:\n[image] https://cdn.example/cat.jpg"
        )

    def test_addresses_that_would_make_it_too_long_are_left_out(self) -> None:
        long = Attachment(type="file", url="https://cdn.example/" + "x" * LONGEST_LINE)
        assert text_of(message(text="Here:", attachments=(long, CAT))) == "Here:\n[file]\n[image]"

    @pytest.mark.parametrize("title", ["Our hours", None, 7, {}])
    def test_a_shared_link_is_told_with_its_title(self, title: object) -> None:
        link = Attachment(type="fallback", url="https://x.example/", payload={"title": title})
        told = "[fallback] Our hours https://x.example/"
        expected = told if title == "Our hours" else "[fallback] https://x.example/"
        assert text_of(message(attachments=(link,))) == expected

    def test_a_text_that_is_too_long_shows_that_it_goes_on(self) -> None:
        text = text_of(Echo(**COMMON, text="x" * (LONGEST_LINE + 1)))
        assert length(text) == LONGEST_LINE
        assert text.endswith("x…")

    @given(texts, st.lists(st.builds(Attachment, type=texts, url=st.none() | texts), max_size=40))
    def test_no_line_is_too_long(self, text: str, attachments: list[Attachment]) -> None:
        assert length(text_of(message(text=text, attachments=tuple(attachments)))) <= LONGEST_LINE

    @pytest.mark.parametrize(
        "event",
        [
            Echo(**COMMON),
            ControlPassed(**COMMON, new_owner="1", metadata="x"),
            ControlTaken(**COMMON, new_owner="1", metadata="x"),
            ControlRequested(**COMMON, requested_owner="1", metadata="x"),
        ],
    )
    def test_where_nothing_was_said_there_is_no_line(self, event: Event) -> None:
        assert line_of(event, Speaker.OPERATOR) is None


class TestKey:
    def test_a_message_on_both_arrays_is_one_line(self) -> None:
        assert key_of(mid="m", key="11/standby/m") == key_of(mid="m", key="11/messaging/m")

    def test_a_message_without_an_id_has_its_events_key(self) -> None:
        assert key_of(key="11/standby/1") == key_of(key="11/standby/1")
        assert key_of(key="11/standby/1") != key_of(key="11/standby/2")

    def test_it_is_short_however_long_an_id_is(self) -> None:
        assert len(key_of(mid="m" * 10_000)) == 32


class TestForMetadata:
    def test_each_line_says_who_said_what_and_when(self) -> None:
        hello = Line(key="1", at=NOW, speaker=Speaker.USER, text="hello")
        good_day = Line(key="2", at=NOW, speaker=Speaker.OPERATOR, text="Good day")
        assert for_metadata([hello, good_day]) == {
            "truncated": False,
            "lines": [
                {"at": "2026-08-29T10:40:00+00:00", "speaker": "user", "text": "hello"},
                {"at": "2026-08-29T10:40:00+00:00", "speaker": "operator", "text": "Good day"},
            ],
        }

    def test_of_no_lines_none_is_left_out(self) -> None:
        assert for_metadata([]) == {"truncated": False, "lines": []}

    def test_the_newest_lines_are_told_when_there_are_too_many(self) -> None:
        told = for_metadata(said(*range(1, MOST_LINES + 2)))
        assert [len(line["text"]) for line in told["lines"]] == list(range(2, MOST_LINES + 2))
        assert told["truncated"] is True

    def test_the_newest_lines_are_told_when_they_are_too_long_together(self) -> None:
        told = for_metadata(said(7, 1, *[LONGEST_LINE] * 9, LONGEST_LINE - 1))
        assert [len(line["text"]) for line in told["lines"]][:2] == [1, LONGEST_LINE]
        assert told["truncated"] is True

    def test_as_many_as_fit_exactly_are_told(self) -> None:
        assert for_metadata(said(*[LONGEST_LINE] * 10))["truncated"] is False

    @given(lines)
    def test_what_is_told_is_the_end_of_it_and_whole(self, given_lines: list[Line]) -> None:
        told = for_metadata(given_lines)
        told_texts = [line["text"] for line in told["lines"]]
        assert (
            told_texts == [line.text for line in given_lines][len(given_lines) - len(told_texts) :]
        )
        assert told["truncated"] is (len(told_texts) < len(given_lines))

    @given(lines)
    def test_it_is_bounded_and_can_be_written_as_json(self, given_lines: list[Line]) -> None:
        told = for_metadata(given_lines)
        assert len(told["lines"]) <= MOST_LINES == 50
        assert sum(len(line["text"]) for line in told["lines"]) <= MOST_CHARACTERS == 20_000
        assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("named", ["", "m_1", "m_\ud83d", "x" * 1000])
def test_a_lines_key_is_short_whatever_its_message_is_called(named: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", line_key(named))
