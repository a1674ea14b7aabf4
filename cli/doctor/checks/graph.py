"""Whether Graph can be used at all: reachable, a version that Meta still serves, clocks that agree.
Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from channels.core.meta.metas_clock import MOST_SKEW, in_words

from .. import links
from ..findings import Check, Unknown, Verdict, cannot_tell, known, ok, wrong

# Graph API, Changelog: the day on which each version ends; None where Meta has named none.
VERSION_ENDS = {
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
    "v27.0": None,
}
_GOOD_VERSION = "v25.0"
_OLDEST = 20  # version in the table
_METAS = {"graph.facebook.com", "graph.instagram.com"}


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphFacts:
    """`answered` is the HTTP status of an answer of any kind; `skew` is Meta's clock minus ours."""

    graph_url: str
    now: datetime
    answered: int | Unknown
    skew: timedelta | Unknown


def _reachable(facts: GraphFacts) -> Verdict:
    known(facts.answered)
    return ok(f"{facts.graph_url} answers.")


def _host(facts: GraphFacts) -> Verdict:
    host = (urlsplit(facts.graph_url).hostname or "").rstrip(".")
    if host in _METAS:
        return ok(f"'graph-url' is at Meta: {host}.")
    if _is_this_machine(host):
        return ok(f"'graph-url' is at {host}: an emulator on this machine, to try things out.")
    return wrong(
        f"'graph-url' is at {host}, which is neither Meta nor this machine: that host gets the "
        "Page's token, and no user hears the bot.",
        f"Write https://graph.facebook.com/{_GOOD_VERSION}. An emulator belongs on this machine.",
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _version(facts: GraphFacts) -> Verdict:
    version = facts.graph_url.rpartition("/")[2]
    number = re.match(r"v(\d+)\.", version)
    if version not in VERSION_ENDS and number is not None and int(number[1]) < _OLDEST:
        return _ended(version, "long ago")
    if version not in VERSION_ENDS:
        return cannot_tell(
            f"{version} is not among the versions that this release knows.",
            "Look up when Meta will end it.",
        )
    end = VERSION_ENDS[version]
    if end is None:
        return ok(f"{version}; Meta has not said yet when it ends.")
    if end <= facts.now.date():
        return _ended(version, f"on {end}")
    return ok(f"{version} is supported until {end}.")


def _ended(version: str, when: str) -> Verdict:
    return wrong(
        f"Meta ended {version} {when}; another version, older or newer, answers the calls.",
        f"Make 'graph-url' end with {_GOOD_VERSION}.",
    )


def _clock(facts: GraphFacts) -> Verdict:
    skew = known(facts.skew)
    seconds = round(abs(skew).total_seconds())
    if abs(skew) <= MOST_SKEW:
        return ok(f"This machine's clock and Meta's differ by {seconds} s.")
    return wrong(
        in_words(skew),
        "Have the machine keep its time by NTP: timeouts and the 24-hour window depend on it.",
    )


CHECKS = (
    Check(name="graph-reachable", judge=_reachable, link=links.STATUS),
    Check(name="graph-url", judge=_host, link=links.GRAPH_VERSIONS),
    Check(name="graph-version", judge=_version, link=links.GRAPH_VERSIONS),
    Check(name="clock", judge=_clock, link=links.WEBHOOKS),
)
