"""The database named by the setting `store`: how to reach it, and what to say if it fails."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import SingletonThreadPool

from ...core.errors import StoreUnavailable

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_FORMS = (
    "write sqlite:///handover.db (a file), or postgresql://user:password@host/database "
    "(for more than one worker)."
)
_KINDS = ("sqlite", "postgresql")
_ON_SQLITE_CONNECT = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # with WAL and NORMAL, a commit might not survive a power cut
    "PRAGMA busy_timeout=5000",  # milliseconds; somebody else may be reading the file
)
_PREPARED = 1000  # statements that SQLite keeps prepared: there is one for each size of a batch
_POSTGRESQL_OPTIONS = {
    "application_name": "rasa-handover",
    "client_encoding": "utf8",  # by default it is the database's, which may be ASCII
    "connect_timeout": "5",  # seconds
    "tcp_user_timeout": "10000",  # milliseconds until a silent server counts as gone
    "keepalives_idle": "5",  # seconds; and while we wait for its answer
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "target_session_attrs": "read-write",  # not a server that a failover has left behind
}
# In milliseconds. For no longer than this does a worker hold up the others if it stands still in a
# transaction or its machine loses the network, and does anybody's lock hold up a worker.
SESSION_LIMITS = {
    "idle_in_transaction_session_timeout": 3000,
    "lock_timeout": 3500,
    "statement_timeout": 6000,
}
TRUSTED_FOR = 1  # seconds after a transaction in which its connection is used again, untested
# Encodings of databases; SQL_ASCII keeps any bytes. A proxy before the database may tell none.
_HOLD_ALL = ("UTF8", "SQL_ASCII", None)
# Errors of an operation, not of the connection (PostgreSQL, Error Codes): it waited too long for a
# lock or took too long, was in a deadlock, or could not be serialised.
_OF_ONE_OPERATION = {"55P03", "57014", "40P01", "40001"}


class Database:
    """A SQLite file or a PostgreSQL database."""

    def __init__(self, url: str) -> None:
        """Raises StoreUnavailable if `url` names neither of the two."""
        try:
            self._url = make_url(url)
        except (SQLAlchemyError, ValueError):  # whose messages hold the URL with its password
            raise StoreUnavailable(f"`store` is not a database URL; {_FORMS}") from None
        if self._url.drivername not in _KINDS:
            raise StoreUnavailable(f"`store` can't be '{self._url.drivername}'; {_FORMS}")
        self.is_sqlite = self._url.drivername == "sqlite"
        # SQLite reads "file:" as the start of a URL of its own, which may mean a database in memory
        # or a file of another name.
        database = self._url.database or ""
        if self.is_sqlite and (database in ("", ":memory:") or database.startswith("file:")):
            raise StoreUnavailable(f"`store` names no SQLite file to keep sessions in; {_FORMS}")

    def __str__(self) -> str:
        """The URL, with each password in it masked."""
        query = {
            key: "***" if "password" in key else self._url.query[key] for key in self._url.query
        }
        return str(self._url.set(query=query).render_as_string(hide_password=True))

    def reserve(self) -> AbstractContextManager[object]:
        """Keep other processes away from a SQLite file, until the context is left.

        Raises StoreUnavailable if another process has it, if it has a second name (a hard link), or
        if its directory can't be used.
        """
        if not self.is_sqlite:
            return nullcontext()
        # The file itself, not a symbolic link to it: that would have a lock of its own.
        file = Path(os.path.realpath(self._url.database))
        if not file.parent.is_dir():
            raise StoreUnavailable(
                f"The session store {self} can't be opened: there is no directory "
                f"'{file.parent.absolute()}'. Create it, or correct `store`."
            )
        if _has_other_names(file):  # each of which has a lock of its own
            raise StoreUnavailable(
                f"The file of the session store {self} has another name, too (a hard link), under "
                "which another process may write to it: SQLite would then damage it. Stop the bot, "
                "copy the file, and let `store` name the copy."
            )
        try:
            return _hold(file.with_name(f"{file.name}.lock"))
        except BlockingIOError:
            raise StoreUnavailable(
                f"The session store {self} is in use by another process, and SQLite serves one "
                "worker. Stop the other `rasa run`; or, for SANIC_WORKERS above 1 or several "
                "machines, let `store` name a PostgreSQL database."
            ) from None
        except OSError as error:
            raise StoreUnavailable(
                f"The session store {self} can't be opened: {error.strerror}. {self._remedy}"
            ) from error

    def engine(self) -> Engine:
        """An engine for one thread, with one connection.

        On PostgreSQL it tests the connection before it gives it out, and gives none out again after
        an error that is not one of the operation's own: it may lead to a server that a failover has
        left read-only. Raises StoreUnavailable if the URL has an option that can't be used.
        """
        if self.is_sqlite:
            engine = _engine(self._url, connect_args={"cached_statements": _PREPARED})
            event.listen(engine, "connect", _sqlite_connected)
            # Not a listener to "begin": with one, an engine prepares events for each statement.
            engine.dialect.do_begin = _sqlite_begin
            return engine
        query = {**_POSTGRESQL_OPTIONS, **self._url.query}
        engine = _engine(
            self._url.set(query=query),
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",  # others, as defaults, fail where workers meet
            executemany_mode="values_plus_batch",  # or each row of an UPDATE is a round trip
        )
        event.listen(engine, "connect", partial(_postgresql_connected, query.get("options", "")))
        engine.dialect.is_disconnect = partial(_is_disconnect, engine.dialect)
        return engine

    def transactions(self) -> Callable[[Engine], AbstractContextManager[Connection]]:
        """A function that begins a transaction, for one thread.

        It raises StoreUnavailable once the SQLite file is no longer the one that it first found:
        SQLite would go on writing to the deleted file, and everything would be lost.
        """
        path = os.path.realpath(self._url.database or "")
        files = _Files(path, store=str(self)) if self.is_sqlite else None
        kept: list[Connection] = []  # to fetch one from the engine costs as much as a statement
        kept_at = 0.0

        @contextmanager
        def begin(engine: Engine) -> Iterator[Connection]:
            nonlocal kept_at
            if kept and time.monotonic() - kept_at > TRUSTED_FOR:
                kept.pop().close()
            connection = kept.pop() if kept else engine.connect()
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                connection.close()
                raise
            else:
                kept.append(connection)
                kept_at = time.monotonic()
            finally:
                if files:
                    files.check()

        return begin

    def explain(self, error: SQLAlchemyError) -> StoreUnavailable:
        """The error to raise instead: what the database said, and what to check."""
        # Only the first line: in the following ones, PostgreSQL quotes the row.
        words = str(error.orig if isinstance(error, DBAPIError) else error).strip()
        return StoreUnavailable(
            f"The session store {self} failed: {words.partition(chr(10))[0]}. {self._remedy}"
        )

    @property
    def _remedy(self) -> str:
        if self.is_sqlite:
            return (
                "Check that the file and its directory can be written, and that the disk has room."
            )
        return "Check that PostgreSQL runs there, and that the user can log in and create tables."


class _Files:
    """A SQLite database's files; each is known from the first time that it exists."""

    def __init__(self, path: str, *, store: str) -> None:
        self._paths = (path, f"{path}-wal")
        self._store = store
        self._known: dict[str, tuple[int, int]] = {}

    def check(self) -> None:
        for path in self._paths:
            found = _identity(path)
            if found is not None:
                self._known.setdefault(path, found)
            if self._known.get(path) != found:
                raise StoreUnavailable(
                    f"The file {Path(path).name} of the session store {self._store} was deleted or "
                    "replaced while the bot runs, so that nothing can be kept. Stop the bot, put "
                    "the file back, and start it again."
                )


