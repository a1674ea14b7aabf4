"""The evidence of a chaos run, arranged by thread. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.verdict.evidence import USER, Evidence, Said, Stored
from tests.stack.chaos.verdict.tracked_turns import Turn, turns


class Case:
    """The evidence, arranged by thread."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    @cached_property
    def sent(self) -> dict[str, list[Said]]:
        """What the bot sent, by user."""
        by_user: dict[str, list[Said]] = defaultdict(list)
        for said in self.evidence.said:
            if said.sender == BOT:
                by_user[said.user].append(said)
        return by_user

    @cached_property
    def written(self) -> dict[str, list[Said]]:
        """What people wrote and tapped, by user."""
        by_user: dict[str, list[Said]] = defaultdict(list)
        for said in self.evidence.said:
            if said.sender == USER:
                by_user[said.user].append(said)
        return by_user

    @cached_property
    def turns(self) -> dict[str, list[Turn]]:
        return turns(
            self.evidence.tracked,
            (one for of_user in self.sent.values() for one in of_user),
            silent=self.silent,
        )

    @cached_property
    def silent(self) -> set[str]:
        """The sessions that end without a word to the user."""
        return {one.session for one in self.evidence.sessions if one.is_left}

    @cached_property
    def set_aside(self) -> set[str]:
        """The message ids of what three kills have hit: Rasa has not heard it, in the end."""
        return {one.mid for one in self.evidence.undone if one.was_killed and one.mid}

    @cached_property
    def dropped_at(self) -> dict[tuple[str, str], datetime]:
        """When the plugin gave up the last message of a turn, by user and message id."""
        return {(one.user, one.turn): one.at for one in self.evidence.dropped}

    @cached_property
    def all_turns(self) -> list[Turn]:
        return [turn for of_user in self.turns.values() for turn in of_user]

    @cached_property
    def arrays(self) -> dict[str, str]:
        """The array in which the bot got a message, by mid, in the order of delivery."""
        return {one.mid: one.array for one in self.evidence.delivered}

    @cached_property
    def tracked_ids(self) -> set[str]:
        return {turn.message_id for turn in self.all_turns}

    @cached_property
    def _owners(self) -> dict[str, list[tuple[datetime, str | None]]]:
        by_user: dict[str, list[tuple[datetime, str | None]]] = defaultdict(list)
        for one in self.evidence.owned:
            by_user[one.user].append((one.at, one.owner))
        return by_user

    def user_messages(self) -> Iterator[Said]:
        return (one for of_user in self.written.values() for one in of_user)

    def last_owner(self, user: str) -> str | None:
        owners = self._owners.get(user)
        return owners[-1][1] if owners else None

    def people_had_it(self, user: str, since: datetime, until: datetime) -> bool:
        """Whether another app than the bot had the thread at some time between the two."""
        owner: str | None = None
        for at, new_owner in self._owners.get(user, ()):
            if at > until:
                break
            if at >= since and owner not in (None, BOT):
                return True
            owner = new_owner
        return owner not in (None, BOT)

    def was_cut_between(self, since: datetime, until: datetime) -> bool:
        """Whether a turn may have been cut down: its worker was killed, or stood still so long
        that another one has taken the turn again."""
        cuts = (*self.evidence.kills, *self.evidence.pauses)
        return any(since <= cut <= until for cut in cuts)

    @cached_property
    def sessions(self) -> dict[str, list[Stored]]:
        """Each user's sessions, in the order of opening."""
        by_user: dict[str, list[Stored]] = defaultdict(list)
        for session in self.evidence.sessions:
            by_user[session.user].append(session)
        return by_user
