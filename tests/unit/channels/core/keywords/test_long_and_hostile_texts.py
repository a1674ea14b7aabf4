"""What long and hostile texts cost."""

from __future__ import annotations

import time

import pytest

from channels.core.keywords.matcher import LONGEST_SEARCH, KeywordMatch, KeywordMatcher
from tests.unit.channels.core.keywords.keyword_samples import CONTAINS, found


def processor_seconds(matcher: KeywordMatcher, text: str) -> float:
    def once() -> float:
        started = time.process_time()
        matcher.find(text)
        return time.process_time() - started

    return min(once() for _ in range(3))


HOSTILE = {
    "one-word": "a",
    "keywords-beginning": "back to ",
    "runs": "返回主",
    "runs-and-letters": "กa",
    "marks": "\u0301\u0323",
    "apostrophes": "'",
    "long-decomposition": "\ufdfa",
    "emoji": "🤖",
}


class TestTime:
    @pytest.mark.parametrize("match", KeywordMatch)
    @pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
    def test_grows_no_faster_than_the_text(self, unit: str, match: KeywordMatch) -> None:
        matcher = KeywordMatcher({"en": ["back to bot"], "zh": ["返回主页"]}, match=match)
        short, long = (f"b{unit * (size // len(unit))}e" for size in (4_000, 80_000))
        # 20 times the text; a time that grew with the square would be 400 times as long.
        assert processor_seconds(matcher, long) < 100 * processor_seconds(matcher, short)

    @pytest.mark.parametrize("match", KeywordMatch)
    def test_does_not_grow_with_what_one_character_decomposes_into(
        self, match: KeywordMatch
    ) -> None:
        """U+FDFA is a whole sentence: 20,000 of them took a quarter of a second."""
        matcher = KeywordMatcher({"en": ["back to bot"], "ar": ["القائمة"]}, match=match)
        usual = processor_seconds(matcher, "hello there " * (LONGEST_SEARCH // 12))
        assert processor_seconds(matcher, "\ufdfa" * 20_000) < max(100 * usual, 0.03)


class TestLongMessages:
    def test_what_is_said_at_the_beginning_is_found(self) -> None:
        assert found("en", "back to bot", "I want back to bot " + "now " * 5_000, CONTAINS)

    def test_what_is_said_late_is_found_up_to_the_bound(self) -> None:
        filler = "x" * (LONGEST_SEARCH - len(" menu"))
        assert found("en", "menu", f"{filler} menu", CONTAINS)
        assert found("en", "menu", f"{filler} menu and more", CONTAINS)
        assert not found("en", "menu", f"{filler}x menu", CONTAINS)

    def test_a_word_that_the_bound_cuts_is_no_keyword(self) -> None:
        filler = "x" * (LONGEST_SEARCH - len(" menu"))
        assert not found("en", "menu", f"{filler} menuhin", CONTAINS)

    @pytest.mark.parametrize("gap", [" ", "!", "\u200b", "\ufdfa"])
    def test_the_beginning_of_a_longer_message_is_no_whole_message(self, gap: str) -> None:
        assert not found("en", "menu", "menu" + gap * LONGEST_SEARCH + " no")
        assert not found("en", "menu", "menu " + gap * 200 + "no")
