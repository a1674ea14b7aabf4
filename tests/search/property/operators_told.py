"""What operators have to be told of a session, and whether they are: in order, and once each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from channels.core.notices import Notice, NoticeKind
from channels.core.sessions.session import EndReason, Session, State
from tests.search.property.handover_world import World

_IN_ORDER = list(NoticeKind)
_GRACE = timedelta(minutes=1)


def check_told(world: World) -> None:
    """What holds at any time."""
    for desk in world.desks.values():
        told: dict[str, list[Notice]] = {}
        for notice in desk.got:
            told.setdefault(notice.session_id, []).append(notice)
        for session_id, notices in told.items():
            _check_order(session_id, notices)
            if not world.may_tell_twice:
                ids = [notice.id for notice in notices]
                assert len(ids) == len(set(ids)), f"Operators are told {ids}."


def check_all_told(world: World) -> None:
    """What holds once all is quiet: of what is not told the log says that it was given up."""
    for name, desk in world.desks.items():
        told = {(notice.session_id, notice.kind) for notice in desk.got}
        for session_id, versions in world.history.versions.items():
            missing = {kind for kind in _due(world, versions) if (session_id, kind) not in told}
            if missing and not world.problems.tells_of(versions[-1], "for a day"):
                raise AssertionError(f"{name} is not told {missing} of session {session_id}.")


def _check_order(session_id: str, notices: Sequence[Notice]) -> None:
    kinds = list(dict.fromkeys(notice.kind for notice in notices))
    in_order = sorted(kinds, key=_IN_ORDER.index)
    assert kinds == in_order, f"Operators are told {kinds} of session {session_id}."


def _due(world: World, versions: Sequence[Session]) -> Iterator[NoticeKind]:
    last = versions[-1]
    if any(one.state is State.WAITING for one in versions):
        yield NoticeKind.WAITING
    if last.active_at is not None:
        yield NoticeKind.OPENED
    if last.operator_messages:
        yield NoticeKind.ANSWERED
    elif _is_unanswered(world, last):
        yield NoticeKind.UNANSWERED
    if not last.is_open:
        yield NoticeKind.FAILED if last.reason is EndReason.FAILED else NoticeKind.ENDED


def _is_unanswered(world: World, session: Session) -> bool:
    """Whether nobody has answered for as long as operators are to be reminded after."""
    notice = session.plan.unanswered_notice
    if session.active_at is None or session.state is not State.ACTIVE or notice is None:
        return False
    if session.is_adopted and not session.user_messages:
        return False
    since = session.last_user_at if session.is_adopted else session.active_at
    return max(session.active_at, since) + notice + _GRACE <= world.history.shared.now()
