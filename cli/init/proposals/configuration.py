"""`init` and how Rasa runs: `config.yml` with its policies, and `endpoints.yml` with the action
server and the place where conversations are kept. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ..text.project import Proposal
from ..text.yaml_additions import add
from ..text.yaml_document import Document, parse

_POLICY = "RulePolicy"
_FLOW_POLICY = "FlowPolicy"
_RECIPE = "default.v1"
_FALLBACK = "FallbackClassifier"
_OF_FLOWS = (
    f" has the {_FLOW_POLICY}, but the rules and examples that are added are for an "
    "assistant of intents: if flows do the talking, have pattern_human_handoff call "
    "action_handover, and make the follow-up a flow named handover_ended, as examples/calm does."
)
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 (nothing listens there)
_ACTION_SERVER = {"url": "http://localhost:5055/webhook"}
_OF_THE_ACTIONS = "Where action_handover runs: rasa run actions."
_OF_THE_TRACKERS = "On disk, so that conversations survive a restart."
_ON_DISK = {"type": "SQL", "dialect": "sqlite", "db": "tracker.db"}


def propose_config(path: str, text: str) -> Proposal:
    """Add the RulePolicy to a list of policies that lacks it; Rasa's default policies have it, and
    an assistant of flows needs none.
    """
    document = parse(path, text)
    if document.data.get("recipe", _RECIPE) != _RECIPE:
        note = f"{path} does not use the recipe {_RECIPE}: make sure that it has {_POLICY}."
        return Proposal(path=path, before=text, after=text, notes=(note,))
    names = _policies(document)
    if not names or _follow_rules(names) or _FLOW_POLICY in names:
        notes = (path + _OF_FLOWS,) if _FLOW_POLICY in names and _follow_rules(names) else ()
        return Proposal(path=path, before=text, after=text, notes=notes)
    after = add(document, {"policies": [{"name": _POLICY}]})
    return Proposal(path=path, before=text, after=after)


def has_only_flows(path: str, text: str) -> bool:
    """Whether it is an assistant of flows, in which nothing follows rules."""
    names = _policies(parse(path, text))
    return _FLOW_POLICY in names and not _follow_rules(names)


def has_fallback(path: str, text: str) -> bool:
    """Whether the NLU reports what it did not understand, as Rasa's default pipeline does."""
    data = parse(path, text).data
    names = [_name_of(one) for one in data.get("pipeline") or ()]
    return _FALLBACK in names or (not names and data.get("recipe", _RECIPE) == _RECIPE)


def propose_endpoints(path: str, text: str | None) -> Proposal:
    """Add the action server and the tracker store, if they are not configured.

    Without a tracker store Rasa keeps conversations in memory: after a restart it would remember
    neither them nor how their handovers ended.
    """
    document = parse(path, text or "")
    after = _with_section(document, "action_endpoint", _ACTION_SERVER, _OF_THE_ACTIONS)
    after = _with_section(parse(path, after), "tracker_store", _ON_DISK, _OF_THE_TRACKERS)
    return Proposal(path=path, before=text, after=after, notes=tuple(_elsewhere(document)))


def _elsewhere(document: Document) -> Iterator[str]:
    section = document.data.get("action_endpoint")
    url = str(section.get("url") or "") if isinstance(section, dict) else ""
    host = _host(url)
    if host is not None and host not in _THIS_MACHINE:
        yield (
            f"The action server in {document.name} is not on this machine ({host}): install the "
            "plugin and the changed actions where it runs, too. For images of your own, see "
            "docs/images.md."
        )


def _host(url: str) -> str | None:
    """The host in a URL; None if it has none, or has a placeholder such as ${HOST} or [HOST]."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return None if host is None or "$" in host else host


def language_of(path: str, text: str) -> str:
    """The assistant's language, according to its config; English is Rasa's default."""
    return str(parse(path, text).data.get("language") or "en")


def _policies(document: Document) -> list[str]:
    return [_name_of(policy) for policy in document.data.get("policies") or ()]


def _follow_rules(policies: list[str]) -> bool:
    return any(name.endswith(_POLICY) for name in policies)  # a subclass applies rules, too


def _name_of(policy: Any) -> str:
    name = policy.get("name") if isinstance(policy, dict) else policy
    return str(name).rpartition(".")[2]


def _with_section(document: Document, key: str, value: dict[str, Any], heading: str) -> str:
    is_there = bool(document.data.get(key))
    return document.text if is_there else add(document, {key: value}, heading=heading)
