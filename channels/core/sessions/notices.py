"""Which notices a session's version calls for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec

from ..notices import Notice, NoticeKind, notice_id
from .session import EndReason, Session, State


def telling(
    session: Session, now: datetime, *, also: Collection[NoticeKind] = ()
) -> tuple[Session, list[Notice]]:
    """The session as it is to be stored, and the notices to store with it, each only once.

    `also` holds other notices to send, which the session's `told` has already.
    """
    shown = {*_shown_by(session)} - {*session.told}
    notices = [_notice(session, kind, now) for kind in NoticeKind if kind in {*shown, *also}]
    if not shown:
        return session, notices
    kinds = (kind for kind in NoticeKind if kind in shown)
    return msgspec.structs.replace(session, told=(*session.told, *kinds)), notices


def _shown_by(session: Session) -> Iterator[NoticeKind]:
    if session.state is State.WAITING:
        yield NoticeKind.WAITING
    if session.active_at is not None:
        yield NoticeKind.OPENED
    if session.first_answer_at is not None:
        yield NoticeKind.ANSWERED
    if _is_the_bots_again(session):
        has_failed = session.reason is EndReason.FAILED
        yield NoticeKind.FAILED if has_failed else NoticeKind.ENDED


def _is_the_bots_again(session: Session) -> bool:
    """Whether the bot has the thread again. Before that, an end may be undone: Meta may leave the
    thread with the agent.
    """
    is_regained = session.state is State.ENDING and session.regained
    return session.state is State.ENDED or is_regained


def _notice(session: Session, kind: NoticeKind, now: datetime) -> Notice:
    return Notice(
        id=notice_id(session.id, kind),
        kind=kind,
        at=now,
        session_id=session.id,
        thread=session.thread,
        plan=session.plan.name,
        target_app=session.owner_app or session.target_app_id,
        state=session.state.value,
        opened_by=session.opened_by,
        reason=session.reason.value if session.reason else None,
        opened_at=session.opened_at,
        active_at=session.active_at,
        first_answer_at=session.first_answer_at,
        ended_at=session.ended_at,
        operator_messages=session.operator_messages,
        user_messages=session.user_messages,
    )
