"""The reference lists all that the code has, and nothing else."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rasa.shared.core.domain import Domain

from channels.core import errors
from channels.core.briefing.pass_metadata import pass_metadata
from channels.core.briefing.situation import Said, Situation
from channels.core.briefing.turns import (
    END_REASON_ENTITY,
    RESERVED_INTENTS,
    ended_metadata,
    started_metadata,
)
from channels.core.errors import SettingsError
from channels.core.events import Platform, Thread
from channels.core.plans import Plan
from channels.core.sessions.session import EndReason, Session, State
from channels.core.sessions.statistics import Statistics, statistics_of
from channels.core.settings.settings import is_own_section, parse_settings
from channels.engine.health import HealthProblem, Part
from channels.graph.refusals import error_codes
from channels.operators.answers import Handover
from channels.operators.contexts import Context
from channels.operators.stories import Story
from cli.doctor.checks import app as doctor_app
from cli.doctor.checks import assistant as doctor_assistant
from cli.doctor.checks import endpoints as doctor_endpoints
from cli.doctor.checks import graph as doctor_graph
from cli.doctor.checks import instagram as doctor_instagram
from cli.doctor.checks import page as doctor_page
from cli.doctor.checks import store as doctor_store
from cli.doctor.checks import switches as doctor_switches
from cli.doctor.checks import token as doctor_token
from cli.doctor.checks import understanding as doctor_understanding
from cli.doctor.checks import webhook as doctor_webhook
from cli.main import COMMANDS
from emulator import Switches, load_config
from emulator.__main__ import _parser as emulator_parser
from emulator.control.bodies import ChangeApp
from emulator.platform.faults import CallFault, WebhookFault
from emulator.platform.state.models import Config, PageToken, User
from emulator.rules.odd_answers import ODD_ANSWERS
from tests.docs.channel_routes import REQUIRED, channel_routes, complete
from tests.docs.known_commands import control_routes
from tests.support.documents import DOCS, ROOT, blocks, codes, examples, read_yaml, table, text_of

SETTINGS = "docs/reference/settings.md"
TRACKER = "docs/reference/tracker.md"
EMULATOR = "docs/reference/emulator.md"
ERRORS = "docs/reference/errors.md"
CLI = "docs/reference/cli.md"
NOON = datetime(2026, 8, 29, 12, tzinfo=timezone.utc)
SESSION = Session(
    id="5f0c",
    thread=Thread(platform=Platform.MESSENGER, page="1", user="2"),
    plan=Plan(name="default", metadata={"team": "support"}),
    state=State.ACTIVE,
    version=1,
    opened_at=NOON,
    cause_at=NOON,
    last_user_at=NOON,
    due_at=NOON + timedelta(minutes=2),
)
CHECKS = {
    "Graph API": [doctor_graph],
    "App": [doctor_app],
    "Webhook": [doctor_webhook],
    "Page": [doctor_token, doctor_page, doctor_instagram],
    "What no API tells": [doctor_switches],
    "Session store": [doctor_store],
    "Rasa": [doctor_endpoints],
    "Assistant": [doctor_assistant, doctor_understanding],
}


def first_codes(page: str, section: str) -> list[str]:
    """What stands in backticks in the first column of a table."""
    return [code for row in table(page, section) for code in codes(row[0])]


def allowed(section: dict[str, Any]) -> list[str]:
    """The keys that the settings' error names as allowed, for a section with one too many."""
    with pytest.raises(SettingsError) as refusal:
        parse_settings(section)
    named = re.findall(r"Allowed are: (.*)\.", str(refusal.value))[0]
    return str(named).split(", ")


def with_extra_key(place: str) -> dict[str, Any]:
    nonsense = {"nonsense": 1}
    return {
        "The channel": nonsense,
        "A plan": complete({"plans": {"default": nonsense}}),
        "A Page": complete({"pages": {"1": nonsense}}),
    }[place]


def takes(place: str, key: str, value: object) -> bool:
    """Whether a key of the channel or of a plan may have the value."""
    section = {key: value} if place == "The channel" else {"plans": {"default": {key: value}}}
    try:
        parse_settings(complete(section))
    except SettingsError:
        return False
    return True


