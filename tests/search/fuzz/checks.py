"""What has to hold for every input, however odd."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec

from channels.core.briefing.turns import metadata_for_rasa, text_for_rasa
from channels.core.errors import MalformedDelivery, SettingsError, SignatureRefused
from channels.core.events import Event, Postback, UserMessage
from channels.core.keywords.matcher import KeywordMatch, KeywordMatcher
from channels.core.meta.app_secret import check_signature
from channels.core.plans import Plan
from channels.core.records.inbox import user_text
from channels.core.settings.settings import Settings, parse_settings
from channels.webhook.decoding import decode_delivery
from tests.search.fuzz.odd.settings import SECRETS
from tests.search.fuzz.odd.words import Search
from tests.search.fuzz.served_channel import APP_SECRET, signed

TIME_LIMIT = timedelta(milliseconds=100)
NOTICEABLE = timedelta(milliseconds=10)
MOST_BYTES_OF_A_KEY = 2600  # a row of PostgreSQL's index has 2,704
LONGEST_LOG = 500  # characters of a message in the log: it quotes nothing of a delivery
_NOW = datetime(2026, 9, 1, tzinfo=timezone.utc)
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_PLAN = msgspec.json.Decoder(Plan)
_Input = TypeVar("_Input")


class Offence(Exception):
    """An input that breaks what has to hold; the message says what."""


class ShortLogs(logging.Handler):
    """Writes down what is logged, as a real handler does, and notes what is too long: an error
    would be lost in a task that nobody waits for.
    """

    offence: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if len(message) > LONGEST_LOG:
            self.offence = f"logged {len(message)} characters at {record.name}:{record.lineno}"


def timed(take: Callable[[_Input], Counter[str]], given: _Input) -> tuple[Counter[str], float]:
    """What `take` finds in what it is given, and its seconds; Offence if it fails or is slow.

    Where the machine may have been busy with something else, only the processor's own time for
    this thread is counted, in a second try.
    """
    try:
        begun = time.perf_counter()
        found = take(given)
        taken = time.perf_counter() - begun
        if taken > NOTICEABLE.total_seconds():
            begun = time.thread_time()
            take(given)
            taken = time.thread_time() - begun
    except Exception as error:
        raise Offence(f"raised {error!r}") from error
    if taken > TIME_LIMIT.total_seconds():
        raise Offence(f"took {taken * 1000:.0f} ms")
    return found, taken


def take_delivery(body: bytes) -> Counter[str]:
    """Verify, decode, and write down as the store does and as Rasa's tracker does."""
    header = signed(body)["X-Hub-Signature-256"]
    with contextlib.suppress(SignatureRefused):
        check_signature(body + b" ", header, APP_SECRET)
        raise AssertionError("a forged delivery was accepted")
    check_signature(body, header, APP_SECRET)
    try:
        told = decode_delivery(body, _NOW)
    except MalformedDelivery:
        return Counter(malformed=1)
    for one in told:
        _write_down(one)
    return Counter(type(one).__name__ for one in told)


def take_settings(section: Any) -> Counter[str]:
    """Parse; what is shown of the section, or of the mistake in it, holds no secret."""
    try:
        settings = parse_settings(section)
    except SettingsError as error:
        _show(str(error))
        return Counter({"refused settings": 1})
    _show(repr(settings))
    _use_plans(settings)
    return Counter(settings=1)


def take_search(search: Search) -> Counter[str]:
    """Find one of the keywords or none; a keyword that shows nothing is refused in prose."""
    try:
        matcher = KeywordMatcher(search.keywords, match=KeywordMatch(search.match))
    except ValueError:
        return Counter({"refused keywords": 1})
    found = matcher.find(search.text)
    assert found is None or any(found in listed for listed in search.keywords.values())
    return Counter({"keywords found" if found else "keywords not found": 1})


def _write_down(event: Event) -> None:
    stored = msgspec.json.encode(event).decode()
    assert _EVENT.decode(stored) == event
    for key in (event.key, event.thread.key):
        assert len(key.encode()) <= MOST_BYTES_OF_A_KEY
        assert "\0" not in key
    assert "\0" not in (user_text(event) or "")
    if isinstance(event, (UserMessage, Postback)):
        assert text_for_rasa(event).encode()
        json.dumps(metadata_for_rasa(event)).encode()


def _show(text: str) -> None:
    text.encode()
    leaked = [secret for secret in SECRETS if secret in text]
    assert not leaked, f"{leaked} shows"


def _use_plans(settings: Settings) -> None:
    """As a session does: it keeps its plan as JSON."""
    own = [plan for page in settings.pages.values() for plan in page.plans.values()]
    for plan in (*settings.plans.values(), *own):
        assert _PLAN.decode(msgspec.json.encode(plan)) == plan
