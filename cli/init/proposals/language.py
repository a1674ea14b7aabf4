"""The language that a project's users write in. Pure.

The script shows it, or a language's small words. It decides about a note, and about what is
offered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

SCRIPTS = {  # the first that fits
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "bn": re.compile(r"[\u0980-\u09ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "fa": re.compile(r"[\u067e\u0686\u0698\u06af]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "uk": re.compile(r"[\u0456\u0457\u0454\u0491]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "vi": re.compile(r"[\u01a1\u01b0\u0111\u1ea0-\u1ef9]"),
}
_SMALL_WORDS = {
    "en": "the is to i you my a of what and can do how for it me want",
    "de": "ich ist die der das und nicht ein eine mein meine wie was für zu kann mit möchte",
    "es": "el la los las que de un una mi cómo como qué para quiero puedo está por es y mis",
    "fr": "le la les est je un une des que mon ma pour vous de quel quelle puis comment veux et",
    "it": "il la è che un una di mio mia per come cosa sono posso vorrei gli non e dove",
    "pt": "o os é um uma meu minha para como que de quero posso não você qual está eu onde",
    "tr": "bir ve bu ne nasıl var mı mi için ben benim istiyorum nerede kaç değil evet hayır",
    "id": "saya apa yang di ini itu bisa tidak dan untuk bagaimana mau ada berapa tolong",
    "nl": "ik de het een is mijn wat hoe kan voor niet en van je wil waar",
    "pl": "jest nie jak co mój moja chcę czy mogę gdzie się na do i to w",
}
COUNTRIES = {"br", "cn", "jp", "kr", "vn", "ua", "gr", "cz"}  # codes that are taken for languages
_FEWEST = 3  # examples or words that prove anything
_SHARE = 3  # one of this many examples has to be in another script
_AHEAD = 1.5  # this many times as many small words as English ones


def language_in(examples: Iterable[str]) -> str | None:
    """The language of most examples; None if they do not show it."""
    texts = list(examples)
    scripts = Counter(filter(None, map(_script_of, texts)))
    for code, count in scripts.most_common(1):
        if count >= _FEWEST and count * _SHARE >= len(texts):
            return code
    words = Counter(word for text in texts for word in re.findall(r"\w+", text.lower()))
    hits = {
        code: sum(words[word] for word in small.split()) for code, small in _SMALL_WORDS.items()
    }
    best = max(hits, key=lambda code: hits[code])
    is_clear = best == "en" or hits[best] >= _AHEAD * hits["en"]
    return best if hits[best] >= _FEWEST and is_clear else None


def _script_of(text: str) -> str | None:
    return next((code for code, letters in SCRIPTS.items() if letters.search(text)), None)
