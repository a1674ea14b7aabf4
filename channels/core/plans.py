"""A plan: the settings of one kind of handover. Pure.

The `parse_…` functions raise ValueError with the second half of a sentence, never with the
value in it: the caller knows what to call the value, and whether it may be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from .events import Platform
from .hours import Hours, WhenClosed, is_open, opens_at
from .keywords.matcher import KeywordMatch, KeywordMatcher

PAGE_INBOX = "page-inbox"
INBOX_APP_IDS = {  # Meta, Conversation Routing: the Inbox is an app like others
    Platform.MESSENGER: "263902037430900",
    Platform.INSTAGRAM: "1217981644879628",
}
INBOX_NAMES = {
    INBOX_APP_IDS[Platform.MESSENGER]: "Page Inbox",
    INBOX_APP_IDS[Platform.INSTAGRAM]: "Instagram Inbox",
}
ASSISTANT_LANGUAGE = ""  # keywords listed without a language: the assistant's own
_LANGUAGE = re.compile("[a-zA-Z]{2,3}([-_].+)?")
_SEVERAL = re.compile("[,;،、，|\n]")

_UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd]?)", re.ASCII)  # no timedelta has more days
_DURATIONS_ALLOWED = "a number of seconds, or a number with s, m, h or d, such as 90, 90s, 30m, 2h"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of handover works: who gets the thread, for how long, and what ends it.

    `target_app` is an app id or "page-inbox". `keywords` maps a language to the words that
    bring the bot back; the language "" stands for the assistant's own. `last_messages`: the app
    that gets the thread is told the user's last messages. `unanswered_notice` is how long a user
    waits for an answer before operators are told; None if nobody wants to be told. Without `hours`
    somebody is always there. `context_slots` are slots whose values the agent's app is told.
    """

    name: str
    target_app: str = PAGE_INBOX
    timeout: timedelta = timedelta(minutes=30)
    idle_timeout: timedelta | None = None
    unanswered_timeout: timedelta | None = None
    unanswered_notice: timedelta | None = None
    owner_probe: timedelta = timedelta(minutes=2)
    pass_patience: timedelta = timedelta(minutes=1)
    keywords: dict[str, tuple[str, ...]] = {}
    keyword_match: KeywordMatch = KeywordMatch.WHOLE
    return_payloads: tuple[str, ...] = ()
    return_intents: tuple[str, ...] = ()
    return_intent_threshold: float = 0.8
    metadata: dict[str, Any] = {}
    last_messages: bool = True
    context_slots: tuple[str, ...] = ()
    hours: Hours | None = None
    when_closed: WhenClosed = WhenClosed.REFUSE
    wait_at_most: timedelta = timedelta(days=3)

    def is_open(self, now: datetime) -> bool:
        """Whether somebody is there, by the plan's hours."""
        return self.hours is None or is_open(self.hours, now)

    def opens_at(self, now: datetime) -> datetime | None:
        """When somebody will be there, in the plan's time zone.

        None while the plan is open, or if it does not open within five years.
        """
        if self.hours is None or is_open(self.hours, now):
            return None
        return opens_at(self.hours, now)

    def target_app_id(self, platform: Platform) -> str:
        """The id of the app that gets the thread; the Inbox has one on each platform."""
        return INBOX_APP_IDS[platform] if self.target_app == PAGE_INBOX else self.target_app

    def spoken_in(self, language: str) -> Plan:
        """This plan, with keywords that name no language put under the assistant's language."""
        words = dict(self.keywords)
        unnamed = words.pop(ASSISTANT_LANGUAGE, ())
        if unnamed:
            words[language] = (*words.get(language, ()), *unnamed)
        return msgspec.structs.replace(self, keywords=words)

    def overridden(self, wishes: Mapping[str, Any]) -> Plan:
        """This plan with what an action's payload asks for, for one session.

        Raises ValueError in prose for a key or value that is not allowed.
        """
        changes: dict[str, Any] = {}
        for key, value in wishes.items():
            if key not in _OVERRIDES:
                allowed = ", ".join(sorted(_OVERRIDES))
                raise ValueError(f"'{key}' can't be set for one handover; allowed are {allowed}.")
            if value is not None:
                changes[key] = _override(key, value)
        if "metadata" in changes:
            changes["metadata"] = {**self.metadata, **changes["metadata"]}
        return msgspec.structs.replace(self, **changes)


def return_words(plan: Plan) -> Callable[[str], bool]:
    """Whether a text is one of the plan's keywords."""
    matcher = _matcher(msgspec.json.encode((plan.keywords, plan.keyword_match)))
    return lambda text: matcher.find(text) is not None


