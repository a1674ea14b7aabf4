"""The pictures of CONTRIBUTING's three walks, held to the code: its names, and where it goes."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise
from operator import attrgetter
from types import CodeType

import pytest

from benchmarks.walks import WALKS, measure
from tests.support.documents import examples

PAGE = "CONTRIBUTING.md"
NAMES_READ = {"message": 15, "action_handover": 11, "timeout": 14}
STEPS_READ = {"message": 14, "action_handover": 10, "timeout": 13}
ELSEWHERE = {"actions.handover"}  # in another process, so that no walk enters it
_NODE = re.compile(r'^ *(\w+)\[\(?"([\w.]+)<br/>([\w.]+)"\)?\]$', re.MULTILINE)
_ARROW = re.compile(r'\s*-->\s*|\s*--\s*"[^"]*"\s*-->\s*')


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    module: str
    function: str

    def code(self) -> CodeType:
        """What runs when it is called; AttributeError or ImportError if it is gone."""
        function = inspect.unwrap(attrgetter(self.function)(import_module(self.module)))
        code: CodeType = function.__code__
        return code


@cache
def picture(walk: str) -> str:
    [code] = examples(PAGE, walk, "mermaid")
    return code


def names(walk: str) -> dict[str, Name]:
    """The names in a picture, by their nodes."""
    found = _NODE.findall(picture(walk))
    return {node: Name(module=module, function=function) for node, module, function in found}


def steps(walk: str) -> list[tuple[str, str]]:
    """The arrows of a picture, as the nodes at their ends."""
    lines = [line for line in picture(walk).splitlines() if "-->" in line]
    chains = [_ARROW.split(line.strip()) for line in lines]
    return [step for chain in chains for step in pairwise(chain)]


@pytest.fixture(params=list(WALKS), ids=lambda walk: str(walk.__name__))
async def entered(request: pytest.FixtureRequest) -> tuple[str, dict[CodeType, int]]:
    """A walk, and the functions that it has entered, numbered in order of first entry."""
    walk = request.param
    return walk.__name__, (await measure(walk, WALKS[walk])).entered


@pytest.mark.parametrize("walk", NAMES_READ)
def test_each_name_is_in_the_code(walk: str) -> None:
    for name in names(walk).values():
        name.code()
    assert len(names(walk)) == NAMES_READ[walk]


@pytest.mark.parametrize("walk", NAMES_READ)
def test_each_line_of_a_picture_is_read(walk: str) -> None:
    lines = picture(walk).splitlines()
    unread = [line for line in lines if not _NODE.search(line) and "-->" not in line]
    assert unread == ["flowchart TD"]
    assert {node for step in steps(walk) for node in step} == set(names(walk))
    assert len(steps(walk)) == STEPS_READ[walk]


def test_a_walk_enters_what_its_picture_shows(entered: tuple[str, dict[CodeType, int]]) -> None:
    walk, order = entered
    shown = [name for name in names(walk).values() if name.module not in ELSEWHERE]
    assert [name for name in shown if name.code() not in order] == []
    assert len(shown) >= 10


def test_a_walk_goes_the_way_of_the_arrows(entered: tuple[str, dict[CodeType, int]]) -> None:
    walk, order = entered
    place = {node: order.get(name.code(), -1) for node, name in names(walk).items()}
    assert [step for step in steps(walk) if place[step[0]] >= place[step[1]]] == []
