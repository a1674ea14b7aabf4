"""No regular expression takes more than its share of time, whatever it is given to read."""

from __future__ import annotations

import ast
import importlib
import re
import sre_parse
import time
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from channels.core.keywords.languages import Spelling
from channels.graph.refusals.error_codes import PHRASES
from channels.graph.refusals.refusals import _anywhere
from channels.instruments.said import _pattern
from cli.assistant.wishes import _any_of
from cli.init.proposals.language import SCRIPTS

PROJECT = Path(__file__).parents[3]
FOLDERS = ("channels", "actions", "cli", "emulator", "demo")
LENGTH = 16_000  # characters; what grows by the square takes long enough with these on any machine
NOTICEABLE = 0.02  # seconds; less than that proves nothing about growth
MOST_GROWTH = 8.0  # for a text four times as long; what grows by the square takes 16 times as long
LETTERS_AT_MOST = 7
SAMPLES_OF_CATEGORIES = {"SPACE": " ", "NOT_SPACE": "a", "DIGIT": "0", "WORD": "a", "NOT_WORD": "!"}

# Patterns that are made from data, by the modules that make them.
MADE: dict[str, list[tuple[re.Pattern[str], str]]] = {
    "cli.assistant.wishes": [(_any_of(("real person", "human*")), "sub")],
    "cli.init.proposals.language": [(letters, "search") for letters in SCRIPTS.values()],
    "channels.graph.refusals.refusals": [
        (re.compile("|".join(map(_anywhere, ("secret", "sec")))), "sub"),
        (re.compile("|".join(PHRASES)), "search"),
    ],
    "channels.instruments.said": [(_pattern("sad"), "sub")],
    "channels.core.keywords.languages": [
        (Spelling(left_out="\u0301\u0308\u064b", letters={"ё": "е", "ß": "ss"})._any, "sub")
    ],
}


def modules() -> list[str]:
    files = sorted(file for folder in FOLDERS for file in (PROJECT / folder).rglob("*.py"))
    return [".".join(file.relative_to(PROJECT).with_suffix("").parts) for file in files]


def source(module: str) -> str:
    return PROJECT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")


@cache
def calls_of_re(module: str) -> list[ast.Call]:
    text = source(module)
    return [
        node
        for node in (ast.walk(ast.parse(text)) if re.search(r"\bre\.", text) else ())
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr != "escape"
    ]


def compiled(module: str) -> dict[str, re.Pattern[str]]:
    if not calls_of_re(module):
        return {}
    names = [
        target.id
        for node in ast.parse(source(module)).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    found = vars(importlib.import_module(module))
    return {name: found[name] for name in names if isinstance(found.get(name), re.Pattern)}


def written_in_calls(module: str) -> list[tuple[re.Pattern[str], str]]:
    """Patterns that stand where they are used, as in `re.fullmatch(r"[0-9]+", text)`."""
    written = [
        (ast.literal_eval(call.args[0]), ast.unparse(call.func).removeprefix("re."))
        for call in calls_of_re(module)
        if isinstance(call.args[0], ast.Constant)
    ]
    return [(re.compile(pattern), way) for pattern, way in written if way != "compile"]


def made_from_data(module: str) -> int:
    """How many patterns a module makes that are written nowhere."""
    return len(calls_of_re(module)) - len(compiled(module)) - len(written_in_calls(module))


def patterns() -> Iterator[Any]:
    """Each pattern with the way in which its module reads with it."""
    for module in modules():
        for name, pattern in compiled(module).items():
            for way in sorted(set(re.findall(rf"\b{name}\.(\w+)\b", source(module)))):
                yield pytest.param(pattern, way, id=f"{module}.{name}.{way}")
        for pattern, way in (*written_in_calls(module), *MADE.get(module, ())):
            yield pytest.param(pattern, way, id=f"{module}.{way}")


def letters_of(parsed: Any) -> set[str]:
    """Letters that the parts of a pattern tell apart."""
    letters: set[str] = set()
    for operation, value in parsed:
        kind = str(operation)
        if kind in ("LITERAL", "NOT_LITERAL"):
            letters.add(chr(value))
        elif kind == "RANGE":
            letters.add(chr(value[0]))
        elif kind == "CATEGORY":
            letters.add(SAMPLES_OF_CATEGORIES[str(value).removeprefix("CATEGORY_")])
        elif kind == "IN":
            letters |= letters_of(value)
        elif kind == "BRANCH":
            letters = letters.union(*map(letters_of, value[1]))
        elif kind in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT", "ASSERT", "ASSERT_NOT"):
            letters |= letters_of(value[-1])
    return letters


def starts(pattern: re.Pattern[str]) -> tuple[str, ...]:
    return ("", "https://host/") if "http" in pattern.pattern else ("",)


def hostile_texts(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Long texts that nearly match, again and again, of the pattern's own letters."""
    own = sorted(letters_of(sre_parse.parse(pattern.pattern, pattern.flags)) - set("htps"))
    letters = [*own[:: len(own) // LETTERS_AT_MOST + 1], "a", " ", "\n"]
    units = {"".join(pair) for size in (1, 2) for pair in product(letters, repeat=size)}
    for start, unit, end in product(starts(pattern), sorted(units), ("", "\0")):
        yield start + unit * (length // len(unit)) + end


def reading(pattern: re.Pattern[str], way: str) -> Callable[[str], object]:
    if way == "sub":
        return lambda text: pattern.sub("", text)
    if way == "finditer":
        return lambda text: list(pattern.finditer(text))
    return getattr(pattern, way)  # type: ignore[no-any-return]


def seconds(read: Callable[[str], object], text: str) -> float:
    """The processor's time: what else the machine does is not counted."""
    taken = []
    for _ in range(3):
        begun = time.thread_time()
        read(text)
        taken.append(time.thread_time() - begun)
    return min(taken)


def grows_too_fast(read: Callable[[str], object], text: str, quarter: str) -> bool:
    begun = time.perf_counter()
    read(text)
    if time.perf_counter() - begun < NOTICEABLE:
        return False
    whole = seconds(read, text)
    return whole > NOTICEABLE and whole / seconds(read, quarter) > MOST_GROWTH


def slow_text(pattern: re.Pattern[str], way: str) -> str | None:
    """The first text for which the time grows faster than the text."""
    read = reading(pattern, way)
    shorter = hostile_texts(pattern, LENGTH // 4)
    for text, quarter in zip(hostile_texts(pattern, LENGTH), shorter, strict=True):
        if grows_too_fast(read, text, quarter):
            return text
    return None


@pytest.mark.parametrize(("pattern", "way"), patterns())
def test_the_time_of_reading_grows_with_the_text_alone(pattern: re.Pattern[str], way: str) -> None:
    assert slow_text(pattern, way) is None


def test_no_pattern_is_left_out() -> None:
    made = {module: made_from_data(module) for module in modules()}
    assert len(made) > 150
    assert {module: count for module, count in made.items() if count} == {
        module: len(patterns) for module, patterns in MADE.items()
    }


@pytest.mark.parametrize("slow", [r"\s+$", r"a*b", r"(?:a|\s)*!"])
def test_a_pattern_that_is_slow_would_be_found(slow: str) -> None:
    assert slow_text(re.compile(slow), "search") is not None
