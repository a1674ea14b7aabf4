"""`init` and `endpoints.yml`: the action server, and where conversations are kept. Pure."""

from __future__ import annotations

from typing import Any

from .project import Proposal
from .yaml_additions import add
from .yaml_document import parse

ENDPOINTS_FILE = "endpoints.yml"

_ACTION_SERVER = {"url": "http://localhost:5055/webhook"}
_OF_THE_ACTIONS = "Where action_handover runs: rasa run actions."
_OF_THE_TRACKERS = "On disk, so that conversations outlive a restart."
_ON_DISK = {"type": "SQL", "dialect": "sqlite", "db": "tracker.db"}


def propose_endpoints(text: str | None) -> Proposal:
    """Add the action server and the tracker store, each if none is configured.

    Without a tracker store Rasa keeps conversations in memory: after a restart it would know none
    of them, nor how their handovers ended.
    """
    after = _added(text or "", "action_endpoint", _ACTION_SERVER, _OF_THE_ACTIONS)
    after = _added(after, "tracker_store", _ON_DISK, _OF_THE_TRACKERS)
    return Proposal(path=ENDPOINTS_FILE, before=text, after=after)


def _added(text: str, key: str, value: dict[str, Any], heading: str) -> str:
    document = parse(ENDPOINTS_FILE, text)
    return text if document.data.get(key) else add(document, {key: value}, heading=heading)
