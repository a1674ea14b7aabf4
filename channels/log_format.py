"""The log as JSON, one object a line: `logging.yml` switches it on."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import Any

from structlog.processors import JSONRenderer, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, WrappedLogger

from .instruments.log_fields import subject
from .instruments.said import is_said, without_said


class JsonFormatter(ProcessorFormatter):
    """Writes `timestamp`, `level`, `logger`, `event` (the text) and what the line has besides.

    A line about a thread has `thread_hash`, one about a handover `session_id` as well; so do the
    lines that Rasa writes while it handles a message of that thread. An exception's traceback is in
    `exception`.
    """

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[
                _taken_apart,
                ExtraAdder(),
                _without_said,
                _with_subject,
                add_log_level,
                add_logger_name,
                _dated,
                format_exc_info,
            ],
            processors=[ProcessorFormatter.remove_processors_meta, JSONRenderer()],
        )


def _taken_apart(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Rasa writes its structured lines as JSON already, unless it runs in a terminal."""
    record: logging.LogRecord = line["_record"]
    if not record.name.startswith("rasa."):
        return line
    try:
        fields = json.loads(line["event"])
    except ValueError:
        return line
    if not isinstance(fields, dict) or "event" not in fields:
        return line
    return {**fields, **line, "event": fields["event"]}


def _without_said(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """What others add to a line beside its text may quote a user as well."""
    if not is_said():
        return line
    return {name: _quiet(value) for name, value in line.items()}


def _quiet(value: Any) -> Any:
    if isinstance(value, (str, list, tuple, dict, set)):
        hidden = without_said(text := str(value))
        return value if hidden == text else hidden
    return value


def _with_subject(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    return {**subject(), **line}


def _dated(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    at = datetime.fromtimestamp(line["_record"].created, timezone.utc)
    line["timestamp"] = at.isoformat(timespec="milliseconds")
    return line
