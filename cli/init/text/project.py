"""A Rasa project as text: its files, and what would be written into them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from channels.core.errors import HandoverError

# The contents of the project's files, by their path in it, written with /.
Files: TypeAlias = dict[str, str]


class ProjectError(HandoverError):
    """The project can't be read, or can't be added to; nothing has been written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where a project has the files that a handover adds to; Rasa's own defaults unless given.

    A folder's path ends with /. `actions` is the module or package that `rasa run actions` imports;
    `data` are files and folders.
    """

    config: str = "config.yml"
    credentials: str = "credentials.yml"
    endpoints: str = "endpoints.yml"
    domain: str = "domain.yml"
    data: tuple[str, ...] = ("data/",)
    actions: str = "actions/"

    @property
    def rules(self) -> str:
        """The file of the rules that are added."""
        return f"{self._new_data}handover_rules.yml"

    @property
    def examples(self) -> str:
        """The file of the examples that are added."""
        return f"{self._new_data}handover_nlu.yml"

    @property
    def flows(self) -> str:
        """The file of the flows that are added, in an assistant of flows."""
        return f"{self._new_data}handover_flows.yml"

    @property
    def with_secrets(self) -> frozenset[str]:
        return frozenset({self.credentials, self.endpoints})

    @property
    def _new_data(self) -> str:
        """The folder for new training data: the first one, or else the first file's."""
        folder = next((place for place in self.data if place.endswith("/")), None)
        return self.data[0].rpartition("/")[0] + "/" if folder is None else folder

    def is_data(self, path: str) -> bool:
        """Whether a file is training data."""
        return any(is_in(path, place) for place in self.data)


def is_in(path: str, place: str) -> bool:
    """Whether a file is the one that a place names, or is in the folder that it names."""
    return path.startswith(place) if place.endswith("/") else path == place


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What to write into one file, and what people should know about it.

    Attributes:
        path: the file's path in the project, written with /.
        before: its text; None if there is no such file.
        after: its new text; the same as `before` if there is nothing to add.
        notes: what is left as it is, although a handover needs something else.
    """

    path: str
    before: str | None
    after: str | None
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.after != self.before