def has_a_range(place: str, key: str) -> bool:
    """Whether it is a number or a duration: neither any number, nor any text."""
    is_either = any(takes(place, key, value) for value in (60, "1h"))
    return is_either and not any(takes(place, key, value) for value in (10**9 - 1, "menu"))


@pytest.mark.parametrize("place", ["The channel", "A plan", "A Page"])
def test_the_settings_are_all_listed(place: str) -> None:
    assert sorted(first_codes(SETTINGS, place)) == sorted(allowed(with_extra_key(place)))


@pytest.mark.parametrize(
    ("place", "key", "default"),
    [
        (place, codes(row[0])[0], codes(row[1])[0])
        for place in ("The channel", "A plan")
        for row in table(SETTINGS, place)
        if row[1].startswith("`") and row[1].endswith("`")
    ],
)
def test_a_default_is_the_one_that_is_listed(place: str, key: str, default: str) -> None:
    keys = {key: read_yaml(default)}
    section = keys if place == "The channel" else {"plans": {"default": keys}}
    assert parse_settings(complete(section)) == parse_settings(REQUIRED)


@pytest.mark.parametrize(
    ("place", "key", "meaning"),
    [
        (place, codes(row[0])[0], row[2])
        for place in ("The channel", "A plan")
        for row in table(SETTINGS, place)
        if has_a_range(place, codes(row[0])[0])
    ],
)
def test_the_range_of_a_number_or_a_duration_is_the_one_that_is_listed(
    place: str, key: str, meaning: str
) -> None:
    found = re.search(r"\b(\d+)([smhd]?) to (\d+)([smhd]?)\b", meaning)
    assert found is not None, f"{SETTINGS} does not say which values {key} may have"
    least, unit, most, larger_unit = found.groups()
    for number, is_taken in ((int(least) - 1, False), (int(least), True)):
        assert takes(place, key, f"{number}{unit}") is is_taken
    for number, is_taken in ((int(most), True), (int(most) + 1, False)):
        assert takes(place, key, f"{number}{larger_unit}") is is_taken


@pytest.mark.parametrize("place", ["The channel", "A plan", "A Page"])
def test_each_setting_is_shown_in_use(place: str) -> None:
    sections = [
        section
        for block in blocks("yaml")
        if not block.page.startswith("docs/reference/")
        for name, section in as_mapping(read_yaml(block.code)).items()
        if is_own_section(name)
    ]
    pages = [page for section in sections for page in section.get("pages", {}).values()]
    holders = [*sections, *pages]
    used = {
        "The channel": sections,
        "A plan": [plan for one in holders for plan in one.get("plans", {}).values()],
        "A Page": pages,
    }[place]
    assert set(first_codes(SETTINGS, place)) - {key for one in used for key in one} == set()


def as_mapping(content: Any) -> dict[str, Any]:
    return content if isinstance(content, dict) else {}


def test_each_end_reason_has_its_part() -> None:
    assert first_codes("docs/endings.md", "How a handover ends") == [one.value for one in EndReason]


def test_each_state_is_told() -> None:
    assert first_codes("docs/concepts.md", "The life of a handover") == [s.value for s in State]


def test_the_picture_names_each_state_and_each_reason() -> None:
    picture = (DOCS / "pictures" / "life-of-a-handover.svg").read_text()
    named = re.findall(r"<text[^>]*>(\w+)</text>", picture)
    words = [one.value for kind in (State, EndReason) for one in kind]
    assert [word for word in words if word not in named] == []


def test_the_errors_are_all_listed_below_their_own() -> None:
    tree = {
        one.__name__: one.__bases__[0].__name__
        for one in vars(errors).values()
        if inspect.isclass(one) and issubclass(one, errors.HandoverError)
    }
    listed = {
        codes(row[0])[0]: (codes(row[1]) or ["Exception"])[0] for row in table(ERRORS, "Errors")
    }
    assert listed == tree


