"""Looking for open sessions, in SQL: an operation for the writer.

However many are open, it reads the columns of at most MOST_SEARCHED of them, twice, and the whole
of only those that are to be shown.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import and_, case, func, or_, select, true
from sqlalchemy.engine import Connection

from ...core.sessions.search import MOST_SEARCHED, Found, Need, Search
from ...core.sessions.session import Session, State
from ..database.schema import is_open, sessions

_SESSION: msgspec.json.Decoder[Session] = msgspec.json.Decoder(Session)
_OLDEST = (
    select(
        sessions.c.id,
        sessions.c.thread,
        sessions.c.page,
        func.coalesce(sessions.c.plan, "").label("plan"),
        sessions.c.app,
        sessions.c.state,
        sessions.c.opened_at_us,
        sessions.c.first_answer_at_us,
    )
    .where(is_open)
    .order_by(sessions.c.opened_at_us, sessions.c.id)
    .limit(MOST_SEARCHED)
    .subquery("oldest")
)
_IN_ORDER = (_OLDEST.c.opened_at_us, _OLDEST.c.id)
_NEED = case(
    (_OLDEST.c.state == State.ENDING.value, Need.END.value),
    (_OLDEST.c.first_answer_at_us.is_not(None), Need.NOTHING.value),
    (_OLDEST.c.state == State.WAITING.value, Need.OPENING_HOURS.value),
    else_=Need.ANSWER.value,
)
_IS_UNANSWERED = and_(_OLDEST.c.first_answer_at_us.is_(None), _OLDEST.c.state != State.ENDING.value)
_COUNT_OPEN = select(func.count()).select_from(sessions).where(is_open)


def find(connection: Connection, wanted: Search, *, skip: int, limit: int) -> Found:
    """Of those that are found, `limit` after the first `skip`."""
    is_wanted = _is_wanted(wanted)
    groups = connection.execute(_groups(is_wanted)).all()
    order = (_NEED, *_IN_ORDER) if wanted.by_need else _IN_ORDER
    ids = select(_OLDEST.c.id).where(is_wanted).order_by(*order).offset(skip).limit(limit)
    shown = connection.execute(ids).scalars().all() if limit else []
    by_id = {id_: _SESSION.decode(data) for id_, data in connection.execute(_data(shown))}
    return Found(
        sessions=[by_id[id_] for id_ in shown],
        found=sum(found for *_, found in groups),
        total=_total(connection, searched=sum(searched for *_, searched, _, _ in groups)),
        unanswered=sum(unanswered for *_, unanswered, _ in groups),
        plans=sorted({plan for plan, *_ in groups if plan}),
        pages=sorted({page for _, page, *_ in groups}),
    )


def _groups(is_wanted: Any) -> Any:
    plan, page = _OLDEST.c.plan, _OLDEST.c.page
    unanswered, found = (func.sum(case((one, 1), else_=0)) for one in (_IS_UNANSWERED, is_wanted))
    return select(plan, page, func.count(), unanswered, found).group_by(plan, page)


def _total(connection: Connection, *, searched: int) -> int:
    if searched < MOST_SEARCHED:
        return searched
    return int(connection.execute(_COUNT_OPEN).scalar_one())


def _data(ids: list[str]) -> Any:
    return select(sessions.c.id, sessions.c.data).where(sessions.c.id.in_(ids))


def _is_wanted(search: Search) -> Any:
    conditions = [true()]
    if search.plan:
        conditions.append(_OLDEST.c.plan == search.plan)
    if search.page:
        conditions.append(_OLDEST.c.page == search.page)
    if search.is_unanswered:
        conditions.append(_IS_UNANSWERED)
    if search.words:
        user = func.substr(_OLDEST.c.thread, func.length(_OLDEST.c.page) + 2)
        texts = (user, func.lower(_OLDEST.c.plan))
        conditions.append(
            or_(
                *(text.contains(search.words, autoescape=True) for text in texts),
                _OLDEST.c.thread.in_([thread.key for thread in search.threads]),
                _OLDEST.c.app.in_(search.apps),
            )
        )
    return and_(*conditions)
