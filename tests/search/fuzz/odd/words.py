"""Keywords, and what users write, in letters of all scripts and in none."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

LANGUAGES = (
    *("", "en", "de", "fr", "tr", "ru", "el", "ar", "he", "fa", "hi", "th", "km", "zh", "ja", "ko"),
    *("vi", "hu", "fi", "pt-BR", "zh_Hant", "xx", "\0", "\ud800", "x" * 1000, "en-US-u-ca-x"),
)
_LETTERS = (
    *("abcdefghijklmnopqrstuvwxyz ", "äöüßéèçøåıİ ", "абвгдежз ", "ابتثجحخالولل ", "אבגדהו "),
    *("กขคงจฉช", "កខគឃង", "主菜单返回退出", "あいうえおアイウエオ", "가나다라 ", "कखगघङ्ािी "),
)
_ALPHABETS = (
    *_LETTERS,
    *(
        "\u0301\u0308\u0323a",
        "\u200d\u200c\ufeff\u00ad\u202e",
        "🤖👍🏽👩‍💻🇩🇪❤\ufe0f",
        " \t\n\r\u00a0\u3000",
    ),
    *("'’-_.,!?/{}@\"\\", "\0\x01\x7f\ufffd\ufffe", "\ud800\udc00\udfff", "0123456789٠١٢"),
)
_LENGTHS = (0, 1, 2, 5, 20, 200, 2_000)
LONGEST_TEXT = 20_000  # what a delivery is cut to


@dataclass(frozen=True, kw_only=True)
class Search:
    """Keywords by their languages, how they match, and a text that is searched for them."""

    keywords: dict[str, list[str]]
    match: str
    text: str


class OddWords:
    """Makes searches; the same seed makes the same ones."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def search(self) -> Search:
        """Some keywords, and a text that has one of them in it half of the time."""
        keywords = {
            self._random.choice(LANGUAGES): [self._keyword() for _ in range(3)] for _ in range(2)
        }
        text = self._words(self._random.choice(_ALPHABETS), self._random.choice(_LENGTHS))
        if self._random.random() < 0.5:
            text += self._random.choice(self._random.choice(list(keywords.values()))) + text
        if self._random.random() < 0.01:
            text = (text or "a") * (LONGEST_TEXT // (len(text) or 1))
        return Search(
            keywords=keywords,
            match=self._random.choice(("whole", "contains")),
            text=text[:LONGEST_TEXT],
        )

    def _keyword(self) -> str:
        if self._random.random() < 0.05:
            return self._words(self._random.choice(_ALPHABETS), 20)
        return self._random.choice(self._random.choice(_LETTERS)) + self._words(
            self._random.choice(_LETTERS), 20
        )

    def _words(self, alphabet: str, length: int) -> str:
        if self._random.random() < 0.2:
            alphabet += self._random.choice(_ALPHABETS)
        return "".join(self._random.choices(alphabet, k=self._random.randint(0, length)))
