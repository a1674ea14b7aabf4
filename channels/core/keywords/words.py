"""Text as the words that a reader sees in it, before the rules of any one language.

A *spelled* text is what :func:`spell` makes of a message or a keyword: words with one space
between them, in Unicode NFKC, with ASCII digits and ASCII apostrophes, without punctuation,
symbols, emoji or anything invisible. Upper and lower case are left to the language.

Scripts without spaces (Thai, Lao, Khmer, Burmese, Chinese, Japanese) become *runs*: everything that
is written together is one word, because spaces there are a matter of taste. A run has a
:data:`BREAK` where its text had a space, and, after :func:`break_runs`, where ICU's dictionaries
find words. For other scripts ICU's word breaking agrees with the splitting here, and its locale
makes no difference to runs; the tests check both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from itertools import accumulate

from icu4py.breakers import WordBreaker

#: Separates the words of a run: Unicode's own invisible word boundary (ZERO WIDTH SPACE).
BREAK = "\u200b"

_APOSTROPHES = "'`´ʹʻʼ‘’‛′׳＇"
# Characters that Unicode counts as letters or marks, but nobody sees: fillers, joiners and
# variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# The one emoji that Unicode counts as a letter.
_LETTER_EMOJI = "ℹ"
_TATWEEL = "\u0640"
# Madda and hamza, decomposed: parts of a letter, unlike the other Arabic marks.
_LETTER_MARKS = "\u0653\u0654\u0655"

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u2e80-\u2fdf\u3005-\u3007"
    "\u3021-\u3029\u3031-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaadf"
    "\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_SPACELESS}]+")
_SPACE_IN_RUN = re.compile(f"(?<=[{_SPACELESS}]) +(?=[{_SPACELESS}])")
# Where these scripts meet another, a word ends: "Botに", "bot으로".
_SCRIPTS_APART = (_SPACELESS, "\uac00-\ud7a3")
_SCRIPT_APART = re.compile(f"[{''.join(_SCRIPTS_APART)}]")
_EDGE_OF_SCRIPT = re.compile(
    "|".join(
        f"(?<=[{script}])(?=[^{script}{BREAK} ])|(?<=[^{script}{BREAK} ])(?=[{script}])"
        for script in _SCRIPTS_APART
    )
)
_PIECE = re.compile(f"[^{BREAK} ]+| ")
# Khmer and Burmese signs that put the next letter below, Thai and Lao vowels written before it.
_BINDS_THE_NEXT_LETTER = "\u17d2\u1039เแโใไເແໂໃໄ"

# At this point, only marks and apostrophes are neither word characters nor spaces.
_MARK = re.compile(r"[^\w\s]")
_LOOSE = re.compile(r"(?<!\S)[^\w\s]+|(?<!')'+(?!\S)")
# More marks in a row than any writing has (UAX #15, Stream-Safe Text Format). The time to sort a
# pile grows with the square of its length.
_PILE_OF_MARKS = re.compile(r"([^\w\s']{30})[^\w\s']+")


class _Characters(dict[int, str]):
    """How each character of a message is written; computed when first asked for.

    Only the Basic Multilingual Plane is remembered, so that no text can make this grow forever.
    """

    def __missing__(self, code: int) -> str:
        written = _written(chr(code))
        if code < 0x10000:
            self[code] = written
        return written


def _written(char: str) -> str:
    category = unicodedata.category(char)
    if char in _APOSTROPHES:
        return "'"
    if category in {"Cf", "Me"} or _UNSEEN.match(char) or _is_left_out(char, category):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return char if category[0] in "LMN" and char != _LETTER_EMOJI else " "


def _is_left_out(char: str, category: str) -> bool:
    """Whether typists leave the character out: Arabic harakat and tatweel, Hebrew niqqud."""
    if char == _TATWEEL:
        return True
    is_mark = category == "Mn" and char not in _LETTER_MARKS
    return is_mark and unicodedata.name(char).startswith(("ARABIC", "HEBREW"))


_CHARACTERS = _Characters()


def spell(text: str) -> str:
    """The words of `text` with a space between them; empty if there is none. Never raises."""
    text = text.translate(_CHARACTERS)
    if not text.isascii():
        text = _part_scripts(_normalise(text))
    if _MARK.search(text):
        text = _LOOSE.sub("", text)
    return " ".join(text.split())


def _normalise(text: str) -> str:
    if _MARK.search(text):
        text = _PILE_OF_MARKS.sub(r"\1", text)
    normal = unicodedata.normalize("NFKC", text)
    # NFKC decomposes Thai and Lao "am", which dictionaries have as one character.
    normal = normal.replace("\u0e4d\u0e32", "\u0e33").replace("\u0ecd\u0eb2", "\u0eb3")
    return text if normal == text else normal.translate(_CHARACTERS)


def _part_scripts(text: str) -> str:
    if not _SCRIPT_APART.search(text):
        return text
    return _EDGE_OF_SCRIPT.sub(" ", _SPACE_IN_RUN.sub(BREAK, text))


def is_run(word: str) -> bool:
    """Whether `word` is written in a script without spaces."""
    return _RUN.match(word) is not None


def letters_of_runs(spelled: str) -> set[str]:
    """The letters of scripts without spaces in `spelled`."""
    return set().union(*_RUN.findall(spelled))


def break_runs(spelled: str) -> str:
    """`spelled` with a :data:`BREAK` wherever ICU finds the end of a word inside a run."""
    return _RUN.sub(lambda run: BREAK.join(WordBreaker(run.group(), "")), spelled)


def joined(broken: str) -> str:
    """`broken` with each run in one piece."""
    return broken.replace(BREAK, "")


def breaks_of(broken: str) -> set[int]:
    """The offsets, in `broken` without its :data:`BREAK`, at which words begin and end."""
    return {0, *accumulate(len(piece) for piece in _PIECE.findall(broken))}


def stands_alone(text: str, start: int, end: int, breaks: Set[int]) -> bool:
    """Whether `text[start:end]` consists of whole words, and is not part of a longer word.

    `breaks` are the offsets at which words of `text` begin and end. Either both edges are breaks,
    or, in a run, one is, and the piece extends over another break: how ICU breaks a run depends on
    what is next to a word ("ขอกลับ", may I go back, becomes "ขอก" and "ลับ"), and that must not
    make us miss a keyword. "ボット" (bot) is still not found in "ロボット" (robot), which ICU takes
    for one word.
    """
    loose = [edge for edge in (start, end) if edge not in breaks]
    if not loose:
        return True
    reaches_over_a_break = any(at in breaks for at in range(start + 1, end))
    return len(loose) == 1 and reaches_over_a_break and _may_break(text, loose[0])


def _may_break(text: str, at: int) -> bool:
    """Whether a word of a run may end at offset `at`: not in the middle of a syllable."""
    in_run = is_run(text[at - 1]) and is_run(text[at])
    before, after = text[at - 1], unicodedata.category(text[at])
    return in_run and before not in _BINDS_THE_NEXT_LETTER and after[0] != "M"


def symbols(text: str) -> str:
    """What is visible in a text without words: its symbols, emoji and punctuation.

    Variation selectors, joiners and the skin tones of emoji are left out.
    """
    return "".join(char for char in text if _is_symbol(char))


def _is_symbol(char: str) -> bool:
    if "\U0001f3fb" <= char <= "\U0001f3ff":  # skin tones
        return False
    # An emoji newer than this Python's Unicode is "not assigned" (Cn).
    category = unicodedata.category(char)
    return category[0] in "PS" or category == "Cn" or char == _LETTER_EMOJI
