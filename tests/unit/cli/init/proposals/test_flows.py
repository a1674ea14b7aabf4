"""`init` on an assistant of flows (CALM)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.init.init_on_project import Output, init, read, write

FILE = "data/handover_flows.yml"
OWN = """flows:
  {name}:
    description: of theirs
    steps:
      - action: utter_greet
"""


@pytest.fixture
def project(project: Path) -> Path:
    """One that has no rules, no examples and no stories."""
    for path in (project / "data").iterdir():
        path.unlink()
    write(project, "config.yml", "language: en\npolicies:\n- name: FlowPolicy\n")
    write(project, "data/flows.yml", OWN.format(name="send_a_parcel"))
    return project


def test_it_gets_flows_in_place_of_rules_and_examples(project: Path) -> None:
    init(project, "--yes")
    assert set(read(project, FILE)["flows"]) == {"pattern_human_handoff", "handover_ended"}
    assert {path.name for path in (project / "data").iterdir()} == {
        "flows.yml",
        "handover_flows.yml",
    }


def test_its_domain_has_what_the_flows_say_and_collect(project: Path) -> None:
    init(project, "--yes")
    domain = read(project, "domain.yml")
    assert {"utter_connecting", "utter_ask_handover_feedback"} <= set(domain["responses"])
    assert domain["slots"]["handover_feedback"]["mappings"] == [{"type": "from_llm"}]


def test_its_policies_stay_as_they_are(project: Path) -> None:
    before = (project / "config.yml").read_text()
    init(project, "--yes")
    assert (project / "config.yml").read_text() == before


def test_a_second_run_has_nothing_to_add(project: Path, capsys: Output) -> None:
    init(project, "--yes")
    capsys.readouterr()
    init(project)
    assert capsys.readouterr().out == "Nothing to add.\n"


@pytest.mark.parametrize("name", ["pattern_human_handoff", "handover_ended"])
def test_a_flow_that_it_has_gets_no_second_one(project: Path, capsys: Output, name: str) -> None:
    write(project, "data/flows.yml", OWN.format(name=name))
    init(project, "--yes")
    (left,) = {"pattern_human_handoff", "handover_ended"} - {name}
    assert list(read(project, FILE)["flows"]) == [left]
    assert name in capsys.readouterr().out.partition("Note: ")[2]


def test_with_both_flows_of_its_own_it_gets_none(project: Path) -> None:
    for name in ("pattern_human_handoff", "handover_ended"):
        write(project, f"data/{name}.yml", OWN.format(name=name))
    init(project, "--yes")
    assert not (project / FILE).exists()


def test_a_flow_of_its_own_for_a_person_is_to_hand_over(project: Path, capsys: Output) -> None:
    write(project, "data/flows.yml", OWN.format(name="human_handoff"))
    init(project, "--yes")
    assert (
        "Note: Your flow human_handoff in data/flows.yml is for users who want a person. End it "
        "with the steps `- action: utter_connecting` and `- action: action_handover`"
    ) in capsys.readouterr().out


def test_a_flow_that_hands_over_already_needs_nothing(project: Path, capsys: Output) -> None:
    own = OWN.format(name="human_handoff").replace("utter_greet", "action_handover")
    write(project, "data/flows.yml", own)
    init(project, "--yes")
    assert "Note: " not in capsys.readouterr().out


def test_it_says_what_is_not_in_its_users_language(project: Path, capsys: Output) -> None:
    write(project, "config.yml", "language: es\npolicies:\n- name: FlowPolicy\n")
    init(project, "--yes")
    told = capsys.readouterr().out
    assert "Note: The assistant speaks 'es', but the new responses and keywords are trans" in told
    assert "Note: These responses are in English: utter_handover_over, utter_ask_handover" in told
