from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from icu4py.breakers import CharacterBreaker

from channels.core.meta.splitting import Unit, length, shorten, split_text, well_formed

FAMILY = "👩‍👩‍👧‍👦"  # four people and three joiners: one character to a reader, eleven code units
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # busy machines
KOREAN = "\u1100\u1161\u11a8"  # one syllable, written as three letters
texts = st.text() | st.text(alphabet="ab.?! \n…é\u0301\u200d👩🇩🇪नमि。ก")


def without_space(text: str) -> str:
    return "".join(text.split())


def as_seen(text: str) -> list[str]:
    """The characters that a reader sees, white space apart."""
    return [seen for char in CharacterBreaker(text, "") if (seen := without_space(char))]


class TestWhereTextIsCut:
    def test_text_that_fits_is_one_piece_without_the_space_around_it(self) -> None:
        assert split_text(" Hello\nthere \n", 11) == ["Hello\nthere"]

    @pytest.mark.parametrize("blank", ["", " ", "\n\n\t"])
    def test_blank_text_has_no_pieces(self, blank: str) -> None:
        assert split_text(blank, 10) == []

    def test_after_the_last_paragraph_that_fits(self) -> None:
        text = "One. Two.\n\nThree.\n \nFour. Five. Six."
        assert split_text(text, 30) == ["One. Two.\n\nThree.", "Four. Five. Six."]

    def test_after_the_last_sentence_if_no_paragraph_fits(self) -> None:
        assert split_text("One is here. Two too! Three?", 25) == ["One is here. Two too!", "Three?"]

    def test_a_line_ends_a_sentence(self) -> None:
        assert split_text("- first thing\n- second thing", 20) == [
            "- first thing",
            "- second thing",
        ]

    def test_at_the_last_space_if_no_sentence_fits(self) -> None:
        assert split_text("one two three", 9) == ["one two", "three"]

    def test_a_word_that_ends_at_the_limit_is_kept_whole(self) -> None:
        assert split_text("seven to go", 8) == ["seven to", "go"]

    def test_no_cut_at_a_space_that_does_not_break(self) -> None:
        assert split_text("it costs 10\u00a0000", 13) == ["it costs", "10\u00a0000"]

    def test_a_url_stays_whole_where_it_can(self) -> None:
        text = "Look here https://example.com/?q=1&page=2"
        assert split_text(text, 35) == ["Look here", "https://example.com/?q=1&page=2"]

    def test_between_words_of_a_script_without_spaces(self) -> None:
        assert split_text("ยินดีที่ได้รู้จัก", 14) == ["ยินดีที่ได้", "รู้จัก"]

    def test_after_a_full_stop_without_a_space(self) -> None:
        assert split_text("你好。我是机器人！谢谢", 8) == ["你好。", "我是机器人！谢谢"]

    def test_hard_if_nothing_else_fits(self) -> None:
        assert split_text("abcdefgh", 3) == ["abc", "def", "gh"]

    @pytest.mark.parametrize(
        "seen_as_one", [FAMILY, "🇩🇪", "👍🏽", "e\u0301\u0323", "नि", "\u1100\u1161\u11a8"]
    )
    def test_never_inside_what_a_reader_sees_as_one_character(self, seen_as_one: str) -> None:
        limit = length(seen_as_one) * 2 + 1
        assert split_text(seen_as_one * 5, limit) == [seen_as_one * 2, seen_as_one * 2, seen_as_one]

    def test_nor_where_the_rules_for_lines_would_cut_it(self) -> None:
        assert split_text("ab🍙🏻", 4) == ["ab", "🍙🏻"]

    def test_a_single_character_longer_than_the_limit_is_cut_all_the_same(self) -> None:
        assert split_text(FAMILY, 6) == ["👩‍👩‍", "👧‍👦"]

    def test_a_limit_that_an_emoji_exceeds_is_refused(self) -> None:
        with pytest.raises(ValueError, match="must be at least 2"):
            split_text("abc", 1)

    def test_a_long_text_takes_little_time(self) -> None:
        assert len(split_text("word and " * 20_000 + " " * 50_000 + "x" * 50_000, 1999)) == 117


class TestLength:
    def test_an_emoji_counts_as_two(self) -> None:
        assert length("a👍") == 3

    def test_pieces_are_measured_in_the_same_way(self) -> None:
        assert split_text("👍👍👍", 4) == ["👍👍", "👍"]


class TestShortening:
    def test_a_text_that_fits_is_not_touched(self) -> None:
        assert shorten("exactly ten", 11) == "exactly ten"

    def test_a_longer_text_ends_in_an_ellipsis_at_the_limit(self) -> None:
        assert shorten("abcdefghij", 5) == "abcd…"

    def test_no_space_before_the_ellipsis(self) -> None:
        assert shorten("abc defg", 5) == "abc…"

    def test_never_inside_what_a_reader_sees_as_one_character(self) -> None:
        assert shorten(f"ab{FAMILY}", 12) == "ab…"
        assert shorten(f"a{FAMILY}", 11) == "a…"

    def test_a_single_character_that_is_too_long_is_cut_all_the_same(self) -> None:
        assert shorten(FAMILY, 4) == "👩‍…"


class TestSurrogates:
    def test_a_pair_becomes_the_character_it_stands_for(self) -> None:
        assert well_formed("\ud83d\udc4d") == "👍"

    def test_a_lone_one_becomes_the_replacement_character(self) -> None:
        assert well_formed(json.loads(r'"é\ud83d!"')) == "é\ufffd!"

    def test_text_is_split_all_the_same(self) -> None:
        assert split_text("ab\ud83d", 2) == ["ab", "\ufffd"]


@patient
@given(text=texts, limit=st.integers(2, 30))
def test_every_piece_fits_and_none_is_blank_or_has_space_around_it(text: str, limit: int) -> None:
    for piece in split_text(text, limit):
        assert piece
        assert piece == piece.strip()
        assert len(piece.encode("utf-16-le")) // 2 <= limit


@patient
@given(text=texts, limit=st.integers(2, 30))
def test_nothing_but_white_space_is_lost(text: str, limit: int) -> None:
    assert without_space("".join(split_text(text, limit))) == without_space(text)


@patient
@given(text=texts, limit=st.integers(2, 30))
@example(text="a\u0301b\u0301c\u0301", limit=3)
def test_a_cut_is_between_two_characters_that_a_reader_sees(text: str, limit: int) -> None:
    assume(all(length(char) <= limit for char in CharacterBreaker(text, "")))
    assert [char for piece in split_text(text, limit) for char in as_seen(piece)] == as_seen(text)


@patient
@given(text=texts, limit=st.integers(2, 30))
def test_a_shortened_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert length(short) <= limit
    assert short == text or text.startswith(short.removesuffix("…"))


class TestBytes:
    def test_a_text_is_measured_as_utf_8(self) -> None:
        assert [len(piece.encode()) for piece in split_text("ü" * 700, 999, Unit.BYTES)] == [
            998,
            402,
        ]

    def test_a_limit_that_an_emoji_exceeds_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 4"):
            split_text("x", 3, Unit.BYTES)
