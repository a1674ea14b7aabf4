"""The figures of a chaos run as a table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from channels.core.sessions.session import EndReason, ended_message_id, session_id_for
from channels.instruments.suspects import MOST_DEATHS
from tests.stack.chaos.chaos_run import Plan, Result
from tests.stack.chaos.verdict.evidence import USER
from tests.stack.chaos.verdict.judge import Figure

REASONS = tuple(reason.value for reason in EndReason)
MOST_OFFENDERS = 20  # of one figure that are printed


def report(plan: Plan, result: Result, figures: Sequence[Figure]) -> str:
    """What is printed in the end."""
    return "\n".join([*_run(plan, result), "", *_sessions(result), "", *_figures(figures)])


def reasons(result: Result) -> Counter[str]:
    """How many sessions ended for each reason."""
    return Counter(one.reason for one in result.evidence.sessions if one.reason is not None)


def gaps(plan: Plan, result: Result) -> Iterator[str]:
    """What has not happened, so that a figure of zero says nothing; a sentence each."""
    counts = reasons(result)
    for reason in REASONS:
        if not counts[reason]:
            yield f"No session ended by {reason}"
    deaths = Counter(death.text for death in result.evidence.deaths)
    if plan.poisons and max(deaths.values(), default=0) < MOST_DEATHS:
        yield f"No message killed its reader {MOST_DEATHS} times"


def by_the_channel(result: Result) -> int:
    """How many handovers the channel began, because a turn or an action of the bot failed."""
    return sum(one.opened_by == "bot_failed" for one in result.evidence.sessions)


def followed(result: Result) -> int:
    """How many handovers a follow-up led to: it asked for them, or Meta refused to send it."""
    ids = {one.session for one in result.evidence.sessions}
    return sum(session_id_for(ended_message_id(session)) in ids for session in ids)


def _run(plan: Plan, result: Result) -> Iterator[str]:
    evidence = result.evidence
    written = sum(1 for said in evidence.said if said.sender == USER)
    rows = {
        "seed": plan.seed,
        "users": plan.users,
        "messages and taps of users": written,
        "messages of the bot": sum(1 for said in evidence.said if said.mark is not None),
        "kills": len(evidence.kills),
        "of them of one process of several": plan.blows.worker_kills,
        "pauses of a replica": len(evidence.pauses),
        "stops of each server, and of the receiver": plan.blows.outages,
        "messages that kill their reader": plan.poisons,
        "of the kills, by such a message": len(evidence.deaths),
        "rounds of Graph faults": plan.blows.faults + plan.blows.throttles,
        "deaths of the token": plan.blows.dead_tokens,
        "load": f"{result.took.total_seconds():.0f} s",
        "rest": f"{result.rested.total_seconds():.0f} s",
    }
    return (f"{name:<40} {value:>10}" for name, value in rows.items())


def _sessions(result: Result) -> Iterator[str]:
    counts = reasons(result)
    yield f"{'sessions':<40} {len(result.evidence.sessions):>10}"
    for reason in REASONS:
        yield f"  ended by {reason:<29} {counts[reason]:>10}"
    yield f"  {'begun by a follow-up, or its refusal':<38} {followed(result):>10}"
    yield f"  {'begun because the bot failed':<38} {by_the_channel(result):>10}"
    sessions = result.evidence.sessions
    waited = sum(one.waiting_since is not None for one in sessions)
    yield f"  {'that waited for opening hours':<38} {waited:>10}"
    yield f"  {'with feedback':<38} {sum(one.has_feedback for one in sessions):>10}"
    yield f"{'notices to operators':<40} {len(result.evidence.told):>10}"


def _figures(figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        mark = "FAILED" if figure.failed else "" if figure.must_be_zero else "apart"
        yield f"{figure.name:<68} {len(figure.offenders):>6} {mark}".rstrip()
    for figure in figures:
        if figure.failed:
            yield f"\n{figure.name}:"
            yield from (f"  {offender}" for offender in figure.offenders[:MOST_OFFENDERS])
            if len(figure.offenders) > MOST_OFFENDERS:
                yield f"  and {len(figure.offenders) - MOST_OFFENDERS} more"
