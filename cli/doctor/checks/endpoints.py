"""What endpoints.yml names: Rasa's tracker store, its lock store and its action server. Pure."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .. import links
from ..findings import Check, Unknown, Verdict, cannot_tell, known, ok, wrong

ACTION = "action_handover"
AVAILABILITY_ACTION = "action_handover_availability"
_OTHER_ACTIONS = (AVAILABILITY_ACTION, "action_rephrase_or_handover")  # of the plugin's

_LOCKS_FOR_ALL = ("redis", "concurrent_redis")  # the second is Rasa Pro's
_REDIS = "Give 'lock_store' in endpoints.yml the type redis."
_OK = 200


class TrackerStoreKind(enum.Enum):
    """What Rasa makes of 'tracker_store': a store that keeps conversations, or its own memory,
    because none is set, no class has that name, or the class's own code raises ImportError or
    AttributeError.
    """

    KEPT = "kept"
    NONE = "none"
    NOT_FOUND = "not found"
    NOT_BUILT = "not built"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackerStoreFacts:
    """What the tracker store is, and, in a word, what goes wrong when it is asked; None if nothing
    does.
    """

    kind: TrackerStoreKind | Unknown
    problem: str | Unknown | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionServerFacts:
    """The HTTP status of the action server's `/health`, and the names of its actions."""

    health: int | Unknown
    actions: Collection[str] | Unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointsFacts:
    """`endpoints` is what endpoints.yml has. `several_workers` says whether SANIC_WORKERS is more
    than one, `shares_store` whether 'store' is a database that several `rasa run` can share.
    `in_domain` are the actions that the domain names.
    """

    endpoints: Mapping[str, Any] | Unknown
    tracker_store: TrackerStoreFacts
    several_workers: bool
    shares_store: bool
    action_server: ActionServerFacts
    in_domain: Collection[str] | Unknown


def action_server(endpoints: Mapping[str, Any] | Unknown) -> str | Unknown:
    """The action server's base URL: that of endpoints.yml, without the `/webhook` at its end."""
    if isinstance(endpoints, Unknown):
        return Unknown(told_by=endpoints.told_by)
    section = endpoints.get("action_endpoint")
    url = section.get("url") if isinstance(section, Mapping) else None
    if url is not None:
        return str(url).rstrip("/").removesuffix("/webhook")
    module = section.get("actions_module") if isinstance(section, Mapping) else None
    if module is not None:
        its_own = cannot_tell(
            f"Rasa Pro runs the actions of the module {module} itself, without an action server.",
            "Make sure that the module imports ActionHandover from rasa_handover.actions.",
        )
        return Unknown(told_by="action-server", verdict=its_own)
    problem = wrong(
        "endpoints.yml has no 'action_endpoint', so Rasa runs none of your actions.",
        "Write 'action_endpoint:' with 'url: http://localhost:5055/webhook' under it.",
    )
    return Unknown(told_by="action-server", verdict=problem)


def type_of(endpoints: Mapping[str, Any], name: str) -> str | None:
    """The type of the tracker store or lock store; None if none is set."""
    section = endpoints.get(name)
    kind = section.get("store_type", section.get("type")) if isinstance(section, Mapping) else None
    return None if kind is None else str(kind)


def _endpoints(facts: EndpointsFacts) -> Verdict:
    known(facts.endpoints)
    return ok("endpoints.yml can be read.")


