"""Keeps what people write out of the log, no matter what logs it.

A component, an action or a library that fails says in its error what it could not deal with, which
may be what a user wrote; Rasa quotes messages in some of its warnings, and SQLAlchemy, if asked to,
whatever is stored. In a process, all log records are made in one place, and all of Python's
warnings are shown in one: there they lose such words.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import warnings
from typing import Any

import structlog

from ..core.errors import HandoverError
from .log_fields import subject
from .said import LEFT_OUT, is_said, without_said

logger = logging.getLogger(__name__)

_ASYNCIO = "asyncio"
_SQL = "sqlalchemy.engine"
_ACCESS = "sanic.access"
_OWN = __name__.partition(".instruments.")[0]


def keep_log_quiet() -> None:
    """Keep the log quiet from now on; calling it once is enough."""
    make = logging.getLogRecordFactory()
    if not isinstance(make, _QuietRecords):
        logging.setLogRecordFactory(_QuietRecords(make))
    show = warnings.showwarning
    if not isinstance(show, _QuietWarnings):
        warnings.showwarning = _QuietWarnings(show)
    _keep_structured_lines_quiet()
    _keep_unhandled_errors_quiet()
    logging.getLogger(_ACCESS).addFilter(_leave_out_query)


class _QuietRecords:
    """A factory of log records, for `logging.setLogRecordFactory`.

    The plugin's own lines always lose what an error says. So do asyncio's, which report tasks that
    nobody waits for, when it is no longer known what they were for. Other lines lose it while work
    is under way for a thread, because the error may be about that.
    """

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        name = record.name or ""  # `logging.makeLogRecord` fills it in later
        is_own = name == _OWN or name.startswith(f"{_OWN}.")
        is_late = name == _ASYNCIO
        may_quote = is_own or is_late or subject() or is_said()
        if record.exc_info and record.exc_info[1] is not None and may_quote:
            quiet = without_words(record.exc_info[1])
            record.exc_info = (type(quiet), quiet, quiet.__traceback__)
            if is_late:  # the rest of the line shows the task or the call, and what it was about
                record.msg, record.args = re.split(r"[\n(]", str(record.msg))[0], ()
        if name.startswith(_SQL) and isinstance(record.args, tuple):
            # Parameters and rows, also of Rasa's tracker store; what is not secret is a str.
            record.args = tuple(part if isinstance(part, str) else LEFT_OUT for part in record.args)
        if not is_own and is_said():
            _hide(record)
        return record


def _keep_structured_lines_quiet() -> None:
    """Quieten Rasa's structured lines, which become text before a log record is made of them, and
    leave out the variables of each frame, which Rasa 3.6 writes below an error: slots, tokens.
    """
    steps = structlog.get_config()["processors"]  # the list that all loggers share
    if isinstance(steps, list) and _quieten not in steps:
        steps.insert(0, _quieten)
    for step in steps:
        writes: Any = getattr(step, "format_exception", getattr(step, "_exception_formatter", None))
        if hasattr(writes, "show_locals"):
            writes.show_locals = False


def _quieten(_: object, __: str, line: Any) -> Any:
    """A structlog processor: while work is under way, a line's error loses its words."""
    found = line.get("exc_info")
    error = found[1] if isinstance(found, tuple) else sys.exc_info()[1] if found is True else found
    if isinstance(error, BaseException) and (subject() or is_said()):
        line["exc_info"] = without_words(error)
    return line


def _leave_out_query(line: logging.LogRecord) -> bool:
    """A filter: an address may have a token after its "?"."""
    address, has_query, _ = str(getattr(line, "request", "")).partition("?")
    if has_query:
        line.request = f"{address}?..."
    return True


def _keep_unhandled_errors_quiet() -> None:
    """Log errors in threads and in `__del__` that nobody handles, which Python itself would print.
    A hook that somebody else has set stays.
    """
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _tell_of_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _tell_of_ignored


def _tell_of_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is not SystemExit and failed.exc_value is not None:
        logger.error(
            "A Python thread has failed with an error that nobody handles.",
            exc_info=failed.exc_value,
        )


def _tell_of_ignored(failed: sys.UnraisableHookArgs) -> None:
    if failed.exc_value is not None:
        logger.error("Python has ignored an error.", exc_info=failed.exc_value)


class _QuietWarnings:
    """A `warnings.showwarning` that quotes nobody: Rasa's warnings quote payloads it can't read."""

    def __init__(self, show: Any) -> None:
        self._show = show

    def __call__(self, message: Warning | str, *args: Any, **kwargs: Any) -> None:
        self._show(without_said(str(message)) if is_said() else message, *args, **kwargs)


def without_words(error: BaseException) -> BaseException:
    """A stand-in for the error, with its traceback and causes, but without what they say.

    Errors of this package keep their words: they quote nobody.
    """
    return _quiet(error, {})


def _quiet(error: BaseException, done: dict[int, BaseException]) -> BaseException:
    if id(error) in done:
        return done[id(error)]
    quiet = _named_alike(error)
    done[id(error)] = quiet
    if error.__cause__ is not None:
        quiet.__cause__ = _quiet(error.__cause__, done)
    if error.__context__ is not None:
        quiet.__context__ = _quiet(error.__context__, done)
    quiet.__suppress_context__ = error.__suppress_context__
    return quiet.with_traceback(error.__traceback__)


def _named_alike(error: BaseException) -> BaseException:
    """An error of the same name and class, without anything that the other was made of."""
    kind = type(error)
    words = str(error) if isinstance(error, HandoverError) else LEFT_OUT
    names = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__str__": lambda _: words,
    }
    try:
        alike: type[BaseException] = type(kind.__name__, (kind,), names)
        quiet: BaseException = alike.__new__(alike)
    except Exception:  # a class that can't be derived from, or made without arguments
        quiet = type(kind.__name__, (Exception,), names)()
    return quiet


def _hide(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except Exception:  # logging would then print everything that the line was to be made of
        record.msg, record.args = f"A line of {record.name} can't be formatted.", ()
        return
    hidden = without_said(message)
    if hidden != message:
        record.msg, record.args = hidden, ()