def test_metas_codes_are_listed_under_their_error() -> None:
    numbers = [error_codes.NUMBERS, error_codes.CODES, error_codes.BROAD_CODES]
    meanings = [(str(n), meaning) for one in numbers for n, meaning in one.items()]
    meanings += [("/".join(map(str, pair)), one) for pair, one in error_codes.PAIRS.items()]
    listed = [
        (number, codes(row[0])[0])
        for row in table(ERRORS, "Meta's codes")
        for number in row[1].split(", ")
    ]
    assert sorted(listed) == sorted((number, one.kind.__name__) for number, one in meanings)


def test_the_channels_routes_are_all_listed() -> None:
    listed = {
        tuple(call.split())
        for section in ("Meta", "Watching", "Operator API")
        for call in first_codes("docs/reference/http.md", section)
    }
    below = {(method, path.removeprefix("/webhooks/facebook")) for method, path in channel_routes()}
    there = {
        (method, re.sub(r":str", "", path) or "/")
        for method, path in below
        if not path.startswith("/handovers/page/")  # what the operators' page is made of
    }
    assert listed == there


@pytest.mark.parametrize(("number", "kind"), enumerate((Handover, Story, Context, Statistics)))
def test_an_answer_of_the_operator_api_is_shown_as_it_comes(number: int, kind: Any) -> None:
    shown = examples("docs/reference/http.md", "Operator API", "json")[number]
    assert list(json.loads(shown)) == list(kind.__struct_fields__)
    assert json.loads(msgspec.json.encode(msgspec.json.decode(shown, type=kind))) == json.loads(
        shown
    )


def test_the_statistics_are_shown_with_each_reason_and_each_time() -> None:
    shown = json.loads(examples("docs/reference/http.md", "Statistics", "json")[0])
    empty = msgspec.to_builtins(statistics_of([], since=NOON, until=NOON))
    assert list(shown["by_reason"]) == list(empty["by_reason"])
    times = [[one["within_seconds"] for one in of["first_answers"]] for of in (shown, empty)]
    assert times[0] == times[1]


