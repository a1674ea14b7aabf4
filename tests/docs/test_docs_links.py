"""Links that `mkdocs build --strict` does not look at: out of docs/, and to other servers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.support.documents import DOCS, ROOT, pages, text_of

LISTED = ROOT / "tests" / "fixtures" / "external_links.txt"

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<(https?://[^>\s]+)>")
_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LOCAL = ("http://127.0.0.1", "http://localhost")


def links_of(page: str) -> Iterator[str]:
    text = _FENCED.sub("", text_of(page))
    yield from chain.from_iterable(filter(None, found) for found in _LINK.findall(text))


def anchors_of(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs make them."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", [page for page in pages() if not page.startswith("docs/")])
def test_a_link_into_the_repository_leads_somewhere(page: str) -> None:
    for link in links_of(page):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        assert (ROOT / (path or page)).exists(), link
        assert not anchor or anchor in anchors_of(path or page), link


def test_links_to_other_servers_are_those_that_are_listed() -> None:
    linked = {link for page in pages() for link in links_of(page) if "://" in link}
    assert sorted(one for one in linked if not one.startswith(_LOCAL)) == LISTED.read_text().split()


def test_each_page_is_in_the_navigation_of_the_documentation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    there = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert there == set(re.findall(r"- ([\w/-]+\.md)$", navigation, re.MULTILINE))


def test_a_build_of_the_documentation_refuses_an_anchor_that_is_not_there(tmp_path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    [options] = re.findall(r"-m mkdocs (build .*)$", makefile, re.MULTILINE)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("mkdocs.yml", "CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path)
    with (tmp_path / "docs" / "limits.md").open("a") as page:
        page.write("\n[Nowhere](start.md#nowhere)\n")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", *options.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode != 0
    assert "#nowhere" in built.stderr
