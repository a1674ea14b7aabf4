"""What a handover needs of an assistant: the part of this project's own that others get. Pure.

The rules tell which intents, responses and actions belong to it. The example of a second plan,
the intent for sales, is left out: which plans there are is for each assistant to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import Node
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from .yaml_additions import dump
from .yaml_document import Document, end_of_content, parse

SECTIONS = ("intents", "entities", "slots", "responses", "actions")
FORMAT_VERSION = "3.1"  # of Rasa's training data
HEADING = "Handover"  # above what is added to a file

_SECOND_PLAN = "ask_sales"
_OWN_PREFIX = "handover_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What is added to another assistant.

    Attributes:
        rules: the file of rules.
        domain: the file of the domain; each section has the comments that belong to its entries.
        examples: what users write, by the intent that they mean.
    """

    rules: str
    domain: Document
    examples: Mapping[str, str]

    def nlu(self, intents: Iterable[str], *, without: Set[str] = frozenset()) -> str:
        """The file of training data for those of the `intents` that have examples; "" for none.

        Args:
            without: examples to leave out, in lower case.
        """
        items = [
            {"intent": name, "examples": _other_lines(self.examples[name], without)}
            for name in intents
            if name in self.examples
        ]
        version = DoubleQuotedScalarString(FORMAT_VERSION)
        return dump({"version": version, "nlu": items}) if items else ""


def part_of(*, rules: str, domain: str, nlu: str) -> Part:
    """The part of an assistant with these files that its handovers need."""
    rules = "\n\n".join(block for block in rules.split("\n\n") if _SECOND_PLAN not in block)
    wanted = set(_named(parse("the rules", rules).data["rules"]))
    return Part(
        rules=rules,
        domain=_domain(parse("the domain", domain), wanted),
        examples={
            str(item["intent"]): item["examples"]
            for item in parse("the training data", nlu).data["nlu"]
        },
    )


def example_in(line: str) -> str | None:
    """The example that a line of training data is, in lower case; None if it is none."""
    found = line.strip()
    return found[1:].strip().lower() if found.startswith("-") else None


def name_of(entry: Any) -> str:
    """The name that an entry of a domain's list has, with settings of its own or without."""
    return str(next(iter(entry), "")) if isinstance(entry, dict) else str(entry)


def _other_lines(examples: str, without: Set[str]) -> str:
    lines = examples.splitlines(keepends=True)
    block: str = LiteralScalarString("".join(x for x in lines if example_in(x) not in without))
    return block


def _named(rules: list[dict[str, Any]]) -> Iterator[str]:
    """The intents and actions in the steps of rules."""
    for rule in rules:
        for step in rule["steps"]:
            yield from step.values()


def _domain(domain: Document, wanted: set[str]) -> Document:
    """The domain of the wanted entries alone, each with the lines that it has now."""
    text = "\n\n".join(
        "\n".join([f"{section}:", *_lines(domain, section, wanted)]) for section in SECTIONS
    )
    part = parse("the domain", f'version: "{FORMAT_VERSION}"\n\n{text}\n')
    _drop_the_second_plan(part.data)
    return part


def _lines(domain: Document, section: str, wanted: set[str]) -> Iterator[str]:
    pair = domain.pair(section)
    for entry in pair[1].value if pair is not None else ():
        name, value = entry if isinstance(entry, tuple) else (entry, entry)
        if name.value in wanted or name.value.startswith(_OWN_PREFIX):
            yield _slice(domain, name, value)


def _slice(domain: Document, first: Node, last: Node) -> str:
    start = domain.text.rfind("\n", 0, first.start_mark.index) + 1
    return domain.text[start : end_of_content(domain, last)]


def _drop_the_second_plan(value: Any) -> None:
    """Take out what leads to the second plan: a button, and a mapping of a slot."""
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, dict | list):
            _drop_the_second_plan(child)
    if isinstance(value, list):
        leads = [isinstance(item, dict) and _leads_there(item) for item in value]
        for place in reversed([place for place, does in enumerate(leads) if does]):
            del value[place]


def _leads_there(item: dict[str, Any]) -> bool:
    return any(str(word).lstrip("/") == _SECOND_PLAN for word in item.values())