def _engine(url: Any, **options: Any) -> Engine:
    try:
        return create_engine(
            url,
            future=True,
            hide_parameters=True,  # they hold what users wrote
            poolclass=SingletonThreadPool,
            **options,
        )
    except ValueError as error:
        raise StoreUnavailable(
            f"`store` has an option after '?' that can't be used ({error}); {_FORMS}"
        ) from None


def _identity(file: str) -> tuple[int, int] | None:
    """Which file it is, independent of its name; None if there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116  # for each transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _has_other_names(file: Path) -> bool:
    try:
        found = file.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink > 1


def _postgresql_connected(options: str, connection: Any, _record: object) -> None:
    """Set the limits of the session, except those that the URL's `options` set.

    Raises StoreUnavailable if the database can't hold everything that people write.
    """
    encoding = connection.get_parameter_status("server_encoding")
    if encoding not in _HOLD_ALL:
        connection.close()
        raise StoreUnavailable(
            f"`store` names a database whose encoding is {encoding}, in which most of what people "
            "write can't be stored. Let it name one that was created with ENCODING 'UTF8'."
        )
    with connection.cursor() as cursor:
        for name, limit in SESSION_LIMITS.items():
            if name not in options:
                cursor.execute(f"SET {name} = {limit}")
    connection.commit()


def _is_disconnect(dialect: Any, error: Any, connection: Any, cursor: Any) -> bool:
    if isinstance(error, (dialect.dbapi.OperationalError, dialect.dbapi.InternalError)):
        return getattr(error, "pgcode", None) not in _OF_ONE_OPERATION
    return bool(type(dialect).is_disconnect(dialect, error, connection, cursor))


def _sqlite_connected(connection: Any, _record: object) -> None:
    # SQLAlchemy, SQLite, "Serializable isolation / Savepoints / Transactional DDL": the driver
    # must not begin transactions by itself, or DDL and reads would run outside of them.
    connection.isolation_level = None
    for pragma in _ON_SQLITE_CONNECT:
        connection.execute(pragma)


def _sqlite_begin(connection: Any) -> None:
    connection.execute("BEGIN IMMEDIATE")


def _hold(path: Path) -> IO[bytes]:
    """Lock the file at `path` until what is returned is closed; the file is created if missing.

    The kernel unlocks it if the process dies. Raises BlockingIOError if it is locked already, and
    another OSError if it can't be created. It is never deleted, because another process may be
    about to lock it.
    """
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        raise
    return file
