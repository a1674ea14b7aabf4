"""How checks become findings, and how a fact that is missing is told."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cli.doctor.checks import app as doctor_app
from cli.doctor.checks import assistant as doctor_assistant
from cli.doctor.checks import endpoints as doctor_endpoints
from cli.doctor.checks import graph as doctor_graph
from cli.doctor.checks import instagram as doctor_instagram
from cli.doctor.checks import page as doctor_page
from cli.doctor.checks import store as doctor_store
from cli.doctor.checks import switches as doctor_switches
from cli.doctor.checks import token as doctor_token
from cli.doctor.checks import webhook as doctor_webhook
from cli.doctor.findings import (
    Check,
    Finding,
    Outcome,
    Unknown,
    Verdict,
    cannot_tell,
    examine,
    known,
    ok,
    wrong,
)

GROUPS = (
    *(doctor_app, doctor_assistant, doctor_endpoints, doctor_graph, doctor_instagram),
    *(doctor_page, doctor_store, doctor_switches, doctor_token, doctor_webhook),
)
LINK = "https://docs.example"
UNREACHED = wrong("Nobody answered.", "Call again.")


@dataclass(frozen=True, kw_only=True)
class Facts:
    number: int | Unknown


def is_even(facts: Facts) -> Verdict:
    number = known(facts.number)
    return ok(f"{number} is even.") if number % 2 == 0 else wrong(f"{number} is odd.", "Add one.")


def test_a_check_becomes_a_finding_of_its_group() -> None:
    (finding,) = examine("Numbers", [Check(name="even", judge=is_even, link=LINK)], Facts(number=3))
    assert finding == Finding(
        group="Numbers",
        check="even",
        outcome=Outcome.WRONG,
        detail="3 is odd.",
        remedy="Add one.",
        link=LINK,
    )


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("even", UNREACHED), ("small", cannot_tell("This depends on 'even'."))],
)
def test_a_missing_fact_is_told_by_its_own_check_and_referred_to_by_others(
    name: str, verdict: Verdict
) -> None:
    missing = Facts(number=Unknown(told_by="even", verdict=UNREACHED))
    (finding,) = examine("Numbers", [Check(name=name, judge=is_even, link=LINK)], missing)
    told = Verdict(outcome=finding.outcome, detail=finding.detail, remedy=finding.remedy)
    assert told == verdict


def test_a_missing_fact_without_a_verdict_is_referred_to() -> None:
    missing = Facts(number=Unknown(told_by="even"))
    (finding,) = examine("Numbers", [Check(name="even", judge=is_even, link=LINK)], missing)
    assert finding.outcome is Outcome.CANNOT_TELL


def test_the_names_of_checks_are_unique_so_that_scripts_can_rely_on_them() -> None:
    names = [check.name for group in GROUPS for check in group.CHECKS]
    assert len(names) == len(set(names))
