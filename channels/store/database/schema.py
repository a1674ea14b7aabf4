"""The tables of the session store, the same on SQLite and PostgreSQL.

Times are whole microseconds since 1970 (UTC): exact, and sorted alike by both databases.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert

from ...core.errors import StoreVersionError
from ...core.sessions.session import State
from ..protocol import CLAIM_LEASE
from .database import SESSION_LIMITS
from .upgrades import upgrade

VERSION = 9
AT_ONCE = 500  # parameters of one statement: before release 3.32, SQLite takes 999
WAITING, DONE, DEAD = "waiting", "done", "dead"  # the states of an inbox entry
SENT, DROPPED, HELD = "sent", "dropped", "held"  # of a message, besides "waiting" and "dead"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_POSITION = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers only INTEGER keys
_SETUP_LOCK = 0x68616E646F766572  # "handover" in ASCII: a number that nobody else picks
CLAIM_LOCK = _SETUP_LOCK + 1

metadata = MetaData()

versions = Table("handover_schema", metadata, Column("version", Integer, nullable=False))

inbox = Table(
    "handover_inbox",
    metadata,
    Column("position", _POSITION, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("thread", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("has_user_text", Boolean, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=WAITING),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("claimed_by", Text, nullable=False),
    Column("claimed_until_us", BigInteger, nullable=False),
    Column("handled_at_us", BigInteger),
    Column("page", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    sqlite_autoincrement=True,  # the position of a deleted row is never used again
)
# `attempts` counts the handlings that began and never reported back, and `error` is the class of
# the last error; the same holds for messages.

# `wake_at_us` is when a worker may get the session: due_at_us, or claimed_until_us if that is
# later. `app` is the app that has the thread, or is to have it.
sessions = Table(
    "handover_sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("thread", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger),
    Column("claimed_until_us", BigInteger),
    Column("wake_at_us", BigInteger),
    Column("ended_at_us", BigInteger),
    Column("data", Text, nullable=False),
    Column("page", Text, nullable=False, server_default=""),
    Column("plan", Text),
    Column("app", Text),
    Column("first_answer_at_us", BigInteger),  # Session.answered_at
    Column("operator_at_us", BigInteger),
)

# What was said in a session, with the time by Meta's clock. `thread` is the session's, so that
# everything that was said with a user can be found and deleted.
lines = Table(
    "handover_transcript",
    metadata,
    Column("position", _POSITION, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("said_at_us", BigInteger, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# The workers on this database; each reports again and again that it is alive.
workers = Table(
    "handover_workers",
    metadata,
    Column("worker", Text, primary_key=True),
    Column("seen_at_us", BigInteger, nullable=False),
)

# What the bot says. `data` is the message; its echo, which may come to any worker, repeats `mark`,
# and `mid` is Meta's id for it. `event_key` or `session_id` says what its turn is taken again for,
# if a crash cuts it short.
outgoing = Table(
    "handover_outgoing",
    metadata,
    Column("position", _POSITION, primary_key=True),
    Column("thread", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("turn", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("mid", Text),
    Column("event_key", Text),
    Column("session_id", Text),
    Column("data", Text, nullable=False),
    Column("said_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("claimed_by", Text, nullable=False),
    Column("claimed_until_us", BigInteger, nullable=False),
    Column("handled_at_us", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    sqlite_autoincrement=True,
)

# What operators are told: a notice has a row for each target. `target` names it without its
# secrets, `id` is the same at every try, and no other worker tries before `claimed_until_us`.
notices = Table(
    "handover_notices",
    metadata,
    Column("position", _POSITION, primary_key=True),
    Column("id", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("told_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("claimed_until_us", BigInteger, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default=WAITING),
    Column("handled_at_us", BigInteger),
    sqlite_autoincrement=True,
)

# Which worker may tell Rasa of a thread's session, at most until `until_us`.
turns = Table(
    "handover_turns",
    metadata,
    Column("thread", Text, primary_key=True),
    Column("worker", Text, nullable=False),
    Column("until_us", BigInteger, nullable=False),
)

# The states are literals, not parameters: SQLite uses a partial index only for a query that
# repeats the index's condition word for word.
_LITERAL_WAITING = literal_column(f"'{WAITING}'")
_LITERAL_ENDED = literal_column(f"'{State.ENDED.value}'")
UNCLAIMED = literal_column("0")

is_waiting = inbox.c.state == _LITERAL_WAITING
earlier = inbox.alias("earlier")
earlier_is_waiting = earlier.c.state == _LITERAL_WAITING
is_outgoing = outgoing.c.state == _LITERAL_WAITING
# The "+ 0" keeps SQLite from an index that begins with that column: with it, SQLite would read past
# everything that waits.
is_free = and_(is_waiting, inbox.c.claimed_until_us + UNCLAIMED == UNCLAIMED)
is_outgoing_free = and_(is_outgoing, outgoing.c.claimed_until_us + UNCLAIMED == UNCLAIMED)
is_held = outgoing.c.state == literal_column("'held'")
earlier_outgoing = outgoing.alias("earlier_outgoing")
earlier_is_outgoing = earlier_outgoing.c.state == _LITERAL_WAITING
is_untold = notices.c.state == _LITERAL_WAITING
earlier_notices = notices.alias("earlier_notices")
earlier_is_untold = earlier_notices.c.state == _LITERAL_WAITING
is_open = sessions.c.state != _LITERAL_ENDED
has_ended = sessions.c.state == _LITERAL_ENDED
is_unanswered = and_(is_open, sessions.c.first_answer_at_us.is_(None))


def _partial_index(name: str, *columns: Column, where: object, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


Index("handover_inbox_thread", inbox.c.thread, inbox.c.position)
_partial_index(
    "handover_inbox_waiting", inbox.c.claimed_until_us, inbox.c.position, where=is_waiting
)
_partial_index("handover_inbox_free", inbox.c.page, inbox.c.position, where=is_free)
_partial_index("handover_inbox_thread_waiting", inbox.c.thread, inbox.c.position, where=is_waiting)
_partial_index(
    "handover_inbox_handled",
    inbox.c.state,
    inbox.c.handled_at_us,
    where=inbox.c.handled_at_us.is_not(None),
)
Index("handover_sessions_thread", sessions.c.thread)
_partial_index("handover_sessions_one_open", sessions.c.thread, where=is_open, unique=True)
_partial_index("handover_sessions_open", sessions.c.opened_at_us, sessions.c.id, where=is_open)
_partial_index(
    "handover_sessions_wake",
    sessions.c.page,
    sessions.c.wake_at_us,
    where=sessions.c.wake_at_us.is_not(None),
)
_partial_index(
    "handover_sessions_claimed",
    sessions.c.claimed_until_us,
    where=sessions.c.claimed_until_us.is_not(None),
)
_partial_index("handover_sessions_ended", sessions.c.ended_at_us, where=has_ended)
_partial_index(
    "handover_sessions_unanswered", sessions.c.plan, sessions.c.page, where=is_unanswered
)
_partial_index(
    "handover_sessions_answered",
    sessions.c.plan,
    sessions.c.first_answer_at_us,
    where=sessions.c.first_answer_at_us.is_not(None),
)
_partial_index(
    "handover_sessions_operator",
    sessions.c.app,
    sessions.c.operator_at_us,
    where=sessions.c.operator_at_us.is_not(None),
)
Index("handover_outgoing_mark", outgoing.c.mark)
Index("handover_outgoing_mid", outgoing.c.mid)
Index("handover_outgoing_turn", outgoing.c.thread, outgoing.c.turn, outgoing.c.position)
_partial_index(
    "handover_outgoing_waiting",
    outgoing.c.claimed_until_us,
    outgoing.c.position,
    where=is_outgoing,
)
_partial_index(
    "handover_outgoing_free", outgoing.c.page, outgoing.c.position, where=is_outgoing_free
)
_partial_index("handover_outgoing_thread", outgoing.c.thread, where=is_outgoing)
_partial_index("handover_outgoing_held", outgoing.c.thread, where=is_held)
_partial_index("handover_outgoing_held_since", outgoing.c.said_at_us, where=is_held)
_partial_index(
    "handover_outgoing_handled",
    outgoing.c.state,
    outgoing.c.handled_at_us,
    where=outgoing.c.handled_at_us.is_not(None),
)
Index("handover_notices_once", notices.c.target, notices.c.id, unique=True)
Index("handover_notices_thread", notices.c.thread)
_partial_index("handover_notices_due", notices.c.target, notices.c.due_at_us, where=is_untold)
_partial_index(
    "handover_notices_claimed", notices.c.claimed_until_us, notices.c.target, where=is_untold
)
_partial_index("handover_notices_told", notices.c.told_at_us, where=is_untold)
_partial_index(
    "handover_notices_session",
    notices.c.session_id,
    notices.c.target,
    notices.c.position,
    where=is_untold,
)
_partial_index(
    "handover_notices_handled",
    notices.c.handled_at_us,
    where=notices.c.handled_at_us.is_not(None),
)
Index("handover_turns_until", turns.c.until_us)
Index("handover_transcript_once", lines.c.thread, lines.c.key, unique=True)
Index("handover_transcript_session", lines.c.session_id, lines.c.said_at_us, lines.c.position)
Index("handover_transcript_said", lines.c.said_at_us)


class _InsertNew(Insert):  # type: ignore[misc]  # SQLAlchemy 1.4 carries no types
    inherit_cache = True


def insert_new(table: Table) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING`, which SQLite and PostgreSQL both know.

    SQLAlchemy never caches its own `on_conflict_do_nothing`: for each event it would make the
    statement's text anew, which costs more than carrying it out.
    """
    return _InsertNew(table).inline()  # or a RETURNING that nobody needs would precede the end


