"""What the judge goes by: the emulator's records, the store's and the tracker store's. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from channels.core.errors import ProcessDied

USER = "user"  # the emulator's name for a person as a sender


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message or tap in a thread. `sender` is USER or an app's id; `mark` the metadata that the
    bot gives to each of its sends, and `turn` the message id of the turn of Rasa that says it.
    """

    user: str
    mid: str
    at: datetime
    sender: str
    text: str
    mark: str | None = None
    turn: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """The bot's webhook took a person's message, for the first time, from this array."""

    mid: str
    array: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Owned:
    """From `at` on an app has the thread; None: nobody has."""

    user: str
    at: datetime
    owner: str | None


class Kind(enum.Enum):
    """What an event of a tracker is."""

    HEARD = "heard"  # a user's message, or an event that the channel has sent
    SPOKEN = "spoken"
    LISTENS = "listens"  # the turn is over


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracked:
    """An event of a tracker; `session` is that of a `handover_ended`."""

    user: str
    at: datetime
    kind: Kind
    message_id: str = ""
    intent: str = ""
    session: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A session as the store has it, in the order of opening.

    `is_left`: somebody else began it, and the user said nothing, so the thread is left to them.
    """

    session: str
    user: str
    state: str
    reason: str | None
    is_left: bool = False
    opened_by: str = "bot"
    began_at: datetime | None = None
    waiting_since: datetime | None = None
    active_at: datetime | None = None
    first_answer_at: datetime | None = None
    ended_at: datetime | None = None
    has_feedback: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """An entry of the inbox that was not handled: `waiting` or `dead`.

    `error` is the class of the error that it died of, `mid` its message's, if it is one.
    """

    user: str
    key: str
    state: str
    error: str | None = None
    mid: str | None = None

    @property
    def was_killed(self) -> bool:
        """Whether it was under way in three processes that were killed: here, by us."""
        return self.state == "dead" and self.error == ProcessDied.__name__


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """The action that counts has run, in the turn of this message."""

    user: str
    message_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """The plugin has not sent a message of this turn, and never will."""

    user: str
    turn: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """The operators' receiver has taken a notice; each is known by its id."""

    notice: str
    session: str
    kind: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Death:
    """A process has died of reading this message."""

    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All of it, each list in the order in which it happened.

    `unanswered` are the marks of sends that the emulator carried out and whose answer the bot did
    not get; `transcribed` the mids of what the transcripts have. A replica was killed at each of
    `kills`, and made to stand still at each of `pauses`; PostgreSQL, which has the trackers, was
    stopped at each of `stops`. The `deaths` are among the kills.
    """

    said: tuple[Said, ...]
    delivered: tuple[Delivered, ...]
    owned: tuple[Owned, ...]
    tracked: tuple[Tracked, ...]
    sessions: tuple[Stored, ...]
    undone: tuple[Undone, ...]
    transcribed: frozenset[str]
    unanswered: frozenset[str]
    kills: tuple[datetime, ...]
    pauses: tuple[datetime, ...]
    stops: tuple[datetime, ...]
    runs: tuple[Ran, ...]
    dropped: tuple[Dropped, ...] = ()
    told: tuple[Told, ...] = ()
    deaths: tuple[Death, ...] = ()
