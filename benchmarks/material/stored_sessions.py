"""Sessions in a store, as many as a measurement needs, written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import insert

from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, Session
from channels.store.database import schema as store_schema
from channels.store.database.database import Database
from channels.store.sessions.sessions import row_of

from ..processes.graph_stub import PAGE
from .databases import tidy
from .deliveries import user_id

_AT_ONCE = 10_000  # rows in one transaction
_SECOND = timedelta(seconds=1)

#: Its end comes before the first look at the thread's owner, which would take a Graph call.
PLAN = Plan(
    name="default",
    timeout=timedelta(minutes=30),
    owner_probe=timedelta(days=1),
    keywords={"en": ("menu", "back to bot"), "de": ("menü", "zurück zum bot")},
)


def thread_of(number: int) -> Thread:
    return Thread(page=PAGE, user=user_id(number))


def active_session(number: int, *, ends_at: datetime) -> Session:
    """The active session of a user, which times out at `ends_at`."""
    opened_at = ends_at - PLAN.timeout
    cause = Cause(at=opened_at - _SECOND, key=f"{PAGE}/messaging/m_cause_{number}")
    opening = transitions.opening(thread=thread_of(number), plan=PLAN, cause=cause, now=opened_at)
    return transitions.activated(opening, opened_at)


def fill(url: str, sessions: Iterable[Session]) -> None:
    """Create the tables and write the sessions."""
    engine = Database(url).engine()
    with engine.begin() as connection:
        store_schema.prepare(connection)
    rows = (row_of(session, None) for session in sessions)
    while some := list(islice(rows, _AT_ONCE)):
        with engine.begin() as connection:
            connection.execute(insert(store_schema.sessions), some)
    engine.dispose()
    tidy(url)


def active_sessions(count: int, *, first_end: datetime, apart: timedelta) -> Iterator[Session]:
    """Sessions that time out one after the other."""
    return (active_session(number, ends_at=first_end + number * apart) for number in range(count))
