"""The words that a language's keywords are made of, recognised in their other forms.

Snowball finds the forms, but takes more words for forms than a reader would: "operation" for one of
"operator", Russian "меня" (me) for one of "меню" (menu). Missing a form costs the user a second
try; mistaking a word ends a conversation with an operator. So a shared stem alone is not enough
here.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import takewhile

import Stemmer

_BEGINNING = 3  # letters
_SHORTEST_STEM = 4  # letters; "меня" and "меню" share three
_SHORTEST_WITH_AFFIXES = 2  # letters; "к" is no noun; "বট" is one, and "봇", which has three
_LONGEST_ENDING = 5  # letters added to a whole word
_LONGEST_OTHER_ENDING = 2  # letters that replace one: Russian "кнопка", "кнопкой"
_LONGEST_WORD = 60  # letters; anything longer is noise, and stemming it takes time


class Vocabulary:
    """The words of one language's keywords."""

    def __init__(
        self,
        stemmer: str | None = None,
        *,
        beginnings: str = "",
        endings: str = "",
        derivations: str = "",
    ) -> None:
        """`stemmer` is a Snowball algorithm; the rest is as in `Language`."""
        self._stemmer = stemmer
        self._prefixes = beginnings.split()
        self._endings = endings.split()
        self._derivations = derivations.split()
        self._forms: dict[str, str] = {}
        self._beginnings: set[str] = set()
        self._stemmed: dict[tuple[str, str], list[str]] = {}

    def learn(self, word: str) -> str:
        """Make a word known; returns it, or the known word of which it is another form."""
        if known := self.recognise(word):
            return known
        self._forms[word] = word
        for form in self._with_affixes(word):
            self._forms.setdefault(form, word)
        if self._stemmer:
            self._learn_forms(word, self._stemmer)
        return word

    def _with_affixes(self, word: str) -> list[str]:
        if len(unicodedata.normalize("NFD", word)) < _SHORTEST_WITH_AFFIXES:
            return []
        before = [affix + word for affix in self._prefixes]
        return before + [word + affix for affix in self._endings]

    def _learn_forms(self, word: str, stemmer: str) -> None:
        first = beginning(word)
        self._beginnings.add(first)
        self._stemmed.setdefault((first, _stem(stemmer, word)), []).append(word)
        # Snowball does not recognise "menus" as a plural in any language.
        singular = word.removesuffix("s")
        if len(singular) >= _SHORTEST_STEM:
            self._forms.setdefault(singular, word)
            self._forms.setdefault(singular + "s", word)
        # It takes the endings of English "family" and "agency" for those of other words.
        for ending, other in (("y", "ies"), ("ies", "y")):
            root = word.removesuffix(ending)
            if root != word and len(root) >= _SHORTEST_STEM:
                self._forms.setdefault(root + other, word)

    def recognise(self, word: str) -> str | None:
        """The known word that `word` is, or of which it is a form."""
        return self._forms.get(word) or self._known_by_stem(word)

    def beginnings(self, word: str) -> set[str]:
        """How the forms of a known word begin."""
        return {beginning(form) for form in (word, *self._with_affixes(word))}

    def _known_by_stem(self, word: str) -> str | None:
        first = beginning(word)
        if not self._stemmer or first not in self._beginnings or len(word) > _LONGEST_WORD:
            return None
        stem = _stem(self._stemmer, word)
        known = self._stemmed.get((first, stem), ())
        return next((each for each in known if self._are_forms(word, each, stem)), None)

    def _are_forms(self, one: str, other: str, stem: str) -> bool:
        is_same_kind = self._derivation(one, other) == self._derivation(other, one)
        return is_same_kind and _are_inflections(one, other, stem)

    def _derivation(self, word: str, other: str) -> str | None:
        """What makes `word` another word than `other`, of which it has the beginning.

        A single letter does so at the end of the whole word only: "quite" is not "quit", and
        "close" is "closing".
        """
        if other.startswith(word):
            return None
        for each in self._derivations:
            root = word.removesuffix(each)
            if root == word or len(root) < _SHORTEST_STEM:
                continue
            if other == root or len(each) > 1:
                return each
        return None


def beginning(word: str) -> str:
    """The letters that all forms of `word` begin with."""
    return word[:_BEGINNING]


@lru_cache(maxsize=4096)
def _stem(stemmer: str, word: str) -> str:
    # A new stemmer each time: it stores the word in itself, and two threads may call at once.
    stem: str = Stemmer.Stemmer(stemmer).stemWord(word)
    return stem


def _are_inflections(one: str, other: str, stem: str) -> bool:
    """Whether two words that share `stem` differ only in their inflection."""
    shorter, longer = sorted((one, other), key=len)
    if len(stem) < _SHORTEST_STEM:
        return longer == shorter + "s"
    if longer.startswith(shorter):
        return len(longer) - len(shorter) <= _LONGEST_ENDING
    if not longer.startswith(stem):  # German "schoen" and "schon" share the stem "schon"
        return False
    # "cities" has all of "city", whose stem is "citi".
    shared = max(_shared_beginning(shorter, longer), len(stem))
    return len(shorter) - shared <= 1 and len(longer) - shared <= _LONGEST_OTHER_ENDING


def _shared_beginning(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
