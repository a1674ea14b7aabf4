"""The log as JSON: what a line has."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Any

import pytest

from channels.core.events import Thread
from channels.instruments.log_fields import AboutThread, thread_hash
from channels.log_format import JsonFormatter

ADA = Thread(page="111", user="222")
NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)


def line(logger: str = "channels.ending", text: str = "Done.", **details: Any) -> dict[str, Any]:
    """The record as it is written."""
    args, error = details.pop("args", ()), details.pop("exc_info", None)
    record = logging.LogRecord(logger, logging.WARNING, "file.py", 1, text, args, error)
    record.created = NOON.timestamp()
    record.__dict__.update(details)
    written: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return written


def test_a_line_says_when_how_urgent_from_where_and_what() -> None:
    assert line(text="A handover ends: %s.", args=("timeout",)) == {
        "timestamp": "2026-10-01T12:00:00.000+00:00",
        "level": "warning",
        "logger": "channels.ending",
        "event": "A handover ends: timeout.",
    }


def test_what_a_line_carries_besides_is_in_it() -> None:
    assert (
        line(session_id="5a", plan="sales").items() >= {"session_id": "5a", "plan": "sales"}.items()
    )


def test_a_line_in_a_thread_s_block_has_the_thread_whoever_logs_it() -> None:
    with AboutThread(ADA):
        assert line("rasa.core.processor")["thread_hash"] == thread_hash(ADA)


def test_what_a_line_carries_goes_before_the_block_s() -> None:
    with AboutThread(ADA):
        assert line(thread_hash="bob")["thread_hash"] == "bob"


def test_a_traceback_is_a_text_that_tells_no_variable_s_value() -> None:
    def fail(token: str) -> None:
        raise LookupError(f"no page for a token of {len(token)} letters")

    try:
        fail("EAAB" + "1" * 4)
    except LookupError:
        written = line(exc_info=sys.exc_info())
    assert "LookupError: no page for a token of 8 letters" in written["exception"]
    assert "EAAB1111" not in str(written)


def test_a_line_of_rasa_s_that_is_json_is_taken_apart() -> None:
    written = line("rasa.core.lock_store", '{"event": "lock.issued", "level": "info", "n": 3}')
    assert (written["event"], written["n"]) == ("lock.issued", 3)
    assert written["level"] == "warning"


@pytest.mark.parametrize("text", ['["event"]', '{"plan": "sales"}', "{not JSON}", ""])
def test_any_other_line_of_rasa_s_is_left_as_it_is(text: str) -> None:
    assert line("rasa.core.lock_store", text)["event"] == text


def test_a_line_of_others_is_never_taken_apart() -> None:
    text = '{"event": "granted", "session_id": "forged"}'
    written = line("channels.ending", text)
    assert written["event"] == text
    assert "session_id" not in written


def test_text_that_is_no_unicode_breaks_nothing() -> None:
    assert line(text="\ud800")["event"] == "\ud800"
