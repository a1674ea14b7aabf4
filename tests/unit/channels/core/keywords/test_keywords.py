"""Which keywords are taken, of which languages, and as which."""

from __future__ import annotations

import pytest

from channels.core.keywords.matcher import KeywordMatch, KeywordMatcher
from tests.unit.channels.core.keywords.keyword_samples import CONTAINS, found


class TestSymbols:
    @pytest.mark.parametrize(
        ("keyword", "message"),
        [("🤖", " 🤖\ufe0f"), ("👍", "👍🏽"), ("#", "#"), ("ℹ️", "ℹ"), ("\U0001fae0", "\U0001fae0")],
    )
    def test_a_keyword_without_words_is_compared_by_its_symbols(
        self, keyword: str, message: str
    ) -> None:
        assert found("en", keyword, message)

    @pytest.mark.parametrize("message", ["🤖 bot", "🤖👍", "👍", "?", ""])
    def test_and_the_message_may_have_nothing_else(self, message: str) -> None:
        assert not found("en", "🤖", message)

    def test_or_has_it_anywhere(self) -> None:
        assert found("en", "🔙", "ok then 🔙 thanks!", CONTAINS)
        assert not found("en", "🔙", "ok then, thanks 🙂", CONTAINS)


class TestLanguages:
    def test_each_keyword_is_compared_by_the_rules_of_its_own_language(self) -> None:
        matcher = KeywordMatcher({"tr": ["ılık"], "en": ["ilk"], "es": ["menú"], "vi": ["bạn"]})
        assert matcher.find("ILIK") == "ılık"
        assert matcher.find("ILK") == "ilk"
        assert matcher.find("menu") == "menú"
        assert matcher.find("ban") is None

    def test_a_keyword_of_two_languages_is_the_first_ones(self) -> None:
        assert KeywordMatcher({"de": ["Menü"], "en": ["menu"]}).find("menu") == "Menü"

    @pytest.mark.parametrize("code", ["", "xx", "tlh-Latn", "not a language"])
    def test_a_language_that_nobody_knows_has_neutral_rules(self, code: str) -> None:
        assert found(code, "menu", "MENU!")
        assert not found(code, "menu", "menus")

    @pytest.mark.parametrize("code", ["tr", "tr-TR", "tr_TR", "TR"])
    def test_a_code_may_have_a_region(self, code: str) -> None:
        assert found(code, "ırmak", "IRMAK")

    def test_regions_of_one_language_are_searched_as_one(self) -> None:
        matcher = KeywordMatcher({"pt-BR": ["início"], "pt-PT": ["ecrã inicial"]})
        assert matcher.find("ecra inicial") == "ecrã inicial"


class TestKeywords:
    def test_without_any_nothing_is_found(self) -> None:
        assert KeywordMatcher({"en": []}).find("menu") is None
        assert KeywordMatcher({}, match=CONTAINS).find("") is None

    @pytest.mark.parametrize("keyword", ["", " \n", "\u200d\ufe0f", "\u3164", "\ud83e"])
    def test_one_with_nothing_to_see_is_refused(self, keyword: str) -> None:
        with pytest.raises(ValueError, match="nothing is visible") as refusal:
            KeywordMatcher({"en": ["menu", keyword]})
        assert repr(keyword) in str(refusal.value)

    def test_one_is_returned_as_it_was_configured(self) -> None:
        assert KeywordMatcher({"en": ["  Back to BOT! "]}).find("back to bots") == "  Back to BOT! "

    @pytest.mark.parametrize("match", KeywordMatch)
    def test_each_of_many_is_found(self, match: KeywordMatch) -> None:
        keywords = [f"{word} {number}" for word in ("go", "menu") for number in range(500)]
        matcher = KeywordMatcher({"en": keywords}, match=match)
        assert [matcher.find(keyword.upper()) for keyword in keywords] == keywords
