"""`init` on projects with forms: what a form ignores, and the rules for the middle of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.domain import Domain

from cli.init.text import yaml_document
from tests.support.rasa_project import contents
from tests.unit.cli.init.init_on_project import Output, init, read, write

SLOTS = """
slots:
  address:
    type: text
    mappings:
    - type: from_text
      conditions:
      - active_loop: parcel_form
  size:
    type: text
    mappings:
    - type: from_entity
      entity: size
"""
OURS = ["ask_human", "back_to_bot", "ask_to_wait", "rate_good", "rate_bad"]
FORMS = [
    "forms:\n  parcel_form:\n    required_slots:\n    - address  # where to\n",
    "forms:\n    parcel_form:\n        required_slots: [address]\n    other_form:\n",
    "forms:\n  parcel_form: {required_slots: [address]}\n",
    "forms: {parcel_form: {required_slots: [address]}}\n",
    "forms:\n  parcel_form:\n  # asks by itself\n",
    "forms:\n  parcel_form: {}\nactions: []\n",
    "forms:\n  parcel_form:\n    required_slots: []\n\nactions:\n- validate_parcel_form\n",
    "forms:\n  parcel_form:\n    required_slots: [address]\n    ignored_intents:\n",
]
INHERITED = [
    "forms:\n  parcel_form: &x\n    required_slots: [address]\n  two:\n    <<: *x\n  three: *x\n",
]
THEIRS = [
    "forms:\n  parcel_form:\n    ignored_intents:\n    - chitchat\n    required_slots: [address]\n",
    "forms:\n  parcel_form:\n    ignored_intents: [chitchat]\n    required_slots:\n    - address\n",
]

SHARED = [
    "forms: {parcel_form: {required_slots: [address], ignored_intents: chitchat}}\n",
    "x: &x [chitchat]\nforms: {parcel_form: {required_slots: [address], ignored_intents: *x}}\n",
    "forms:\n  one: &x {required_slots: [], ignored_intents: [help]}\n  parcel_form:\n    <<: *x\n",
]


def ignored(project: Path, name: str = "domain.yml", form: str = "parcel_form") -> list[str]:
    found: list[str] = read(project, name)["forms"][form].get("ignored_intents", [])
    return found


def in_the_middle(project: Path) -> list[list[Any]]:
    """What happens by the rules for the middle of the form."""
    rules = read(project, "data/handover_rules.yml")["rules"]
    condition = [{"active_loop": "parcel_form"}]
    steps = [one["steps"] for one in rules if one.get("condition") == condition]
    return [[next(iter(step.values())) for step in one] for one in steps]


@pytest.mark.parametrize("form", [*FORMS, *INHERITED])
def test_a_form_ignores_what_is_no_answer(project: Path, form: str) -> None:
    write(project, "domain.yml", form + SLOTS)
    init(project, "--yes")
    assert ignored(project) == OURS


@pytest.mark.parametrize("form", [*FORMS, *THEIRS])
def test_rasa_takes_the_forms_that_ignore_intents(project: Path, form: str) -> None:
    write(project, "domain.yml", form + SLOTS)
    init(project, "--yes")
    assert "parcel_form" in Domain.load(str(project / "domain.yml")).form_names


@pytest.mark.parametrize("form", THEIRS)
def test_what_it_ignores_already_stays_so(project: Path, form: str) -> None:
    write(project, "domain.yml", form + SLOTS)
    init(project, "--yes")
    assert ignored(project) == ["chitchat", *OURS]


@pytest.mark.parametrize("form", [*FORMS, *THEIRS, *INHERITED])
def test_no_line_of_theirs_is_lost_and_a_second_run_has_nothing_to_add(
    project: Path, capsys: Output, form: str
) -> None:
    text = form + SLOTS
    write(project, "domain.yml", text)
    init(project, "--yes")
    after = (project / "domain.yml").read_text()
    lost = [line for line in text.splitlines() if line not in after.splitlines()]
    assert [line for line in lost if not line.endswith(("]", "}"))] == []
    before = contents(project)
    capsys.readouterr()
    assert init(project) == 0
    assert capsys.readouterr().out == "Nothing to add.\n"
    assert contents(project) == before


def test_each_further_form_costs_no_reading_of_the_domain(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_again: list[None] = []

    def round_trip() -> Any:
        read_again.append(None)
        return original()

    original = yaml_document.round_trip
    monkeypatch.setattr(yaml_document, "round_trip", round_trip)
    counts = []
    for count in (1, 2, 9):  # the first one also reads the other files
        names = "".join(f"  form_{i}: {{required_slots: [address]}}\n" for i in range(count))
        write(project, "domain.yml", f"forms:\n{names}{SLOTS}")
        read_again.clear()
        init(project, "--dry-run")
        counts.append(len(read_again))
    assert counts[1] == counts[2]


def test_a_form_in_a_folder_of_domain_files_is_changed_where_it_is(project: Path) -> None:
    (project / "domain.yml").unlink()
    write(project, "domain/forms.yml", FORMS[0])
    write(project, "domain/slots.yml", SLOTS)
    init(project, "--yes")
    assert ignored(project, "domain/forms.yml") == OURS
    assert "forms" not in read(project, "domain/handover.yml")


def test_a_form_that_takes_no_words_ignores_nothing(project: Path) -> None:
    write(project, "domain.yml", "forms:\n  parcel_form: {required_slots: [size]}\n" + SLOTS)
    init(project, "--yes")
    assert ignored(project) == []


@pytest.mark.parametrize(
    ("mapping", "takes_words"),
    [
        ("{type: from_text}", True),
        ("{type: from_text, intent: inform}", False),
        ("{type: from_intent, not_intent: affirm, value: false}", True),
        ("{type: from_intent, intent: affirm, value: true}", False),
        ("{type: custom, action: action_find}", True),
    ],
)
def test_which_form_takes_words_is_read_off_its_slots(
    project: Path, mapping: str, takes_words: bool
) -> None:
    form = "forms: {parcel_form: {required_slots: [size, found]}}\n"
    write(project, "domain.yml", f"{form}{SLOTS}  found: {{type: any, mappings: [{mapping}]}}\n")
    init(project, "--yes")
    assert bool(ignored(project)) is takes_words


def test_it_is_said_of_which_form(project: Path, capsys: Output) -> None:
    write(project, "domain.yml", FORMS[1] + SLOTS)
    init(project, "--yes")
    told = "even a request for a person: parcel_form, other_form. With ignored_intents it"
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("form", SHARED)
def test_a_form_that_has_no_list_of_its_own_stays_and_is_told(
    project: Path, capsys: Output, form: str
) -> None:
    write(project, "domain.yml", form + SLOTS)
    assert init(project, "--yes") == 0
    assert "ask_human" not in ignored(project)
    told = capsys.readouterr().out
    assert f"parcel_form. Add {', '.join(OURS)} to their ignored_intents." in told


class TestRules:
    HANDOVER = (
        "ask_human",
        "action_handover_availability",
        [{"handover_open": True}],
        "utter_connecting",
        "action_handover",
    )
    SILENCE = ("handover_started", "action_listen")

    @pytest.mark.parametrize("slot", ["address", "size"])
    def test_the_form_is_quiet_while_a_person_has_the_thread(
        self, project: Path, slot: str
    ) -> None:
        write(project, "domain.yml", f"forms: {{parcel_form: {{required_slots: [{slot}]}}}}\n")
        init(project, "--yes")
        assert in_the_middle(project) == [[*self.HANDOVER], [*self.SILENCE]]

    def test_a_wish_of_theirs_has_its_own_name(self, project: Path) -> None:
        wishes = "    - I want to talk to a human\n    - can I speak with a real person\n"
        nlu = f"nlu:\n- intent: clerk\n  examples: |\n{wishes}"
        write(project, "data/theirs.yml", nlu)
        write(project, "domain.yml", FORMS[0] + SLOTS)
        init(project, "--yes")
        assert in_the_middle(project) == [["clerk", *self.HANDOVER[1:]], [*self.SILENCE]]
        assert ignored(project)[0] == "clerk"

    def test_a_wish_with_a_rule_of_theirs_gets_no_second_one(self, project: Path) -> None:
        steps = "  - intent: ask_human\n  - action: utter_phone\n"
        write(project, "data/theirs.yml", f"rules:\n- rule: theirs\n  steps:\n{steps}")
        write(project, "domain.yml", FORMS[0] + SLOTS)
        init(project, "--yes")
        assert in_the_middle(project) == [[*self.SILENCE]]
