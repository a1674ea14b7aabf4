"""What the doctor finds: one verdict for each check. Pure.

A check judges facts that were gathered before. A fact that could not be gathered is `Unknown`,
and the one check that is about it says why. All others that need it refer to that check, so a dead
token is reported only once.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

_Facts = TypeVar("_Facts")
_Fact = TypeVar("_Fact")


class Outcome(enum.Enum):
    """The result of a check."""

    OK = "ok"
    WRONG = "wrong"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The outcome, what was seen, and how to fix it or read more, all without secrets."""

    outcome: Outcome
    detail: str
    remedy: str = ""


def ok(detail: str) -> Verdict:
    return Verdict(outcome=Outcome.OK, detail=detail)


def wrong(detail: str, remedy: str) -> Verdict:
    return Verdict(outcome=Outcome.WRONG, detail=detail, remedy=remedy)


def cannot_tell(detail: str, remedy: str = "") -> Verdict:
    return Verdict(outcome=Outcome.CANNOT_TELL, detail=detail, remedy=remedy)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """A fact that could not be gathered.

    `told_by` names the check that says why, which reports `verdict`; there is none if that check
    judges for itself what is known.
    """

    told_by: str
    verdict: Verdict | None = None


class FactMissing(Exception):
    """A check needs a fact that is unknown."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.told_by)
        self.unknown = unknown


def known(fact: _Fact | Unknown) -> _Fact:
    """The fact, for a check. Raises FactMissing, which becomes the check's verdict."""
    if isinstance(fact, Unknown):
        raise FactMissing(fact)
    return fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Check(Generic[_Facts]):
    """One row of the doctor: its name, which scripts may rely on, and where to read more."""

    name: str
    judge: Callable[[_Facts], Verdict]
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a check found; `group` is what it was about, such as one of the pages.

    If nothing could be found, `depends_on` names the check that says why; otherwise it is "".
    """

    group: str
    check: str
    outcome: Outcome
    detail: str
    remedy: str
    link: str
    depends_on: str = ""


def examine(group: str, checks: Iterable[Check[_Facts]], facts: _Facts) -> list[Finding]:
    """A finding for each of the checks."""
    return [_examined(group, check, facts) for check in checks]


def _examined(group: str, check: Check[_Facts], facts: _Facts) -> Finding:
    try:
        return _finding(group, check, check.judge(facts))
    except FactMissing as missing:
        unknown = missing.unknown
    if unknown.told_by == check.name and unknown.verdict is not None:
        return _finding(group, check, unknown.verdict)
    told_by = unknown.told_by
    return _finding(group, check, cannot_tell(f"This depends on '{told_by}'."), told_by)


def _finding(group: str, check: Check[_Facts], verdict: Verdict, depends_on: str = "") -> Finding:
    return Finding(
        group=group,
        check=check.name,
        outcome=verdict.outcome,
        detail=verdict.detail,
        remedy=verdict.remedy,
        link=check.link,
        depends_on=depends_on,
    )
