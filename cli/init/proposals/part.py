"""What a handover needs from an assistant: the part of this project's own that others get. Pure.

The rules show which intents, responses and actions belong to it. The example of a second plan,
the intent for sales, is left out: each assistant has its own plans.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml.nodes import Node
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from ...assistant.words import Words
from ..text.yaml_additions import dump
from ..text.yaml_document import Document, end_of_content, parse

SECTIONS = ("intents", "entities", "slots", "responses", "actions")
FORMAT_VERSION = "3.1"  # of Rasa's training data
HEADING = "Handover"  # above what is added to a file

ASK_HUMAN = "ask_human"
BACK_TO_BOT = "back_to_bot"
ASK_TO_WAIT = "ask_to_wait"
FALLBACK = "nlu_fallback"  # the intent of Rasa's FallbackClassifier

_ASK_HUMAN = re.compile(r"\bask_human\b")
_SECOND_PLAN = "ask_sales"
_FALLBACK_ACTION, _REPHRASE = "action_rephrase_or_handover", "utter_default"  # which it says
_OWN_PREFIX = "handover_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What is added to another assistant.

    Attributes:
        rules: the file of rules, or, in an assistant of flows, of flows.
        domain: the domain file; each section has the comments that belong to its entries.
        examples: what users write, by the intent that they mean.
    """

    rules: str
    domain: Document
    examples: Mapping[str, Sequence[str]]

    def nlu(self, intents: Iterable[str], *, leave_out: Callable[[str], bool]) -> str:
        """The training data file for those `intents` that have examples; "" if none have."""
        kept = {
            name: [one for one in self.examples[name] if not leave_out(one)]
            for name in intents
            if name in self.examples
        }
        items = [
            {"intent": name, "examples": _block(examples)}
            for name, examples in kept.items()
            if examples
        ]
        version = DoubleQuotedScalarString(FORMAT_VERSION)
        return dump({"version": version, "nlu": items}) if items else ""

    def brought_back_by(self, keywords: Sequence[str], *, leave_out: Callable[[str], bool]) -> Part:
        """The same, with these keywords added to what users write to get the bot back."""
        known = dict.fromkeys([*keywords, *self.examples[BACK_TO_BOT]])
        examples = tuple(one for one in known if not leave_out(one))
        return replace(self, examples={**self.examples, BACK_TO_BOT: examples})

    def spoken(self, words: Words) -> Part:
        """The same in another language, as far as it has words."""
        domain = _read(self.domain.text)
        for name, variants in domain.data["responses"].items():
            for one in variants:
                if name in words.responses and "text" in one:
                    one["text"] = DoubleQuotedScalarString(words.responses[name])
                for button in one.get("buttons") or ():
                    title = words.titles.get(button["title"], button["title"])
                    button["title"] = DoubleQuotedScalarString(title)
        spoken = {
            ASK_HUMAN: words.ask_human,
            BACK_TO_BOT: words.back_to_bot,
            ASK_TO_WAIT: words.ask_to_wait,
        }
        examples = {name: spoken.get(name, one) for name, one in self.examples.items()}
        return replace(self, domain=domain, examples=examples)

    def in_forms(self, rules: str) -> Part:
        """The same, with rules that apply in the middle of forms."""
        return replace(self, rules=self.rules.rstrip("\n") + "\n" + rules) if rules else self

    def asked_for_by(self, intent: str, *, is_answered: bool) -> Part:
        """The same, for an assistant with an intent of its own by which users ask for a person.

        If a rule answers that intent already, it should hand over; no second one is added.
        """
        part = self.without_rules_for({ASK_HUMAN}) if is_answered else self
        return Part(
            rules=_renamed(part.rules, intent),
            domain=_read(_renamed(self.domain.text, intent)),
            examples={name: one for name, one in self.examples.items() if name != ASK_HUMAN},
        )

    def without_fallback(self) -> Part:
        """The same, without the rule for what was not understood."""
        data = copy.deepcopy(self.domain.data)
        data["actions"].remove(_FALLBACK_ACTION)
        del data["responses"][_REPHRASE]
        return replace(self.without_rules_for({FALLBACK}), domain=replace(self.domain, data=data))

    def answers_of(self, intents: Iterable[str]) -> list[str]:
        """Those of the intents that a rule here answers, too."""
        return [one for one in intents if any(map(_answers(one), self.rules.split("\n\n")))]

    def without_rules_for(self, intents: Collection[str]) -> Part:
        """The same, for an assistant with rules for these intents: two rules would conflict."""
        rules = [
            rule
            for rule in self.rules.split("\n\n")
            if not any(_answers(intent)(rule) for intent in intents)
        ]
        return replace(self, rules="\n\n".join(rules))


def part_of_flows(*, flows: str, domain: str) -> Part:
    """What an assistant of flows needs, which has no examples; its flows stand for the rules."""
    return Part(rules=flows, domain=parse("the domain", domain), examples={})


def part_of(*, rules: str, domain: str, nlu: str) -> Part:
    """The part of an assistant with these files that its handovers need."""
    rules = "\n\n".join(block for block in rules.split("\n\n") if _SECOND_PLAN not in block)
    wanted = {*_named(parse("the rules", rules).data["rules"]), _REPHRASE}
    return Part(
        rules=rules,
        domain=_domain(parse("the domain", domain), wanted),
        examples={
            str(item["intent"]): tuple(
                line.strip()[1:].strip() for line in item["examples"].splitlines()
            )
            for item in parse("the training data", nlu).data["nlu"]
        },
    )


def is_event(intent: str) -> bool:
    """Whether an intent is the channel's own, which nobody writes."""
    return intent.startswith(_OWN_PREFIX)


def name_of(entry: Any) -> str:
    """The name of an entry in a domain's list, with or without settings of its own."""
    return str(next(iter(entry), "")) if isinstance(entry, dict) else str(entry)


def _answers(intent: str) -> Callable[[str], bool]:
    """Whether a rule, as text, waits for the intent."""
    step = f"intent: {intent}"
    return lambda rule: any(line.endswith(step) for line in rule.splitlines())


def _block(examples: Iterable[str]) -> str:
    block: str = LiteralScalarString("".join(f"- {one}\n" for one in examples))
    return block


def _renamed(text: str, intent: str) -> str:
    """The text with another name for the intent by which users ask for a person."""
    return _ASK_HUMAN.sub(lambda _: intent, text)


def _named(rules: list[dict[str, Any]]) -> Iterator[str]:
    """The intents and actions in the steps of rules."""
    for rule in rules:
        for step in rule["steps"]:
            yield from (name for name in step.values() if isinstance(name, str))


def _domain(domain: Document, wanted: set[str]) -> Document:
    """The domain with only the wanted entries, each with the lines that it has now."""
    text = "\n\n".join(
        "\n".join([f"{section}:", *_lines(domain, section, wanted)]) for section in SECTIONS
    )
    return _read(f'version: "{FORMAT_VERSION}"\n\n{text}\n')


def _read(text: str) -> Document:
    """The domain in `text`, without what leads to the second plan."""
    domain = parse("the domain", text)
    data = copy.deepcopy(domain.data)
    _drop_the_second_plan(data)
    return replace(domain, data=data)


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
