"""Labels that a Page gives to people, and their webhook (Meta facts 1.6 and 2.2; Meta: "Custom
Labels").

What `inbox_labels` holds is documented nowhere: it is taken from other projects that read it.
"""

from __future__ import annotations

from typing import Literal

from ...rules.accounts import PlatformName
from ...rules.errors import invalid_parameter
from ...rules.ownership import Array
from ..platform import Platform
from ..state.threads import Thread
from ..state.uploads import Label, new_id

Action = Literal["add_label", "remove_label"]


class Labels:
    """The Page's labels, only for people on Messenger."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._state = platform.state

    def all(self) -> list[Label]:
        """The labels in the order in which they were made."""
        return list(self._state.labels.values())

    def made(self, name: str) -> Label:
        """A new label. Raises GraphError 100 if the name is taken or empty."""
        if not name or any(one.name == name for one in self.all()):
            raise invalid_parameter("Param page_label_name must be a new name")
        label = Label(id=new_id(), name=name)
        self._state.labels[label.id] = label
        return label

    def named(self, name: str) -> Label:
        """The label with that name, created if there is none, as the Inbox does."""
        found = [label for label in self.all() if label.name == name]
        return found[0] if found else self.made(name)

    def give(self, label: Label, thread: Thread) -> None:
        """Give a person the label, and tell the apps that are subscribed to `inbox_labels`."""
        self._check(thread)
        label.people.add(thread.user.id)
        self._tell(label, thread, "add_label")

    def take_away(self, label: Label, thread: Thread) -> None:
        """Remove the label from a person, and tell the same apps."""
        self._check(thread)
        label.people.discard(thread.user.id)
        self._tell(label, thread, "remove_label")

    def _check(self, thread: Thread) -> None:
        if thread.platform is not PlatformName.MESSENGER:
            raise invalid_parameter("Labels are for people on Messenger only")

    def _tell(self, label: Label, thread: Thread, action: Action) -> None:
        value = {
            "user": {"id": thread.user.id},
            "action": action,
            "label": {"id": label.id, "page_label_name": label.name},
        }
        event = {"field": "inbox_labels", "value": value}
        for app in self._state.connected_apps():
            self._platform.deliver(app, thread, Array.CHANGES, "inbox_labels", event)