def _tracker_store(facts: EndpointsFacts) -> Verdict:
    endpoints = known(facts.endpoints)
    kind = type_of(endpoints, "tracker_store")
    store = known(facts.tracker_store.kind)
    if store is TrackerStoreKind.NOT_FOUND:
        return wrong(
            f"Rasa finds no tracker store {kind}, and keeps conversations in memory instead: a "
            "restart forgets them.",
            "Correct its 'type' in endpoints.yml, or install the package that provides it.",
        )
    if store is TrackerStoreKind.NOT_BUILT:
        return wrong(
            f"Rasa can't build the tracker store {kind}, whose code lacks a package or a name, "
            "and keeps conversations in memory instead: a restart forgets them.",
            "Install what it needs, or fix its module; `rasa run --debug` shows more.",
        )
    if store is TrackerStoreKind.NONE:
        return wrong(
            "Rasa keeps conversations in memory: a restart forgets them, and the end of a handover "
            "may be told twice.",
            "Give endpoints.yml a 'tracker_store'.",
        )
    is_sql = str(kind).lower() == "sql"
    if facts.several_workers and is_sql and _is_sqlite(endpoints["tracker_store"]):
        return wrong(
            "Several workers share a tracker store in SQLite.",
            "Give 'tracker_store' the dialect postgresql.",
        )
    return ok(f"Conversations are kept in a tracker store of type {kind}.")


def _tracker_store_answers(facts: EndpointsFacts) -> Verdict:
    problem = known(facts.tracker_store.problem)
    if problem is None:
        return ok("The tracker store answers.")
    return wrong(
        f"The tracker store does not answer ({problem}): until it does, Rasa forgets what is said.",
        "Start its database, and check its address, name and password in endpoints.yml.",
    )


def _is_sqlite(section: Mapping[str, Any]) -> bool:
    return bool(section.get("dialect", "sqlite") == "sqlite")  # which is Rasa's default


def _lock_store(facts: EndpointsFacts) -> Verdict:
    kind = (type_of(known(facts.endpoints), "lock_store") or "in_memory").lower()
    if kind in _LOCKS_FOR_ALL:
        return ok("The lock store is Redis, which all workers share.")
    if kind != "in_memory":
        return cannot_tell(
            f"The lock store is {kind}, which doctor does not know.",
            "With several workers, make sure that they share its locks.",
        )
    if facts.several_workers:
        return wrong(
            "SANIC_WORKERS is more than one, but the lock store is in memory: Rasa then runs only "
            "one worker.",
            _REDIS,
        )
    if facts.shares_store:
        return cannot_tell(
            "The lock store is in memory, and 'store' is PostgreSQL, as for several `rasa run`.",
            f"That is fine for a single `rasa run`; for several: {_REDIS}",
        )
    return ok("The lock store is in memory, which is fine for one worker.")


def _health(facts: EndpointsFacts) -> Verdict:
    status = known(facts.action_server.health)
    if status == _OK:
        return ok("The action server answers.")
    return wrong(
        f"The action server's /health answers with HTTP {status}.",
        "Check that 'action_endpoint' leads to `rasa run actions`.",
    )


def _action(facts: EndpointsFacts) -> Verdict:
    there = known(facts.action_server.actions)
    if ACTION not in there:
        return wrong(
            f"The action server does not have {ACTION}: the bot says that it is connecting the "
            "user, and nothing happens.",
            "`rasa-handover init` adds it to your actions; then start `rasa run actions` again.",
        )
    named = () if isinstance(facts.in_domain, Unknown) else facts.in_domain
    missing = [action for action in _OTHER_ACTIONS if action in named and action not in there]
    if missing:
        return wrong(
            f"The action server does not have {', '.join(missing)}, which the domain names: a rule "
            "that runs it breaks off there.",
            "Import it from rasa_handover.actions beside ActionHandover, and start `rasa run "
            "actions` again.",
        )
    return ok(f"The action server has {ACTION}.")


CHECKS = (
    Check(name="endpoints-file", judge=_endpoints, link=links.RASA_TRACKER_STORES),
    Check(name="tracker-store", judge=_tracker_store, link=links.RASA_TRACKER_STORES),
    Check(
        name="tracker-store-answers",
        judge=_tracker_store_answers,
        link=links.RASA_TRACKER_STORES,
    ),
    Check(name="lock-store", judge=_lock_store, link=links.RASA_LOCK_STORES),
    Check(name="action-server", judge=_health, link=links.RASA_ACTION_SERVER),
    Check(name="action-handover", judge=_action, link=links.RASA_ACTION_SERVER),
)
