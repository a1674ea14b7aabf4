"""Each "Meta facts 2.1" in code and documentation leads to a section that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documents import DOCS, ROOT, table, text_of

PAGE = "docs/reference/meta.md"
CONTRADICTIONS = "6. Where Meta contradicts itself"
FACTS = DOCS / "reference" / "meta.md"
HOLDS_CODE_AND_PAGES = {".py", ".md", ".js", ".mjs", ".html", ".css", ".yml", ".toml", ".json"}
NOT_OURS = {"build", "dist", "models", "node_modules", "site"}
CITED = re.compile(
    r"Meta\s+facts\s+(?P<sections>\d+(?:\.\d+)?(?:(?:,|\s+and|\s+to)\s+\d+(?:\.\d+)?(?![\w-]))*)"
)
NAMED = re.compile(r"Meta\s+facts\b(?!\]|$)")
RANGE = re.compile(r"(\d+)\.(\d+)\s+to\s+\1\.(\d+)")
FEWEST_CITATIONS = 75


def files() -> Iterator[Path]:
    """All that people write here, but for this test and for the page itself."""
    for folder in sorted(ROOT.iterdir()):
        if folder.name.startswith(".") or folder.name in NOT_OURS:
            continue
        found = folder.rglob("*") if folder.is_dir() else [folder]
        for file in found:
            folders = set(file.relative_to(ROOT).parts)
            ours = not NOT_OURS & folders and file not in (FACTS, Path(__file__))
            if ours and file.suffix in HOLDS_CODE_AND_PAGES and file.is_file():
                yield file


def sections_of(citation: str) -> set[str]:
    """The sections that a citation names: "2.2 to 2.4 and 3" are four."""
    between = {
        f"{chapter}.{number}"
        for chapter, first, last in RANGE.findall(citation)
        for number in range(int(first), int(last) + 1)
    }
    return between | set(re.findall(r"\d+(?:\.\d+)?", citation))


def citations() -> list[tuple[str, set[str]]]:
    found = []
    for file in files():
        text = re.sub(r"\n\s*#?\s*", " ", file.read_text(encoding="utf-8"))
        name = str(file.relative_to(ROOT))
        found += [(name, sections_of(one["sections"])) for one in CITED.finditer(text)]
    return found


def sections_there() -> set[str]:
    headings = re.findall(r"^#+ (\d+(?:\.\d+)?)\.? ", text_of(PAGE), re.MULTILINE)
    return {*headings, *(row[0] for row in table(PAGE, CONTRADICTIONS))}


def test_each_section_that_is_cited_is_there() -> None:
    cited, there = citations(), sections_there()
    missing = {(name, section) for name, sections in cited for section in sections - there}
    assert missing == set()
    assert len(cited) > FEWEST_CITATIONS


def test_each_folder_of_code_cites_the_facts() -> None:
    folders = {Path(name).parts[0] for name, _ in citations()}
    assert {"channels", "cli", "emulator", "tests"} <= folders


def test_nothing_is_cited_without_its_number_or_by_an_old_name() -> None:
    offenders = []
    for file in files():
        text = re.sub(r"\n\s*#?\s*", " ", file.read_text(encoding="utf-8"))
        spans = {one.start() for one in CITED.finditer(text)}
        unnumbered = [one for one in NAMED.finditer(text) if one.start() not in spans]
        if unnumbered or re.search(r"facts?\s+sheet", text, re.IGNORECASE):
            offenders.append(str(file.relative_to(ROOT)))
    assert offenders == []


@pytest.mark.parametrize(
    ("citation", "sections"),
    [
        ("Meta facts 2.1", {"2.1"}),
        ("Meta facts 0, 1.1 and 3;", {"0", "1.1", "3"}),
        ("Meta facts 1.4, 2.3 to 2.6.", {"1.4", "2.3", "2.4", "2.5", "2.6"}),
        ("Meta facts 2.5 and 2.6. It", {"2.5", "2.6"}),
    ],
)
def test_a_citation_is_read_with_all_its_sections(citation: str, sections: set[str]) -> None:
    [found] = CITED.finditer(citation)
    assert sections_of(found["sections"]) == sections
