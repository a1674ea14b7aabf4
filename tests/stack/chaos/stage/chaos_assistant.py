"""The assistant of the chaos run: the project's own handover, and an answer to every message."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from demo.stack import PROJECT

HERE = Path(__file__).with_name("assistant")
RULES = PROJECT / "data" / "handover_rules.yml"
FAILED = {"slot_was_set": [{"handover_end_reason": "failed"}]}
NOT_UNDERSTOOD = {"intent": "nlu_fallback"}
ASK_SHORT_TEAM = {"action": "utter_ask_short_team"}


def write_assistant(directory: Path) -> None:
    """Write config.yml, domain.yml and the training data into an empty directory."""
    (directory / "data").mkdir(parents=True)
    shutil.copy(HERE / "config.yml", directory)
    for data in (HERE / "rules.yml", HERE / "nlu.yml"):
        shutil.copy(data, directory / "data")
    rules = with_second_team(with_its_own_fallback(_read(RULES)))
    (directory / "data" / RULES.name).write_text(yaml.safe_dump(rules, sort_keys=False))
    domain = merged(_read(PROJECT / "domain.yml"), _read(HERE / "domain.yml"))
    (directory / "domain.yml").write_text(yaml.safe_dump(domain, sort_keys=True))


def merged(project: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """The project's domain with more intents, slots, mappings of its slots, and responses."""
    slots = dict(project["slots"])
    for name, slot in added["slots"].items():
        known = slots.get(name, {"mappings": []})
        slots[name] = {**known, **slot, "mappings": [*known["mappings"], *slot["mappings"]]}
    return {
        **project,
        "actions": [*project["actions"], *added["actions"]],
        "intents": [*project["intents"], *added["intents"]],
        "slots": slots,
        "responses": {**project["responses"], **added["responses"]},
    }


def with_second_team(rules: dict[str, Any]) -> dict[str, Any]:
    """The project's rules, with a second handover after each that has failed."""
    [failed] = [rule for rule in rules["rules"] if FAILED in rule.get("condition", [])]
    others = [rule for rule in rules["rules"] if rule is not failed]
    failed = {**failed, "steps": [*failed["steps"], ASK_SHORT_TEAM]}
    return {**rules, "rules": [*others, failed]}


def with_its_own_fallback(rules: dict[str, Any]) -> dict[str, Any]:
    """The project's rules without what it says to words that it does not understand: here, that
    is whatever a user just says.
    """
    [not_understood] = [rule for rule in rules["rules"] if NOT_UNDERSTOOD in rule["steps"]]
    return {**rules, "rules": [rule for rule in rules["rules"] if rule is not not_understood]}


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    return content
