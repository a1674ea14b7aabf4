"""The languages that have words for a handover: one file each, in `words/`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from .wishes import Wishes, asks_for_a_person, wishes_of
from .words import Words

_FOLDER = Path(__file__).with_name("words")
_WISHES = Path(__file__).with_name("wishes.yml")


def words_in(language: str) -> Words | None:
    """The words of a language, such as "de" or "pt-BR"; None for an unknown language."""
    code = re.split(r"[-_]", language.strip().lower())[0]
    file = _FOLDER / f"{code}.yml"
    return Words(**YAML(typ="safe").load(file)) if code.isalpha() and file.is_file() else None


def languages() -> list[str]:
    """The codes of all known languages."""
    return sorted(file.stem for file in _FOLDER.glob("*.yml"))


def is_wish_for_a_person(line: str) -> bool:
    """Whether a line asks for a person, in any of the known languages."""
    return asks_for_a_person(line, _wishes())


@cache
def _wishes() -> list[Wishes]:
    return list(map(wishes_of, YAML(typ="safe").load(_WISHES).values()))
