"""`statistics`: how handovers went, for people or as JSON."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from channels.core.sessions.session import EndReason
from channels.core.sessions.statistics import Opinions, Statistics, Waited

from ..command import Command
from ..terminal import Colour, brief, coloured, has_colours, printable
from .handovers import add_bot_arguments, add_days_argument, client_of

_LONGEST_BAR = 30  # characters
_COLOURS = {EndReason.FAILED: Colour.RED, EndReason.UNANSWERED: Colour.YELLOW}


def report(told: Statistics, *, colours: bool = False) -> str:
    """How handovers ended, how long users waited, and what they thought, as lines for people."""
    return "\n".join(_lines(told, colours))


def _lines(told: Statistics, colours: bool) -> Iterator[str]:
    since, until = f"{told.since:%Y-%m-%d %H:%M}", f"{told.until:%Y-%m-%d %H:%M}"
    noun = "handover" if told.ended == 1 else "handovers"
    yield f"{told.ended} {noun} ended from {since} to {until} UTC."
    if not told.ended:
        return
    reasons = sorted(told.by_reason.items(), key=lambda pair: -pair[1])
    yield from ("", "By reason")
    for reason, count in reasons:
        if count:
            yield _row(reason.value, count, told.ended, _COLOURS.get(reason), colours)
    yield from ("", "Time to the first answer")
    for one in told.first_answers:
        yield _row(_within(one, told), one.sessions, told.ended, Colour.BLUE, colours)
    yield _row("no answer", told.unanswered, told.ended, Colour.YELLOW, colours)
    if told.median_first_answer_seconds is not None:
        median = timedelta(seconds=told.median_first_answer_seconds)
        yield f"  Half of the first answers came within {brief(median)}."
    yield from ("", "What users thought")
    yield f"  {_opinion(told.feedback.all)}"
    for plan, opinions in told.feedback.by_plan.items():
        yield f"  plan {printable(plan)}: {_opinion(opinions)}"


def _within(one: Waited, told: Statistics) -> str:
    if one.within_seconds is not None:
        return f"within {brief(timedelta(seconds=one.within_seconds))}"
    longest = max(each.within_seconds or 0 for each in told.first_answers)
    return f"over {brief(timedelta(seconds=longest))}"


def _row(name: str, count: int, most: int, colour: Colour | None, colours: bool) -> str:
    bar = "█" * round(_LONGEST_BAR * count / most)
    return f"  {name:<18}{count:>6}  {coloured(bar, colour, on=colours)}".rstrip()


def _opinion(opinions: Opinions) -> str:
    if not opinions.answers:
        return "nobody was asked, or nobody answered"
    share = round(100 * opinions.satisfied / opinions.answers)
    average = "" if opinions.average is None else f", {opinions.average} of 5 on average"
    noun = "answer" if opinions.answers == 1 else "answers"
    return f"{opinions.answers} {noun}, {share}% satisfied{average}"


def _run(options: Namespace) -> int:
    told = asyncio.run(client_of(options).statistics(options.days))
    if options.json:
        print(msgspec.json.encode(told).decode())
    else:
        print(report(told, colours=has_colours(sys.stdout)))
    return 0


def _add_arguments(parser: ArgumentParser) -> None:
    add_bot_arguments(parser)
    add_days_argument(parser)


COMMAND = Command(
    description="Show how the handovers of the last days went.",
    add_arguments=_add_arguments,
    run=_run,
)
