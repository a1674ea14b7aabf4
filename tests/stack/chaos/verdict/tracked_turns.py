"""Rasa's turns as the trackers have them, and the messages of the bot that belong to each. Pure.

A turn is saved once it is over, so one that a kill cut down is in no tracker: another worker takes
it again, and that try is the one that is saved. The plugin's outbox knows which turn a message is
of; it is an earlier try's if it was sent before the saved try heard its message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from tests.stack.chaos.verdict.evidence import Kind, Said, Tracked

HANDOVER_ENDED = "handover_ended"
HANDOVER_STARTED = "handover_started"
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


def turns(
    tracked: Iterable[Tracked], sent: Iterable[Said], *, silent: Collection[str] = ()
) -> dict[str, list[Turn]]:
    """Each user's turns, in order, with what the bot `sent`.

    What Rasa says at the end of the `silent` sessions is for nobody.
    """
    drafts: dict[str, list[_Draft]] = defaultdict(list)
    for event in tracked:
        _add(drafts[event.user], event, silent)
    messages: dict[str, list[Said]] = defaultdict(list)
    for message in sent:
        messages[message.user].append(message)
    return {user: list(_with_messages(of, messages[user])) for user, of in drafts.items()}


def homeless(turns_of_user: list[Turn], sent: list[Said]) -> list[Said]:
    """What the bot sent and no turn has said: the turns that it belongs to are lost."""
    at_home = {one.mid for turn in turns_of_user for one in (*turn.tried, *turn.sent)}
    return [message for message in sent if message.mid not in at_home]


def _add(drafts: list[_Draft], event: Tracked, silent: Collection[str]) -> None:
    if event.kind is Kind.HEARD:
        drafts.append(_Draft(heard=event, over_at=_END, texts=[]))
    elif not drafts:
        return  # Rasa listens before it has heard anything
    elif event.kind is Kind.SPOKEN:
        if drafts[-1].heard.session not in silent:
            drafts[-1].texts.append(event.text)
    elif drafts[-1].over_at == _END:
        drafts[-1].over_at = event.at


def _with_messages(drafts: list[_Draft], sent: list[Said]) -> Iterable[Turn]:
    """The turns with what each has sent."""
    of_drafts: list[list[Said]] = [[] for _ in drafts]
    for message in sent:
        place = _place(drafts, of_drafts, message)
        if place is not None:
            of_drafts[place].append(message)
    for draft, messages in zip(drafts, of_drafts, strict=True):
        yield Turn(
            user=draft.heard.user,
            message_id=draft.heard.message_id,
            intent=draft.heard.intent,
            session=draft.heard.session,
            heard_at=draft.heard.at,
            over_at=draft.over_at,
            texts=tuple(draft.texts),
            tried=tuple(one for one in messages if one.at <= draft.heard.at),
            sent=tuple(one for one in messages if one.at > draft.heard.at),
        )


def _place(drafts: list[_Draft], of_drafts: list[list[Said]], message: Said) -> int | None:
    """The message's turn; of those that were saved twice the first that lacks it, or the last."""
    its_own = [
        place for place, draft in enumerate(drafts) if draft.heard.message_id == message.turn
    ]
    for place in its_own:
        copies = sum(one.text == message.text for one in of_drafts[place])
        if copies < drafts[place].texts.count(message.text):
            return place
    return its_own[-1] if its_own else None
