"""A project's training data: its examples, and the intents with a rule or story. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..text.project import Files, Places
from .part import BACK_TO_BOT

# Two examples count as near if at least this share of all their words is in both.
NEAR = 2 / 3

_WORD = re.compile(r"\w+")
_ANNOTATED = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\{[^{}]*\})")
# "ask_for_an_agent", and neither "ask_are_you_human" nor "contact_person" nor "car_handover".
_ASKS_FOR_A_PERSON = re.compile(
    r"(^|(human|agent|operator|live|chat|request|ask|need|trigger|to)_)hand_?(off|over)$"
    r"|(^|(get|request|ask|want|need|for|to|with)_)"
    r"(live|human|real)_?(agent|person|chat|support|operator)$"
    r"|(talk|speak|chat|request|ask|want|need|contact|transfer|connect)"
    r"(_?(me|us|to|for|with|an?|the|your|real|live|human|customer|service|support))*_?"
    r"(humans?|agent|operator|representative|staff|someone|(?<!contact_)(person|people))$"
)
_FEWEST = 2  # examples that show what an intent is about; they must also be at least half of all


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """The training data of a project.

    Attributes:
        examples: what users write, by intent, without annotations and in lower case.
        answered: for each intent with a rule or story, the file that it is in.
    """

    examples: Mapping[str, Sequence[str]]
    answered: Mapping[str, str]

    def has_near(self, example: str) -> bool:
        """Whether some example says nearly the same, so that it can't mean another intent, too."""
        return any(is_near(example, one) for known in self.examples.values() for one in known)

    def is_about(self, words: str) -> bool:
        """Whether an intent is about these words: most of its examples have all of them, as those
        of a restaurant's have "menu". The intent that the keywords belong to does not count.
        """
        wanted = set(_WORD.findall(words.lower()))
        counts = (
            (sum(wanted <= set(_WORD.findall(one)) for one in known), len(known))
            for intent, known in self.examples.items()
            if intent != BACK_TO_BOT
        )
        return any(count >= _FEWEST and 2 * count >= all_ for count, all_ in counts)

    @property
    def lines(self) -> list[str]:
        """What users write, whatever the intent."""
        return [line for known in self.examples.values() for line in known]

    def intents_for_a_person(self, name: str, is_wish: Callable[[str], bool]) -> list[str]:
        """The project's intents by which users ask for a person, the chief one first: `name`, or
        those that look like it. There are several in an assistant of several languages.

        Their examples show that, or, if their language is unknown here, the name of one. Part of a
        retrieval intent, such as faq/person, does not count: rules can't distinguish it from the
        others.
        """
        wishes = {
            intent: sum(map(is_wish, known))
            for intent, known in self.examples.items()
            if "/" not in intent
        }
        meant = [one for one, count in wishes.items() if self._is_enough(one, count)]
        meant.sort(key=lambda one: (one != name, -wishes[one]))
        if name in self.examples or name in self.answered:
            return list(dict.fromkeys([name, *meant]))
        return meant or list(filter(is_for_a_person, wishes))[:1]

    def retrieval_for_a_person(self, is_wish: Callable[[str], bool]) -> str | None:
        """The part of a retrieval intent by which users ask for a person."""
        parts = (one for one in self.examples if "/" in one)
        wishes = {one: sum(map(is_wish, self.examples[one])) for one in parts}
        return next((one for one, count in wishes.items() if self._is_enough(one, count)), None)

    def _is_enough(self, intent: str, wishes: int) -> bool:
        return wishes >= _FEWEST and 2 * wishes >= len(self.examples[intent])


def is_for_a_person(name: str) -> bool:
    """Whether an intent or a flow has the name of one by which users ask for a person."""
    return _ASKS_FOR_A_PERSON.search(name.lower()) is not None


def training_of(files: Files, places: Places) -> Training:
    """What the project's own files say; `rasa train` refuses a file that can't be read."""
    examples: dict[str, list[str]] = {}
    answered: dict[str, str] = {}
    for path, text in files.items():
        if not places.is_data(path) or path in {places.rules, places.examples}:
            continue
        content = _read(text, is_json=path.endswith(".json"))
        for intent, lines in (*_examples(content.get("nlu")), *_json_examples(content)):
            examples.setdefault(intent, []).extend(lines)
        for intent in _intents([content.get("rules"), content.get("stories")]):
            answered.setdefault(intent, path)
    return Training(examples=examples, answered=answered)


def examples_in(block: str) -> list[str]:
    """The examples in a block of training data, without annotations and in lower case."""
    lines = (line.strip() for line in block.splitlines())
    return [
        _ANNOTATED.sub(r"\1", line[1:]).strip().lower() for line in lines if line.startswith("-")
    ]


def is_near(one: str, other: str) -> bool:
    """Whether two examples have most of their words in common."""
    words, others = set(_WORD.findall(one.lower())), set(_WORD.findall(other.lower()))
    return len(words & others) >= NEAR * len(words | others) > 0


def _read(text: str, *, is_json: bool) -> dict[str, Any]:
    """What a file says; as YAML, a long file of JSON would take minutes to read."""
    try:
        content = json.loads(text) if is_json else YAML(typ="safe").load(text)
    except (YAMLError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _examples(items: object) -> Iterator[tuple[str, list[str]]]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and "intent" in item:
            yield str(item["intent"]), _texts(item.get("examples") or "")


def _json_examples(content: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The examples in the JSON that Rasa reads besides YAML."""
    data = content.get("rasa_nlu_data")
    items = data.get("common_examples") if isinstance(data, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and "intent" in item:
            yield str(item["intent"]), [str(item.get("text", "")).lower()]


def _texts(found: object) -> list[str]:
    """The examples of an intent: a block of lines, or a list with metadata for each."""
    if not isinstance(found, list):
        return examples_in(str(found))
    texts = (str(one.get("text", "")) for one in found if isinstance(one, dict))
    return [line for text in texts for line in examples_in(f"- {text.strip().lstrip('- ')}")]


def _intents(value: object) -> Iterator[str]:
    """Every intent that is a step of a rule or story."""
    if isinstance(value, dict):
        if isinstance(value.get("intent"), str):
            yield from value["intent"].split("|")
        for child in value.values():
            yield from _intents(child)
    elif isinstance(value, list):
        for child in value:
            yield from _intents(child)
