"""How findings are printed, and what scripts get."""

from __future__ import annotations

import json

import pytest

from cli.doctor.findings import Finding, Outcome
from cli.doctor.report import WIDTH, as_json, as_text, exit_status

LINK = "https://docs.example/a/page/about/it"


def finding(outcome: Outcome, group: str = "Page", **changes: str) -> Finding:
    texts = {"check": "token-valid", "detail": "It is so.", "remedy": "", "link": LINK}
    return Finding(group=group, outcome=outcome, **{**texts, **changes})


OK = finding(Outcome.OK)
WRONG = finding(Outcome.WRONG, remedy="Fix it.")
CANNOT_TELL = finding(Outcome.CANNOT_TELL, group="What no API tells", remedy="Look there.")


def test_findings_stand_below_their_groups_and_are_counted() -> None:
    assert as_text([OK, WRONG, CANNOT_TELL]) == (
        "Page\n"
        "  ok          token-valid: It is so.\n"
        "  wrong       token-valid: It is so.\n"
        "              Fix it.\n"
        f"              {LINK}\n"
        "\n"
        "What no API tells\n"
        "  cannot tell token-valid: It is so.\n"
        "              Look there.\n"
        f"              {LINK}\n"
        "\n"
        "1 ok, 1 wrong, 1 cannot tell."
    )


def test_what_depends_on_one_thing_is_told_in_one_entry() -> None:
    waiting = [
        finding(Outcome.CANNOT_TELL, group, check=check, depends_on=reason)
        for group, check, reason in [
            ("App 1", "app-secret", "graph-reachable"),
            ("Page", "token-valid", "graph-reachable"),
            ("Page", "routing", "token-valid"),
            ("Page 2", "token-valid", "graph-reachable"),
        ]
    ]
    assert as_text([OK, *waiting]) == (
        "Page\n"
        "  ok          token-valid: It is so.\n"
        "\n"
        "Not looked at\n"
        "  cannot tell This depends on 'graph-reachable': app-secret, token-valid.\n"
        "  cannot tell This depends on 'token-valid': routing.\n"
        "\n"
        "1 ok, 0 wrong, 4 cannot tell."
    )
    assert len(json.loads(as_json(waiting))) == 4


def test_long_texts_are_wrapped_and_links_are_left_whole() -> None:
    long = finding(Outcome.WRONG, detail="a word " * 40, remedy="fix " * 40, link="x" * 150)
    lines = as_text([long]).splitlines()
    assert [line for line in lines if len(line) > WIDTH] == [" " * 14 + "x" * 150]


def test_what_others_wrote_can_not_steer_the_terminal() -> None:
    text = as_text([finding(Outcome.OK, detail="It is for \x1b[2J\r\nPage\u202e.")])
    assert all(line.isprintable() for line in text.split("\n"))
    assert "Page" in text


def test_scripts_get_every_key_of_every_finding() -> None:
    assert json.loads(as_json([WRONG, CANNOT_TELL])) == [
        {
            "group": "Page",
            "check": "token-valid",
            "outcome": "wrong",
            "detail": "It is so.",
            "remedy": "Fix it.",
            "link": LINK,
        },
        {
            "group": "What no API tells",
            "check": "token-valid",
            "outcome": "cannot tell",
            "detail": "It is so.",
            "remedy": "Look there.",
            "link": LINK,
        },
    ]


@pytest.mark.parametrize(
    ("findings", "status"),
    [([], 0), ([OK], 0), ([OK, CANNOT_TELL], 0), ([OK, WRONG, CANNOT_TELL], 1)],
)
def test_only_what_is_wrong_is_a_failure(findings: list[Finding], status: int) -> None:
    assert exit_status(findings) == status
