"""Cutting text to a length, where a reader would cut it. Pure.

Meta limits "characters" without defining them. Here a character is a UTF-16 code unit, so an emoji
counts as two: whether Meta counts code points or code units, what fits here fits there.
Instagram's page says bytes.
"""

from __future__ import annotations

import enum
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from icu4py.breakers import BaseBreaker, CharacterBreaker, LineBreaker, SentenceBreaker

ELLIPSIS = "…"
_LONGEST_CHARACTER = 4  # bytes, in UTF-8 and UTF-16 alike
_LONGEST_CLUSTER = 100  # characters that a reader sees as one; an emoji of a family has a dozen

_BLANK_LINE = re.compile(r"\n\s*\n")
_ANY_LOCALE = ""  # ICU's root rules: they know every script, and its dictionaries


class Unit(enum.Enum):
    """What a limit counts: the value is the encoding, and the bytes of one unit in it."""

    CHARACTERS = ("utf-16-le", 2)
    BYTES = ("utf-8", 1)

    @property
    def encoding(self) -> str:
        return self.value[0]

    @property
    def size(self) -> int:
        return self.value[1]


def well_formed(text: str) -> str:
    """The text as Unicode that UTF-8 can carry.

    JSON may contain surrogates as separate characters: pairs become the character they stand for,
    lone ones U+FFFD.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def length(text: str, unit: Unit = Unit.CHARACTERS) -> int:
    """How many characters, or bytes, `text` has."""
    return len(text.encode(unit.encoding, "surrogatepass")) // unit.size


def shorten(text: str, limit: int) -> str:
    """The text, or as much of its beginning as leaves room for an ellipsis in `limit` characters.

    It is never cut inside what a reader sees as one character, unless that alone is too long.
    """
    text = well_formed(text)
    if length(text) <= limit:
        return text
    furthest = _reach(text, 0, limit - length(ELLIPSIS), Unit.CHARACTERS)
    text = text[: furthest + _LONGEST_CLUSTER]
    end = _last(sorted(_ends(CharacterBreaker, text)), 0, furthest) or furthest
    return text[:end].rstrip() + ELLIPSIS


def split_text(text: str, limit: int, unit: Unit = Unit.CHARACTERS) -> list[str]:
    """The text in pieces of at most `limit` units, without surrounding white space.

    Each cut comes after the last paragraph that fits, or else the last sentence, or at the last
    space, or wherever the script lets a line break (Thai and Chinese words), or between two
    characters as a reader sees them. Only a single such character that is longer than `limit` is
    itself cut. Nothing but white space at a cut is lost; blank text has no pieces.

    Raises ValueError for a limit that one emoji exceeds.
    """
    shortest = _LONGEST_CHARACTER // unit.size
    if limit < shortest:
        raise ValueError(f"The limit is {limit}; it must be at least {shortest}.")
    text = well_formed(text).strip()
    if length(text, unit) <= limit:
        return [text] if text else []
    return list(_pieces(text, limit, unit))


def _pieces(text: str, limit: int, unit: Unit) -> Iterator[str]:
    levels = _places_to_cut(text)
    start = 0
    while start < len(text):
        furthest = _reach(text, start, limit, unit)
        end = furthest if furthest == len(text) else _best(levels, start, furthest)
        yield text[start:end].rstrip()
        start = len(text) - len(text[end:].lstrip())


def _places_to_cut(text: str) -> list[list[int]]:
    """The ends of paragraphs, sentences, words, unbreakable runs and characters, best first."""
    characters = set(_ends(CharacterBreaker, text))
    runs = _ends(LineBreaker, text)
    levels: list[Iterable[int]] = [
        [match.end() for match in _BLANK_LINE.finditer(text)],
        [end for end in _ends(SentenceBreaker, text) if _may_end_a_sentence(text[end - 1])],
        [end for end in runs if text[end - 1].isspace()],
        runs,
        characters,
    ]
    before_space = _ends_before_space(text)
    return [sorted({before_space[end] for end in level if end in characters}) for level in levels]


def _ends(breaker: type[BaseBreaker], text: str) -> list[int]:
    # ICU's own offsets count UTF-16 code units, which are not indexes of a Python text.
    return list(accumulate(len(segment) for segment in breaker(text, _ANY_LOCALE)))


def _may_end_a_sentence(last: str) -> bool:
    # ICU sees the end of a sentence after each "?" and "!". In Latin text without a space after it,
    # that is the middle of a URL; Chinese and similar scripts have no space there.
    return last.isspace() or not last.isascii()


def _ends_before_space(text: str) -> list[int]:
    """For each index of `text`, the index after the last character before it that isn't a space."""
    solid = (0 if char.isspace() else end for end, char in enumerate(text, start=1))
    return list(accumulate(solid, max, initial=0))


def _best(levels: Iterable[list[int]], start: int, furthest: int) -> int:
    ends = (_last(level, start, furthest) for level in levels)
    return next((end for end in ends if end is not None), furthest)


def _last(ends: list[int], start: int, furthest: int) -> int | None:
    """The last of the sorted `ends` after `start` and not after `furthest`."""
    found = bisect_right(ends, furthest)
    return ends[found - 1] if found and ends[found - 1] > start else None


def _reach(text: str, start: int, limit: int, unit: Unit) -> int:
    """The index up to which `text` has at most `limit` units after `start`."""
    units = text[start : start + limit].encode(unit.encoding)[: unit.size * limit]
    return start + len(units.decode(unit.encoding, "ignore"))