def test_a_problem_is_shown_as_health_tells_it() -> None:
    [health] = examples("docs/reference/http.md", "Watching", "json")
    [problem] = json.loads(health)["problems"]
    assert set(problem) == set(HealthProblem.__dataclass_fields__)
    assert Part(problem["part"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_commands_options_are_all_listed(command: Any) -> None:
    parser = argparse.ArgumentParser()
    command.load().add_arguments(parser)
    assert first_codes(CLI, command.name) == options_of(parser)


def test_the_emulators_options_are_all_listed() -> None:
    assert first_codes(CLI, "The emulator") == options_of(emulator_parser())


def test_what_the_emulators_configuration_may_have_is_all_listed() -> None:
    [listed] = [row[1] for row in table(CLI, "The emulator") if "`--config`" in row[0]]
    assert sorted(codes(listed)) == sorted(Config.__struct_fields__)


def options_of(parser: argparse.ArgumentParser) -> list[str]:
    return [
        option for one in parser._actions for option in one.option_strings if one.dest != "help"
    ]


def test_no_command_is_listed_that_does_not_exist() -> None:
    sections = re.findall(r"^## (.*)$", text_of(CLI), re.MULTILINE)
    assert sections == [*(command.name for command in COMMANDS), "The emulator"]


def test_the_checks_of_doctor_are_all_listed() -> None:
    rows = [row for row in table(CLI, "doctor") if row[0] in CHECKS]
    listed = {row[0]: codes(row[1]) for row in rows}
    assert listed == {
        group: [check.name for module in modules for check in module.CHECKS]
        for group, modules in CHECKS.items()
    }


def test_the_intents_and_slots_are_those_of_the_domain() -> None:
    domain = Domain.load(ROOT / "domain.yml")
    assert set(first_codes(TRACKER, "Intents")) == RESERVED_INTENTS
    names = {*first_codes(TRACKER, "Entity and slots"), "handover_feedback"}
    assert names == {slot.name for slot in domain.slots if slot.name.startswith("handover_")}
    assert END_REASON_ENTITY in domain.entities


def test_the_metadata_of_an_end_is_all_listed() -> None:
    section = "Metadata of handover_ended"
    keys = list(ended_metadata(SESSION, {"lines": []})["handover"])
    assert first_codes(TRACKER, section) == keys
    [shown] = examples(TRACKER, section, "json")
    assert list(json.loads(shown)["handover"]) == list(ended_metadata(SESSION)["handover"])
    assert list(started_metadata(SESSION)["handover"]) == [*keys[:5], "was_waiting", "opened_by"]


def test_the_agents_context_is_shown_as_it_is_passed() -> None:
    [shown] = examples("docs/hand-over.md", "What the agent gets", "json")
    passed = json.loads(
        pass_metadata(
            msgspec.structs.replace(
                SESSION, plan=Plan(name="default", metadata={"a": 1}, context_slots=("order_id",))
            ),
            language="en",
            last_texts=["Hi"],
            situation=Situation(
                intent="ask_human",
                slots={"order_id": "4711"},
                said=(Said(at=NOON, speaker="bot", text="Hello"),),
            ),
            url="https://bot.example.com",
        )
    )
    assert list(json.loads(shown)) == list(passed)


def test_the_request_of_an_action_is_one_that_a_plan_takes() -> None:
    [shown] = examples("docs/hand-over.md", "From another kind of action", "json")
    wishes = json.loads(shown)["handover"]
    name = wishes.pop("plan")
    assert Plan(name=name).overridden(wishes).timeout == timedelta(hours=1)


def test_the_control_api_is_all_listed() -> None:
    listed = {tuple(call.split()) for call in first_codes(EMULATOR, "Calls")}
    assert listed == control_routes()


def test_what_the_control_api_takes_is_all_listed() -> None:
    faults = table(EMULATOR, "Faults")
    of_calls = [code for row in faults[: -len(webhook_rows(faults))] for code in codes(row[0])]
    of_webhooks = [code for row in webhook_rows(faults) for code in codes(row[0])]
    assert set(of_calls) == fields(CallFault)
    assert set(of_webhooks) == fields(WebhookFault)
    assert set(first_codes(EMULATOR, "An app")) == fields(ChangeApp)
    assert set(first_codes(EMULATOR, "A person")) == fields(User)
    [token] = [row[1] for row in table(EMULATOR, "An app") if codes(row[0]) == ["page_token"]]
    assert fields(PageToken) <= set(codes(token))


def webhook_rows(faults: list[list[str]]) -> list[list[str]]:
    [start] = [i for i, row in enumerate(faults) if codes(row[0]) == ["app_id"]]
    return faults[start:]


def test_the_odd_answers_are_all_listed_with_their_calls() -> None:
    rows = table(EMULATOR, "Odd answers")
    listed = {name: codes(call)[0] for names, call, *_ in rows for name in codes(names)}
    assert listed == {name: odd.path for name, odd in ODD_ANSWERS.items()}


def test_the_switches_are_all_listed_with_their_values() -> None:
    for name, cell in table(EMULATOR, "Switches"):
        values = [read_yaml(f"value: {code}")["value"] for code in codes(cell.rpartition(":")[2])]
        texts = ["null" if value is None else value for value in values]
        default = getattr(Switches(), codes(name)[0])
        assert texts[0] == default
        for value in texts:
            msgspec.convert({codes(name)[0]: value}, Switches)
    assert set(first_codes(EMULATOR, "Switches")) == fields(Switches)


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return set(struct.__struct_fields__)


def test_the_emulators_configuration_is_one_that_it_takes(tmp_path: Path) -> None:
    [shown] = examples("docs/emulator.md", "Other apps, other people", "json")
    (tmp_path / "config.json").write_text(shown)
    assert load_config(tmp_path / "config.json").page.name == "My Page"


def test_the_log_lines_are_those_that_the_channel_writes() -> None:
    written = "\n".join(texts_of((ROOT / "channels").rglob("*.py")))
    pieces = [
        piece.strip()
        for line in first_codes("docs/troubles.md", "Troubleshooting")
        for piece in line.split("…")
        if piece.strip()
    ]
    assert pieces
    assert [piece for piece in pieces if piece not in written] == []


def texts_of(files: Iterable[Path]) -> list[str]:
    """Every text in the code, each as one, however it is broken into lines."""
    return [
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