@lru_cache(maxsize=256)
def _matcher(keywords_and_match: bytes) -> KeywordMatcher:
    keywords, match = msgspec.json.decode(
        keywords_and_match, type=tuple[dict[str, tuple[str, ...]], KeywordMatch]
    )
    return KeywordMatcher(keywords, match=match)


def _override(key: str, value: object) -> object:
    try:
        return _OVERRIDES[key](value)
    except ValueError as error:
        raise ValueError(f"'{key}' {error}") from None


def parse_duration(value: object) -> timedelta:
    """90, "90", "90s", "30m", "2h" or "1d" as a timedelta."""
    if isinstance(value, float) and value.is_integer():  # as in Rasa's float slots
        value = int(value)
    match = _DURATION.fullmatch(str(value).strip() if isinstance(value, (int, str)) else "")
    if match is None:
        raise ValueError(f"is not a duration; write {_DURATIONS_ALLOWED}.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def duration_between(shortest: str, longest: str) -> Callable[[object], timedelta]:
    """A parser for durations in a range; its ends are written as users write durations."""
    least, most = parse_duration(shortest), parse_duration(longest)

    def parse(value: object) -> timedelta:
        duration = parse_duration(value)
        if not least <= duration <= most:
            raise ValueError(f"is out of range; write a duration from {shortest} to {longest}.")
        return duration

    return parse


parse_timeout = duration_between("1s", "30d")


def parse_target_app(value: object) -> str:
    """An app id (digits; YAML may have read it as a number) or "page-inbox", which the id of either
    platform's inbox stands for, too: guides tell only of Messenger's.
    """
    text = str(value) if isinstance(value, (int, str)) else ""
    if text != PAGE_INBOX and not (text.isascii() and text.isdigit()):
        raise ValueError(
            "is not a target app; write 'page-inbox', or the app id of the agent's app, "
            "which is a number in quotes."
        )
    return PAGE_INBOX if text in INBOX_NAMES else text


def parse_keywords(value: object) -> dict[str, tuple[str, ...]]:
    """A list of words in the assistant's language, or a mapping from languages to lists."""
    languages = value if isinstance(value, Mapping) else {ASSISTANT_LANGUAGE: value}
    if not all(isinstance(language, str) for language in languages):
        raise ValueError("has a language that is not a text; put it in quotes.")
    _check_characters(languages)
    if not all(_LANGUAGE.fullmatch(code) for code in languages if code != ASSISTANT_LANGUAGE):
        raise ValueError("has a language that is no code; write en, de or pt-BR.")
    words = {language: _texts(listed) for language, listed in languages.items()}
    for listed in languages.values():
        _refuse_several_in_one(listed)
    KeywordMatcher(words)  # refuses a keyword that nobody could ever type
    return words


def parse_words(value: object) -> tuple[str, ...]:
    """One text, or a list of texts, none of them empty."""
    words = _texts(value)
    if not all(word.strip() for word in words):
        raise ValueError("has an empty text; leave it out.")
    return words


def parse_names(value: object) -> tuple[str, ...]:
    """The same, of names that have no comma in them and begin with no slash: intents, slots."""
    _refuse_several_in_one(value)
    names = parse_words(value)
    if any(name.startswith("/") for name in names):
        raise ValueError("has a slash, as payloads do; write the name without it.")
    return names


def _refuse_several_in_one(value: object) -> None:
    if isinstance(value, str) and _SEVERAL.search(value.strip()):
        raise ValueError("is one text that lists several; write a list, such as [one, another].")


def _texts(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(word, str) for word in listed):
        raise ValueError(
            "is not a list of texts; write [menu, 'back to bot'], and put words that "
            "YAML reads otherwise (yes, no, on, off, numbers) in quotes."
        )
    _check_characters(listed)
    return tuple(listed)


def _check_characters(texts: Iterable[str]) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a character (a lone surrogate); type it again.") from None


def parse_metadata(value: object) -> dict[str, Any]:
    """A mapping that can be written as JSON."""
    if not isinstance(value, Mapping):
        raise ValueError("is not a mapping; write keys and values, such as team: sales.")
    try:
        decoded = msgspec.json.decode(msgspec.json.encode(dict(value)), type=dict[str, Any])
    except (TypeError, ValueError, RecursionError):
        raise ValueError("holds something that JSON can't express.") from None
    return decoded


_OVERRIDES: dict[str, Callable[[object], object]] = {
    "target_app": parse_target_app,
    "timeout": parse_timeout,
    "keywords": parse_keywords,
    "metadata": parse_metadata,
}
