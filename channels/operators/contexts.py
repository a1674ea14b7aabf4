"""What the agent's app may know about a handover, as a typed value. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..core.briefing.situation import Situation
from ..core.briefing.transcript import Line
from ..core.sessions.session import EndReason, Session, State
from ..core.sessions.statistics import Moment


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said: `speaker` is "bot", "user" or "operator"."""

    at: Moment
    speaker: str
    text: str


def spoken(line: Line) -> Spoken:
    """A line of a transcript."""
    return Spoken(at=line.at, speaker=line.speaker.value, text=line.text)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the plan lets the agent's app know.

    `slots` are those that the plan names. `said` is what the user and the bot have said to each
    other, and `transcript` what the user and operators have said since, if that is kept; both are
    empty if the plan has `last-messages: false`.
    """

    session_id: str
    page: str
    user: str
    sender_id: str
    plan: str
    state: State
    reason: EndReason | None
    opened_at: Moment
    ended_at: Moment | None
    intent: str | None
    metadata: dict[str, Any]
    slots: dict[str, Any]
    said: list[Spoken]
    transcript: list[Spoken]


def context(
    session: Session, sender_id: str, situation: Situation, lines: Sequence[Line]
) -> Context:
    """The context of a session, without what the user said to the bot after its end."""
    tells_words, ended_at = session.plan.last_messages, session.ended_at
    said = [
        Spoken(at=one.at, speaker=one.speaker, text=one.text)
        for one in situation.said
        if tells_words and (ended_at is None or one.at <= ended_at)
    ]
    return Context(
        session_id=session.id,
        page=session.thread.page,
        user=session.thread.user,
        sender_id=sender_id,
        plan=session.plan.name,
        state=session.state,
        reason=session.reason,
        opened_at=session.opened_at,
        ended_at=ended_at,
        intent=situation.intent,
        metadata=session.plan.metadata,
        slots=situation.slots_of(session),
        said=said,
        transcript=[spoken(line) for line in lines if tells_words],
    )
