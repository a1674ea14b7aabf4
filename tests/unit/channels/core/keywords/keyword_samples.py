"""Whether a message has a keyword, as these tests ask it."""

from __future__ import annotations

from channels.core.keywords.matcher import KeywordMatch, KeywordMatcher

WHOLE, CONTAINS = KeywordMatch.WHOLE, KeywordMatch.CONTAINS


def found(language: str, keyword: str, message: str, match: KeywordMatch = WHOLE) -> bool:
    return KeywordMatcher({language: [keyword]}, match=match).find(message) == keyword
