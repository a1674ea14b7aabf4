"""What people read about this project, taken apart, so that tests can run what a reader copies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^([ ]*)```(\S*)\s*$")
_HEADING = re.compile(r"^(#+) (.*)$")
_CODE = re.compile(r"`([^`]+)`")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One fenced block: where it is, under which headings, and in which language."""

    page: str
    line: int
    headings: tuple[str, ...]
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page, by its path in the repository."""
    written = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in written]


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Block]:
    """The blocks of all pages in these languages, or all of them."""
    found = [block for page in pages() for block in blocks_of(page)]
    return [block for block in found if not languages or block.language in languages]


def examples(page: str, section: str, language: str) -> list[str]:
    """The code in a language, in the section with that heading and in its subsections."""
    found = [block for block in blocks_of(page) if section in block.headings]
    assert found, f"{page} has no section '{section}' with a block in it"
    return [block.code for block in found if block.language == language]


def table(page: str, section: str) -> list[list[str]]:
    """The rows of the tables under a heading, without header rows: each is a list of cells."""
    lines = [text for headings, text in _lines_of(page) if headings[-1:] == (section,)]
    assert lines, f"{page} has no section '{section}'"
    rows = [_CELL.split(line)[1:-1] for line in lines if line.startswith("|")]
    heads = {i - 1 for i, row in enumerate(rows) if set("".join(row)) <= set("-| ")}
    return [
        [cell.strip() for cell in row]
        for i, row in enumerate(rows)
        if i not in heads and i - 1 not in heads
    ]


def codes(cell: str) -> list[str]:
    """What a cell has in backticks."""
    return _CODE.findall(cell)


def read_yaml(text: str) -> Any:
    """YAML as it is written: Rasa makes every reader of ruamel's fill in variables."""
    return yaml.safe_load(text)


def blocks_of(page: str) -> Iterator[Block]:
    """The fenced blocks of one page."""
    headings: list[str] = []
    opened: tuple[int, str] | None = None
    code: list[str] = []
    for number, line in enumerate(text_of(page).splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is None:
            headings = _below(headings, line)
            if fence:
                opened, code = (number, fence[2]), []
        elif fence and not fence[2]:
            yield Block(
                page=page,
                line=opened[0],
                headings=tuple(headings),
                language=opened[1],
                code=dedent("".join(f"{one}\n" for one in code)),
            )
            opened = None
        else:
            code.append(line)
    assert opened is None, f"{page}:{opened} is never closed"


def _lines_of(page: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The lines outside of blocks, each with the headings that it is under."""
    headings: list[str] = []
    is_code = False
    for line in text_of(page).splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code:
            headings = _below(headings, line)
            yield tuple(headings), line


def _below(headings: list[str], line: str) -> list[str]:
    heading = _HEADING.match(line)
    if heading is None:
        return headings
    depth = len(heading[1])
    return [*(headings + [""] * depth)[: depth - 1], heading[2]]
