"""Rasa's turns as the trackers have them, and the messages of the bot that belong to each. Pure.

A turn is saved once it is over, so one that a kill cut down is in no tracker: another worker takes
it again, and that try is the one that is saved. Turns of a thread follow each other. So what the
bot sent between the end of the turn before and the end of this one belongs to this one: to the
saved try if it was sent after that try heard its message, to an earlier try otherwise.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from tests.chaos.evidence import Kind, Said, Tracked

HANDOVER_ENDED = "handover_ended"
HANDOVER_STARTED = "handover_started"
_BEGINNING = datetime.min.replace(tzinfo=timezone.utc)
_END = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One turn: what was heard, what the bot was to say, and what it sent.

    `tried` was sent by tries that were never saved, `sent` by the one that was.
    """

    user: str
    message_id: str
    intent: str
    session: str
    heard_at: datetime
    over_at: datetime
    texts: tuple[str, ...]
    tried: tuple[Said, ...]
    sent: tuple[Said, ...]

    @property
    def is_follow_up(self) -> bool:
        return self.intent == HANDOVER_ENDED

    def copies(self, text: str) -> list[Said]:
        """All messages of this text, in the order of sending."""
        return [one for one in (*self.tried, *self.sent) if one.text == text]


@dataclass(kw_only=True, slots=True)
class _Draft:
    heard: Tracked
    over_at: datetime
    texts: list[str]


def turns(tracked: Iterable[Tracked], sent: Iterable[Said]) -> dict[str, list[Turn]]:
    """Each user's turns, in order, with what the bot `sent`."""
    drafts: dict[str, list[_Draft]] = defaultdict(list)
    for event in tracked:
        _add(drafts[event.user], event)
    messages: dict[str, list[Said]] = defaultdict(list)
    for message in sent:
        messages[message.user].append(message)
    return {user: list(_with_messages(of, messages[user])) for user, of in drafts.items()}


def homeless(turns_of_user: list[Turn], sent: list[Said]) -> list[Said]:
    """What the bot sent after its last saved turn: the turns that it belongs to are lost."""
    over_at = turns_of_user[-1].over_at if turns_of_user else _BEGINNING
    return [message for message in sent if message.at > over_at]


def _add(drafts: list[_Draft], event: Tracked) -> None:
    if event.kind is Kind.HEARD:
        drafts.append(_Draft(heard=event, over_at=_END, texts=[]))
    elif not drafts:
        return  # Rasa listens before it has heard anything
    elif event.kind is Kind.SPOKEN:
        drafts[-1].texts.append(event.text)
    elif drafts[-1].over_at == _END:
        drafts[-1].over_at = event.at


def _with_messages(drafts: list[_Draft], sent: list[Said]) -> Iterable[Turn]:
    times = [message.at for message in sent]
    begin = 0
    for draft in drafts:
        heard = bisect_right(times, draft.heard.at, lo=begin)
        end = bisect_right(times, draft.over_at, lo=heard)
        yield Turn(
            user=draft.heard.user,
            message_id=draft.heard.message_id,
            intent=draft.heard.intent,
            session=draft.heard.session,
            heard_at=draft.heard.at,
            over_at=draft.over_at,
            texts=tuple(draft.texts),
            tried=tuple(sent[begin:heard]),
            sent=tuple(sent[heard:end]),
        )
        begin = end
