"""How findings are shown: as lines for people, as JSON, and as an exit status for scripts. Pure."""

from __future__ import annotations

import itertools
import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from ..terminal import Colour, coloured, printable
from .findings import Finding, Outcome

WIDTH = 100  # columns
_INDENT = " " * 14
_COLOURS = {
    Outcome.OK: Colour.GREEN,
    Outcome.WRONG: Colour.RED,
    Outcome.CANNOT_TELL: Colour.YELLOW,
}


def as_text(findings: Sequence[Finding], *, colours: bool = False) -> str:
    """The findings under the names of their groups, and how many there are of each outcome.

    Everything that could not be looked at for the same reason is one entry, at the end.
    """
    lines: list[str] = []
    found = [finding for finding in findings if not finding.depends_on]
    for group, members in itertools.groupby(found, key=lambda finding: finding.group):
        lines.append(group)
        for finding in members:
            lines.extend(_lines(finding, colours))
        lines.append("")
    if waiting := list(_not_looked_at(findings)):
        lines += ["Not looked at", *waiting, ""]
    return "\n".join([*lines, _summary(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    """A list with an object for each finding; its keys and the names of checks stay as they are."""
    rows = [
        {
            "group": finding.group,
            "check": finding.check,
            "outcome": finding.outcome.value,
            "detail": finding.detail,
            "remedy": finding.remedy,
            "link": finding.link,
        }
        for finding in findings
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def exit_status(findings: Sequence[Finding]) -> int:
    """1 if anything is wrong, otherwise 0; "cannot tell" is not a failure."""
    return int(any(finding.outcome is Outcome.WRONG for finding in findings))


def _not_looked_at(findings: Sequence[Finding]) -> Iterator[str]:
    for reason in dict.fromkeys(one.depends_on for one in findings if one.depends_on):
        names = [one.check for one in findings if one.depends_on == reason]
        yield from _wrapped(
            f"  {Outcome.CANNOT_TELL.value:<11} This depends on '{reason}': "
            f"{', '.join(dict.fromkeys(names))}."
        )


def _lines(finding: Finding, colours: bool) -> Iterator[str]:
    outcome = f"  {finding.outcome.value:<11}"
    first, *rest = _wrapped(f"{outcome} {finding.check}: {finding.detail}")
    shown = coloured(outcome, _COLOURS.get(finding.outcome), on=colours)
    yield first.replace(outcome, shown, 1)
    yield from rest
    if finding.remedy:
        yield from _wrapped(f"{_INDENT}{finding.remedy}")
        yield f"{_INDENT}{finding.link}"


def _wrapped(text: str) -> list[str]:
    """The lines of a text, in which nothing that others wrote can control the terminal."""
    return textwrap.wrap(
        printable(text),
        WIDTH,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(findings: Sequence[Finding]) -> str:
    counted = Counter(finding.outcome for finding in findings)
    return ", ".join(f"{counted[outcome]} {outcome.value}" for outcome in Outcome) + "."
