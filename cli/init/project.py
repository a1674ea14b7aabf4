"""A Rasa project as text: its files, and what would be written into them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from channels.core.errors import HandoverError

# What the project's files say, by their path in it, written with /.
Files: TypeAlias = dict[str, str]


class ProjectError(HandoverError):
    """The project can't be read, or not be added to; nothing has been written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What is to be written into one file, and what people should know of it.

    Attributes:
        path: the file's path in the project, written with /.
        before: its text; None if there is no such file.
        after: its text to be; that of `before` if there is nothing to add.
        notes: what is left as it is although it is not what a handover needs.
    """

    path: str
    before: str | None
    after: str | None
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.after != self.before
