"""What belongs to a handover in other languages: what users write, what the bot says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

_FOLDER = Path(__file__).with_name("words")


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """The words of one language.

    Attributes:
        language: its code, such as "de".
        everyday: what people write that is no wish for a person, whatever the assistant is for.
        keywords: what brings the bot back; these and the following are in English elsewhere.
        ask_human, back_to_bot: examples of what users write.
        titles: of buttons, by the English ones.
        responses: what the bot says, by the response's name.
    """

    language: str
    everyday: Sequence[str]
    keywords: Sequence[str] = ()
    ask_human: Sequence[str] = ()
    back_to_bot: Sequence[str] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    responses: Mapping[str, str] = field(default_factory=dict)


def words_in(language: str) -> Words | None:
    """The words of a language, such as "de" or "pt-BR"; None of one that is not known here."""
    code = re.split(r"[-_]", language.strip().lower())[0]
    file = _FOLDER / f"{code}.yml"
    return Words(**YAML(typ="safe").load(file)) if code.isalpha() and file.is_file() else None


def languages() -> list[str]:
    """The codes of all languages that are known here."""
    return sorted(file.stem for file in _FOLDER.glob("*.yml"))
