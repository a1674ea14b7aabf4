"""Whether a line asks for a person, in any of the known languages. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Pattern: TypeAlias = re.Pattern[str]

_SPACELESS = re.compile(r"[\u4e00-\u9fff]")  # Chinese
_WITHOUT_MARKS = str.maketrans("đłıى’ة", "dliي'ه")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """How people ask for a person in one language.

    Attributes:
        persons: words for the person they ask for.
        reaching: words for what they want of that person: to talk, to be put through.
        wanting: the small words of a request that names nothing but the person.
    """

    persons: Pattern
    reaching: Pattern
    wanting: Pattern

    def has(self, line: str) -> bool:
        """Whether a line, in lower case and without marks, is such a wish."""
        rest = self.persons.sub(" ", line)
        if rest == line:
            return False
        return bool(self.reaching.search(rest)) or not re.search(r"\w", self.wanting.sub(" ", rest))


def wishes_of(listed: Mapping[str, Sequence[str]]) -> Wishes:
    """The wishes of one language, made from its lists of words; `*` stands for any letters."""
    return Wishes(**{name: _any_of(words) for name, words in listed.items()})


def asks_for_a_person(line: str, known: Iterable[Wishes]) -> bool:
    """Whether a line asks for a person in one of the languages."""
    folded = _folded(line)
    return any(wishes.has(folded) for wishes in known)


def _any_of(words: Sequence[str]) -> Pattern:
    """Any of the words, the longest first; if spaces separate words, never as part of another word.

    A word that ends with an apostrophe may be joined to the next one: l'operatore.
    """
    folded = sorted(map(_folded, words), key=len, reverse=True)
    either = "|".join(re.escape(word).replace(r"\*", r"\w*") for word in folded)
    has_spaces = not _SPACELESS.search(either)
    return re.compile(rf"(?<!\w)(?:{either})(?:(?<=')|(?!\w))" if has_spaces else either)


def _folded(text: str) -> str:
    """The text in lower case and without marks, as many people type it."""
    split = unicodedata.normalize("NFKD", text.lower().translate(_WITHOUT_MARKS))
    return "".join(char for char in split if not unicodedata.combining(char))
