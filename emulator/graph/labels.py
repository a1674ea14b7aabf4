"""Labels of conversations: made, given, taken away (Meta facts 1.6; Meta: "Custom Labels")."""

from __future__ import annotations

from ..platform.deeds.labels import Labels
from ..platform.platform import Platform
from ..platform.state.models import App
from ..platform.state.state import State
from ..platform.state.uploads import Label
from ..rules.errors import JsonObject, no_such_object
from .request.request import Edges, GraphCall

SUCCESS: JsonObject = {"success": True}


class GraphLabels:
    """The Page's labels; every method raises GraphError if Meta refuses."""

    def __init__(self, platform: Platform, labels: Labels) -> None:
        self._platform = platform
        self._state: State = platform.state
        self._labels = labels

    def edges(self) -> Edges:
        """What each method and edge of the Page does."""
        return {("GET", "custom_labels"): self._list, ("POST", "custom_labels"): self._make}

    def of_person(self, person: str, call: GraphCall) -> JsonObject:
        """The labels that a person has."""
        return {"data": [_shown(one, call) for one in self._labels.all() if person in one.people]}

    def node(self, call: GraphCall) -> JsonObject:
        """A call about a single label, which exists."""
        label = self._state.labels[call.node]
        asked = (call.method, call.edge)
        if asked == ("GET", ""):
            return _shown(label, call)
        if asked == ("DELETE", ""):
            del self._state.labels[label.id]
            return SUCCESS
        if asked not in (("POST", "label"), ("DELETE", "label")):
            raise no_such_object(call.method, "/".join(call.path))
        thread = self._platform.thread(call.text("user") or "")
        if call.method == "POST":
            self._labels.give(label, thread)
        else:
            self._labels.take_away(label, thread)
        return SUCCESS

    def _list(self, _app: App, call: GraphCall) -> JsonObject:
        return {"data": [_shown(label, call) for label in self._labels.all()]}

    def _make(self, _app: App, call: GraphCall) -> JsonObject:
        return {"id": self._labels.made(call.text("page_label_name") or "").id}


def _shown(label: Label, call: GraphCall) -> JsonObject:
    known = {"id": label.id, "page_label_name": label.name}
    return call.picked(known, ("id",), "PageLabel")
