"""What readers of a language regard as the same word: its letters, its case, its endings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_GRAVE, _ACUTE, _CIRCUMFLEX, _TILDE, _DIAERESIS, _CEDILLA = "\u0300\u0301\u0302\u0303\u0308\u0327"
_ACCENTS = _GRAVE + _ACUTE + _CIRCUMFLEX + _DIAERESIS
_GREEK_ACCENTS = _ACCENTS + "\u0313\u0314\u0342\u0345"
# Every Latin, Greek and Cyrillic letter with marks, decomposed.
_PARTS = {
    letter: parts
    for letter in map(chr, range(0xC0, 0x2000))
    if (parts := unicodedata.normalize("NFD", letter)) != letter
}


class Spelling:
    """Letters that a language does not distinguish, each with the one that stands for it."""

    def __init__(self, *, left_out: str = "", letters: Mapping[str, str] | None = None) -> None:
        """`left_out`: the combining marks that typists leave out, on any letter."""
        self._letters = {**_without(left_out), **(letters or {})}
        self._any = re.compile("[" + "".join(self._letters) + "]")

    def apply(self, text: str) -> str:
        """The text, which is in NFC, in the letters that are compared."""
        return self._any.sub(lambda letter: self._letters[letter.group()], text)


def _without(marks: str) -> dict[str, str]:
    """Each letter with one of `marks`, mapped to the same letter without it."""
    letters = dict.fromkeys(marks, "")
    for letter, parts in _PARTS.items():
        kept = "".join(part for part in parts if part not in marks)
        if kept != parts:
            letters[letter] = unicodedata.normalize("NFC", kept)
    return letters


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Language:
    """The rules of one language; an unset rule is one that the language does not have."""

    #: The Snowball algorithm that removes endings.
    stemmer: str | None = None
    #: i and İ are one letter, ı and I another (Turkish, Azeri). See `capitals`, too.
    dotted_i: bool = False
    #: Letters that readers treat as the same.
    spelling: Spelling | None = None
    #: An apostrophe ends a word (French "l'agent"); elsewhere it is part of one ("don't").
    elides: bool = False
    #: What is attached to a word but is not part of it.
    article: re.Pattern[str] | None = None
    #: What may come before a word, separated by spaces: articles, prepositions.
    beginnings: str = ""
    #: What may follow a word: case endings, articles, clitics. Many stemmers know more of them.
    endings: str = ""
    #: Endings that make another word, although the stem is the same: English "main", "mainly".
    derivations: str = ""
    #: Letters that typists write instead of others, throughout a phrase or not at all.
    typed: Callable[[str], str] | None = None
    #: Whether they do so to a single word, too.
    typed_alone: bool = False
    #: Of two ways to write the same thing, chooses the one that is compared.
    variants: Callable[[str], str] | None = None

    def fold(self, spelled: str) -> str:
        """`spelled` (see `words.spell`) without what this language does not distinguish."""
        text = spelled.replace("'", " " if self.elides else "")
        if self.dotted_i:
            text = text.replace("İ", "i").replace("I", "ı")
        text = text.casefold()
        return text if text.isascii() else self._fold_letters(text)

    def capitals(self, folded: str) -> set[str]:
        """What a keyword becomes in capitals on a keyboard that has no İ: "IPTAL", "Iptal"."""
        return {folded.replace("i", "ı"), _FIRST_I.sub("ı", folded)} if self.dotted_i else set()

    def _fold_letters(self, text: str) -> str:
        if not self.dotted_i:
            # "i̇" is what casefold() makes of İ.
            text = text.replace("i\u0307", "i").replace("ı", "i")
        text = unicodedata.normalize("NFC", text)
        if self.spelling:
            text = self.spelling.apply(text)
        if self.variants:
            text = self.variants(text)
        return self.article.sub("", text) if self.article else text


def language(code: str) -> Language:
    """The rules for `code`, such as "en" or "pt-BR"; neutral rules for an unknown language."""
    return _LANGUAGES.get(code.replace("_", "-").partition("-")[0].casefold(), _NEUTRAL)


_NEUTRAL = Language()

# Accents are dropped if the alphabet does not count the accented letter as one of its own:
# Spanish "menú" is "menu", but "año" is not "ano", and Polish "wróć" is not "wroc".
_ACCENTED = Spelling(left_out=_ACCENTS + _TILDE + _CEDILLA)
_SPANISH = Spelling(left_out=_ACCENTS)
_GERMAN = Spelling(left_out=_GRAVE + _ACUTE, letters={"ä": "ae", "ö": "oe", "ü": "ue"})
_RUSSIAN = Spelling(left_out=_GRAVE + _ACUTE + _DIAERESIS)  # ё is typed е; й stays
_ROMANIAN = Spelling(letters={"ş": "ș", "ţ": "ț"})  # with the cedilla of older keyboards

# The same as in Lucene's ArabicNormalizer and PersianNormalizer.
# In Egypt "قائمة" is also written as it is said, "قايمة".
_ARABIC = Spelling(letters={"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ئ": "ي"})
_PERSIAN = Spelling(letters={"أ": "ا", "إ": "ا", "ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه"})
_URDU = Spelling(letters={"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ"})
# "The", alone or after and, so, in or like; and "to the".
_ARABIC_ARTICLE = re.compile(r"(?<!\S)(?:[وفبك]?ال|لل)(?=\S{3})")

# Much as in Lucene's HindiNormalizer: typists leave out the dot below foreign sounds (nukta; ड़ and
# ढ़ are letters of their own), and write one nasal sign for the other, or for a nasal letter:
# "हिन्दी", "हिंदी".
_HINDI = Spelling(letters={"ँ": "ं"})
_FOREIGN_DOT = re.compile("(?<![डढ])\u093c")
_NASAL_LETTER = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
# Many Ukrainians have it on their keyboard only as the Latin letter.
_LATIN_I = re.compile("(?<=[а-яґєіїўё'])i|i(?=[а-яґєіїўё'])")
_FIRST_I = re.compile(r"\bi")


# Vietnamese: a phone without its keyboard writes no marks at all, and the tone in "hoà", "huỷ" may
# be on either vowel.
_MARKS_OF_VIETNAMESE = _ACCENTS + _TILDE + "\u0302\u0306\u0309\u031b\u0323"
_UNMARKED = Spelling(left_out=_MARKS_OF_VIETNAMESE, letters={"đ": "d"})
# The same goes for other Latin alphabets, typed on a keyboard that lacks some of their letters.
_BARE = Spelling(
    left_out=_ACCENTS + _TILDE + _CEDILLA + "\u0304\u0306\u0307\u030a\u030b\u030c\u0326\u0328",
    letters={"ł": "l", "đ": "d", "ı": "i", "ø": "o"},
)
# "ue" that stands for "ü", unlike the one in "neue", "bauen" or "Quelle".
_UMLAUT = re.compile("(?<![aeq])([aou])e")


def _without_umlauts(folded: str) -> str:
    """Turns German "zurueck", the form in which "zurück" is compared, into "zuruck"."""
    return _UMLAUT.sub(r"\1", folded)


def _plain_hindi(text: str) -> str:
    return _NASAL_LETTER.sub("ं", _FOREIGN_DOT.sub("", text))


def _with_cyrillic_i(text: str) -> str:
    return _LATIN_I.sub("і", text)


def _without_spaces(folded: str) -> str:
    return folded.replace(" ", "")


_TONE_AT_THE_END = re.compile("(?:o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ])(?!\\w)")


def _with_tone_on_the_first(text: str) -> str:
    """ "hoà" as "hòa", "huỷ" as "hủy"."""
    return _TONE_AT_THE_END.sub(lambda pair: _moved(pair.group()), text)


def _moved(pair: str) -> str:
    parts = unicodedata.normalize("NFD", pair[1])  # the vowel, and its tone
    return unicodedata.normalize("NFC", pair[0] + parts[1]) + parts[0]


# The case endings of a masculine noun that ends in a consonant, like "bot" and "chat", except
# endings that change the word before them (Polish "bocie").
_RUSSIAN_CASES = "а у ом е ы ов ам ами ах"
_UKRAINIAN_CASES = "а у ом ові і и ів ам ами ах"
_BELARUSIAN_CASES = "а у ом е ы аў ам амі ах"
_BULGARIAN_CASES = "а ът ове овете та то"
_POLISH_CASES = "a u owi em y ów om ami ach"
_CZECH_CASES = "u a em ovi y ů ům ech"
_SLOVAK_CASES = "u a ovi om e y ov mi och"
_SOUTH_SLAVIC_CASES = "a u om e ovi ove ova ovima ja ju jem а у ом е ови ове ова овима ја ју јем"
_TURKISH_CASES = (
    "a e ı i u ü ya ye yı yi yu yü ın in un ün da de ta te dan den tan ten la le lar ler"
)
_HUNGARIAN_CASES = "ot et ok ek nak nek hoz hez höz ra re ba be ban ben ból ből tól"
# The second half is for a noun that ends in a vowel, like "meniu".
_ROMANIAN_CASES = "ul ului uri urile urilor l lui ri rile rilor"
# "The", my, your, and two that stress a word.
_INDONESIAN_CLITICS = "nya ku mu lah kah"
# What links a word that ends in a vowel to the next one.
_FILIPINO_LINKER = "ng"
# The marks of subject, object and topic; "to", "in", "from", "and", "with", "of", "only", "too",
# "until"; and what makes a word a polite answer.
_KOREAN_PARTICLES = unicodedata.normalize(
    "NFKC",
    "이 가 을 를 은 는 로 으로 에 에서 에게 한테 와 과 랑 이랑 하고 의 도 만 요 이요 부터 까지 좀",
)
# "The", "to"; and both after "and". Those for "in" and "from" make words of their own: בסוף.
_HEBREW_PREFIXES = "ה ל וה ול"
# What links a word to the next, and the plural.
_PERSIAN_ENDINGS = "ی ها های"
_SWEDISH_ARTICLE = "n"
# Adverbs, qualities, people; and "quit" is not "quite".
_ENGLISH_DERIVATIONS = (
    "e ly ally ity ality ities ism ness ful al ic ics ance ence ant er ers or ors"
)
_FRENCH_DERIVATIONS = "ance ances ique"
_ITALIAN_DERIVATIONS = "enza enze anza mente ica"
_IBERIAN_DERIVATIONS = "mente ica"
# A noun's verb: "выходит" (it turns out) is not "выход" (exit).
_RUSSIAN_DERIVATIONS = "ит ят ить ил ила или ишь ите им ится иться"
_SWEDISH_DERIVATIONS = "lig liga ligen"
# What makes a word a polite answer.
_THAI_PARTICLES = "ครับ คับ ค่ะ คะ จ้า จ้ะ นะ นะครับ นะคะ"
# "In", "at", "to".
_SWAHILI_LOCATIVE = "ni"
# Case endings, and "the" in its forms.
_BENGALI_ENDINGS = unicodedata.normalize(
    "NFKC", "ে তে কে র ের য়ে টা টি টার টির টাকে টিকে টাতে টিতে গুলো গুলি"
)

_LANGUAGES = {
    "ar": Language(stemmer="arabic", spelling=_ARABIC, article=_ARABIC_ARTICLE),
    "az": Language(typed=_BARE.apply, dotted_i=True, endings=_TURKISH_CASES),
    "be": Language(endings=_BELARUSIAN_CASES, variants=_with_cyrillic_i),
    "bg": Language(endings=_BULGARIAN_CASES),
    "bn": Language(endings=_BENGALI_ENDINGS),
    "bs": Language(typed=_BARE.apply, endings=_SOUTH_SLAVIC_CASES),
    "ca": Language(stemmer="catalan", spelling=_ACCENTED, elides=True),
    "cs": Language(typed=_BARE.apply, stemmer="czech", endings=_CZECH_CASES),
    "da": Language(typed=_BARE.apply, stemmer="danish"),
    "de": Language(typed=_without_umlauts, stemmer="german", spelling=_GERMAN),
    "el": Language(stemmer="greek", spelling=Spelling(left_out=_GREEK_ACCENTS)),
    "en": Language(stemmer="english", spelling=_ACCENTED, derivations=_ENGLISH_DERIVATIONS),
    "es": Language(stemmer="spanish", spelling=_SPANISH, derivations=_IBERIAN_DERIVATIONS),
    "et": Language(typed=_BARE.apply, stemmer="estonian"),
    "eu": Language(stemmer="basque"),
    "fa": Language(stemmer="persian", spelling=_PERSIAN, endings=_PERSIAN_ENDINGS),
    "fi": Language(typed=_BARE.apply, stemmer="finnish"),
    "fil": Language(endings=_FILIPINO_LINKER),
    "fr": Language(
        stemmer="french", spelling=_ACCENTED, elides=True, derivations=_FRENCH_DERIVATIONS
    ),
    "ga": Language(stemmer="irish"),
    "gl": Language(spelling=_SPANISH),
    "he": Language(beginnings=_HEBREW_PREFIXES),
    "hi": Language(stemmer="hindi", spelling=_HINDI, variants=_plain_hindi),
    "hr": Language(typed=_BARE.apply, endings=_SOUTH_SLAVIC_CASES),
    "hu": Language(typed=_BARE.apply, stemmer="hungarian", endings=_HUNGARIAN_CASES),
    "hy": Language(stemmer="armenian"),
    "id": Language(stemmer="indonesian", endings=_INDONESIAN_CLITICS),
    "it": Language(
        stemmer="italian", spelling=_ACCENTED, elides=True, derivations=_ITALIAN_DERIVATIONS
    ),
    "ko": Language(typed=_without_spaces, typed_alone=True, endings=_KOREAN_PARTICLES),
    "lt": Language(typed=_BARE.apply, stemmer="lithuanian"),
    "ms": Language(stemmer="indonesian", endings=_INDONESIAN_CLITICS),
    "nb": Language(typed=_BARE.apply, stemmer="norwegian"),
    "ne": Language(stemmer="nepali"),
    "nl": Language(stemmer="dutch", spelling=_ACCENTED),
    "nn": Language(typed=_BARE.apply, stemmer="norwegian"),
    "no": Language(typed=_BARE.apply, stemmer="norwegian"),
    "pl": Language(typed=_BARE.apply, stemmer="polish", endings=_POLISH_CASES),
    "pt": Language(stemmer="portuguese", spelling=_ACCENTED, derivations=_IBERIAN_DERIVATIONS),
    "ro": Language(
        typed=_BARE.apply, stemmer="romanian", spelling=_ROMANIAN, endings=_ROMANIAN_CASES
    ),
    "ru": Language(
        stemmer="russian",
        spelling=_RUSSIAN,
        endings=_RUSSIAN_CASES,
        derivations=_RUSSIAN_DERIVATIONS,
    ),
    "sk": Language(typed=_BARE.apply, endings=_SLOVAK_CASES),
    "sl": Language(typed=_BARE.apply, endings=_SOUTH_SLAVIC_CASES),
    "sr": Language(typed=_BARE.apply, stemmer="serbian", endings=_SOUTH_SLAVIC_CASES),
    "sv": Language(
        typed=_BARE.apply,
        stemmer="swedish",
        endings=_SWEDISH_ARTICLE,
        derivations=_SWEDISH_DERIVATIONS,
    ),
    "sw": Language(endings=_SWAHILI_LOCATIVE),
    "ta": Language(stemmer="tamil"),
    "th": Language(endings=_THAI_PARTICLES),
    "tl": Language(endings=_FILIPINO_LINKER),
    "tr": Language(typed=_BARE.apply, stemmer="turkish", dotted_i=True, endings=_TURKISH_CASES),
    "uk": Language(endings=_UKRAINIAN_CASES, variants=_with_cyrillic_i),
    "ur": Language(spelling=_URDU),
    "vi": Language(typed=_UNMARKED.apply, typed_alone=True, variants=_with_tone_on_the_first),
}
