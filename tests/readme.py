"""The README's examples, so that tests run what a reader copies."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

_README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"^([ ]*)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def examples(section: str, language: str) -> list[str]:
    """The code of a language in the section of that heading and in the sections below it."""
    return [
        dedent(code)
        for _, written_in, code in _BLOCK.findall(_text_of(section))
        if written_in == language
    ]


def _text_of(section: str) -> str:
    text = _README.read_text(encoding="utf-8")
    heading = re.search(rf"^(#+) {re.escape(section)}\n", text, re.MULTILINE)
    assert heading, f"README.md has no section '{section}'"
    rest = text[heading.end() :]
    return re.split(rf"^#{{1,{len(heading[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]
