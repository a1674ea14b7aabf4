"""Whether a message is, or contains, one of a plan's keywords. Pure.

Two texts are compared as a reader would: `words` removes what no reader looks at, `languages` what
readers of the keyword's language do not distinguish, and `vocabulary` finds a keyword's words in
their other forms. Nothing in a keyword or a message is treated as a pattern.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set

from .languages import Language, language
from .vocabulary import Vocabulary, beginning
from .words import (
    break_runs,
    breaks_of,
    is_run,
    joined,
    letters_of_runs,
    spell,
    stands_alone,
    symbols,
)

# Characters of a message, and of its normal form, in which one may become 18 (U+FDFA). People say
# what they want within this many, and searching more would hold up everybody else.
LONGEST_SEARCH = 2_000
_SHORTEST_TYPED = 5  # characters in a phrase that is recognised without its marks


class KeywordMatch(enum.Enum):
    """How much of a message a keyword has to be."""

    WHOLE = "whole"  # the message is the keyword and nothing else
    CONTAINS = "contains"  # the keyword's words are together in the message


class KeywordMatcher:
    """Finds keywords in messages; the cost per message does not grow with their number."""

    def __init__(
        self,
        keywords: Mapping[str, Sequence[str]],
        *,
        match: KeywordMatch = KeywordMatch.WHOLE,
    ) -> None:
        """`keywords` maps a language code (`en`, `pt-BR`) to keywords compared by its rules.

        A language that has no rules here is compared by neutral ones. If a keyword has no letter
        or digit, such as 🤖, its symbols are compared. Raises ValueError, in prose, for a keyword
        with nothing visible in it.
        """
        self._match = match
        self._phrases: dict[Language, _Phrases] = {}
        self._symbols: dict[str, str] = {}
        for code, listed in keywords.items():
            for keyword in listed:
                self._add(language(code), keyword)

    def _add(self, rules: Language, keyword: str) -> None:
        if spelled := spell(keyword):
            self._phrases.setdefault(rules, _Phrases(rules)).add(spelled, keyword)
        elif seen := symbols(keyword):
            self._symbols.setdefault(seen, keyword)
        else:
            raise ValueError(
                f"has the keyword {keyword!r}, in which nothing is visible; "
                "write a word, a number or a symbol that users can type."
            )

    def find(self, text: str) -> str | None:
        """The keyword in `text`, as configured, or None. Takes any text and never raises.

        Of several, it is the one whose language was given first, and of these the one that comes
        first in the text; symbols come after words. If a text is longer than LONGEST_SEARCH, only
        its beginning is searched, and as a whole it is no keyword.
        """
        if self._match is KeywordMatch.CONTAINS:
            text = _whole_words(text)
            return self._find_contained(text, _whole_words(spell(text)))
        if len(text) > LONGEST_SEARCH:
            return None
        spelled = spell(text)
        if not spelled:
            return self._symbols.get(symbols(text)) if self._symbols else None
        spelled = joined(spelled)
        return next(filter(None, (each.find(spelled) for each in self._phrases.values())), None)

    def _find_contained(self, text: str, spelled: str) -> str | None:
        broken, letters = break_runs(spelled), letters_of_runs(spelled)
        # Most languages fold most texts alike.
        signs: dict[str, Set[str]] = {}
        for phrases in self._phrases.values():
            folded = phrases.fold(broken)
            if folded not in signs:
                signs[folded] = letters.union(map(beginning, folded.split()))
            if keyword := phrases.find_within(folded, signs[folded]):
                return keyword
        seen = symbols(text) if self._symbols else ""
        return next((self._symbols[each] for each in self._symbols if each in seen), None)


class _Phrases:
    """The keywords of one language, each as the known forms of its words."""

    def __init__(self, rules: Language) -> None:
        self.fold = rules.fold
        self._capitals = rules.capitals
        self._typed = rules.typed
        self._typed_alone = rules.typed_alone
        self._vocabulary = Vocabulary(
            rules.stemmer,
            beginnings=rules.beginnings,
            endings=rules.endings,
            derivations=rules.derivations,
        )
        self._keywords: dict[str, str] = {}
        self._most_words = 0
        self._signs: set[str] = set()
        # The lengths of the phrases that begin with a given word, or with a given letter of a run.
        self._lengths: dict[str, set[int]] = {}

    def add(self, spelled: str, keyword: str) -> None:
        folded = self.fold(joined(spelled))
        typed = self._typed(folded) if self._typed else folded
        for form in dict.fromkeys([folded, typed] if self._is_clear(typed) else [folded]):
            self._add(form, keyword)
            for capitals in self._capitals(form):
                self._add(capitals, keyword)

    def _is_clear(self, typed: str) -> bool:
        """Whether a phrase is still clear without its marks.

        A short syllable may then be any of a dozen words, and if letters with marks are letters of
        their own, a single word may be another word: Polish "laska" is not "łaska".
        """
        length = len(unicodedata.normalize("NFD", typed))  # a Korean syllable has several letters
        return length >= _SHORTEST_TYPED and (self._typed_alone or " " in typed)

    def _add(self, folded: str, keyword: str) -> None:
        words = [self._vocabulary.learn(word) for word in folded.split()]
        phrase = " ".join(words)
        self._keywords.setdefault(phrase, keyword)
        self._most_words = max(self._most_words, len(words))
        first = words[0][0] if is_run(words[0]) else words[0]
        self._lengths.setdefault(first, set()).add(len(phrase))
        self._signs |= self._vocabulary.beginnings(first)

    def find(self, spelled: str) -> str | None:
        """The keyword that equals `spelled`, with its runs joined; None if there is none."""
        if spelled.count(" ") >= self._most_words:
            return None
        words: list[str] = []
        for word in self.fold(spelled).split():
            known = self._vocabulary.recognise(word)
            if known is None:
                return None
            words.append(known)
        return self._keywords.get(" ".join(words))

    def find_within(self, folded: str, signs: Set[str]) -> str | None:
        """The keyword that comes first in `folded`, whose runs are broken; None if there is none.

        `signs` are the beginnings of its words and the letters of its runs: every form of a phrase
        begins with one of them.
        """
        if self._signs.isdisjoint(signs):
            return None
        recognise = self._vocabulary.recognise
        words = [recognise(word) or word for word in folded.split()]
        firsts = self._lengths.keys()
        if firsts.isdisjoint(words) and firsts.isdisjoint(folded):
            return None
        return self._first_in(" ".join(words))

    def _first_in(self, broken: str) -> str | None:
        text, breaks = joined(broken), breaks_of(broken)
        for start, first in _starts(text):
            for length in self._lengths.get(first, ()):
                end = start + length
                keyword = self._keywords.get(text[start:end])
                if keyword and end <= len(text) and stands_alone(text, start, end, breaks):
                    return keyword
        return None


def _whole_words(text: str) -> str:
    """The beginning of a long text, without a word that would be cut in two."""
    if len(text) <= LONGEST_SEARCH:
        return text
    words, space, _ = text[: LONGEST_SEARCH + 1].rpartition(" ")
    return words if space else text[:LONGEST_SEARCH]


def _starts(text: str) -> Iterator[tuple[int, str]]:
    """Where in `text` a phrase may begin, and the word, or letter of a run, that is there."""
    start = 0
    for word in text.split(" "):
        yield from enumerate(word, start) if is_run(word) else ((start, word),)
        start += len(word) + 1