@compiles(_InsertNew)  # type: ignore[untyped-decorator]  # as above
def _compiled(insert: _InsertNew, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.visit_insert(insert, **options)} ON CONFLICT DO NOTHING"


def microseconds(at: datetime) -> int:
    """An aware datetime in the tables' form."""
    return (at - _EPOCH) // _MICROSECOND


def lease_end(now: datetime) -> int:
    """When a claim that is made now expires, in the tables' form."""
    return microseconds(now + CLAIM_LEASE)


def all_microseconds(**columns: datetime | None) -> dict[str, int | None]:
    """Many datetimes in the tables' form, by column; None stays None."""
    return {name: None if at is None else microseconds(at) for name, at in columns.items()}


def moment(at_us: int) -> datetime:
    """The aware datetime, in UTC, for a column's value."""
    return _EPOCH + timedelta(microseconds=at_us)


def prepare(connection: Connection) -> None:
    """Create the tables, or upgrade those of an older release to VERSION, with their rows.

    Raises StoreVersionError if a newer release has made them.
    """
    if connection.dialect.name == "postgresql":
        # Otherwise workers that start together would all create the tables, and only one succeed.
        # The others wait, however long the first one takes to upgrade the tables.
        for limit in SESSION_LIMITS:
            connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
        connection.execute(select(func.pg_advisory_xact_lock(_SETUP_LOCK)))
    versions.create(connection, checkfirst=True)
    found = connection.execute(select(versions.c.version)).scalar()
    if found is None:
        metadata.create_all(connection)
        connection.execute(insert(versions).values(version=VERSION))
    elif found > VERSION:
        raise StoreVersionError(
            f"The session store has tables of version {found}, which a newer release has made; "
            f"this release knows versions up to {VERSION}. Upgrade rasa-handover, or let `store` "
            "name another database."
        )
    elif found < VERSION:
        upgrade(connection, found)
        connection.execute(update(versions).values(version=VERSION))
