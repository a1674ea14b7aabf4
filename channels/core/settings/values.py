"""How single values of the settings are read. Pure.

Each function raises ValueError with the second half of a sentence, never with the value in it.
"""

from __future__ import annotations

import enum
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from ..briefing.turns import RESERVED_INTENTS
from ..events import ACTS

Parser = Callable[[object], Any]
_Member = TypeVar("_Member", bound=enum.Enum)

MOST_AT_ONCE = 10_000
_LONG_WORD = re.compile(r"\w{20,}")  # longer than ids, which are numbers of 15 to 17 digits
LONGEST_QUOTE = 200  # characters
SHORTEST_ADMIN_TOKEN = 16  # characters; shorter ones can be guessed

_INTENT = re.compile(r"[^\s/{}@]{1,200}")
_HOST = re.compile(r"[\w.:%-]+")  # in any script, or an address
_GRAPH_VERSION = re.compile(r"/v\d+\.\d+/?$", re.ASCII)
_GRAPH_URL = "write https://graph.facebook.com/v25.0, with the Graph version that you want"
_STORES = "write sqlite:///handover.db, or postgresql://user:password@host/database"


class RoutingSetting(enum.Enum):
    """Whether Conversation Routing is on; AUTO asks Meta."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class RequestPolicy(enum.Enum):
    """Which apps get a thread when they ask for it: those that plans hand over to, all, or none."""

    PLANS = "plans"
    ALL = "all"
    NONE = "none"


def quoted(value: object) -> str:
    """A value as an error shows it: on one short line, whatever YAML has made of it.

    What looks like a token or a secret, under whatever key it was put, is not shown.
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or of levels
        return f"of the type {type(value).__name__}"
    text = _LONG_WORD.sub(_without_secret, text)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _without_secret(word: re.Match[str]) -> str:
    is_mixed = any(map(str.isdigit, word.group())) and any(map(str.isalpha, word.group()))
    return f"{word.group()[:4]}…" if is_mixed else word.group()


def parse_secret(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a text; put it in quotes.")  # YAML may change a number
    if not value.strip().isprintable():
        raise ValueError("holds a line break or a control character; copy it again.")
    return value.strip()


def parse_admin_token(value: object) -> str:
    token = parse_secret(value)
    if len(token) < SHORTEST_ADMIN_TOKEN:
        raise ValueError(
            f"has fewer than {SHORTEST_ADMIN_TOKEN} characters, and anybody who guesses it can see "
            "your users' ids and take threads back; make one with: openssl rand -hex 24."
        )
    return token


def parse_app_id(value: object) -> str:
    text = str(value) if isinstance(value, (str, int)) else ""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("is not an app id, which is a number; see App settings > Basic.")
    return text


def parse_graph_url(value: object) -> str:
    parts = web_address(value)
    if parts is None:
        raise ValueError(f"is not a web address; {_GRAPH_URL}.")
    if not _GRAPH_VERSION.search(parts.path) or parts.query or parts.fragment:
        raise ValueError(f"does not end with a Graph version; {_GRAPH_URL}.")
    if parts.username is not None:
        raise ValueError("has a user name, which Graph does not accept; leave it out.")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        raise ValueError(
            "would send the access token and what users are told over plain http to another "
            "machine; write https://. Plain http is for an emulator on this machine (localhost)."
        )
    return parts.geturl().rstrip("/")


def parse_public_url(value: object) -> str:
    """Where the agent's app, or a browser, finds the bot."""
    parts = web_address(value)
    if parts is None or parts.query or parts.fragment or parts.username:
        raise ValueError("is not a web address of the bot; write https://bot.example.com.")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        raise ValueError("would show what users wrote over plain http; write https://.")
    return parts.geturl().rstrip("/")


def web_address(value: object) -> SplitResult | None:
    """The parts of an http or https address; None for anything else."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        names_a_server = _is_host(parts) and parts.port != 0
    except ValueError:  # a port that is not a number, a bracket that is not closed, two dots
        return None
    return parts if names_a_server and parts.scheme in ("http", "https") else None


def _is_host(parts: SplitResult) -> bool:
    """Whether the address has a host; ValueError for a host that no connection can be made to."""
    host = parts.hostname or ""
    if "[" in parts.netloc:
        ipaddress.ip_address(host)
    host.encode("idna")
    return bool(_HOST.fullmatch(host))


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_store(value: object) -> str:
    scheme, _, rest = value.partition("://") if isinstance(value, str) else ("", "", "")
    if not rest.isprintable():
        raise ValueError("holds a line break or a control character; copy it again.")
    if scheme not in ("sqlite", "postgresql"):
        raise ValueError(f"names no kind of database that can be a store; {_STORES}.")
    if not rest.strip("/"):
        raise ValueError(f"names no file and no host; {_STORES}.")
    if scheme == "postgresql" and "@" in rest.partition("@")[2].partition("?")[0]:
        raise ValueError(
            "has more than one @; write the one in the user's name or password as %40."
        )
    if scheme == "sqlite" and not rest.startswith("/"):
        raise ValueError("needs three slashes before the file's name, as in sqlite:///handover.db.")
    return str(value)


def _unquoted(value: object) -> object:
    """The value as if it had no quotes: Rasa fills in every `${NAME}` as text."""
    try:
        return json.loads(value.lower()) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def parse_flag(value: object) -> bool:
    value = _unquoted(value)
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false.")
    return value


def parse_count(value: object) -> int:
    """How many of something there may be at once, or per second."""
    value = _unquoted(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_AT_ONCE:
        raise ValueError(f"is not a whole number from 1 to {MOST_AT_ONCE}.")
    return value


def parse_on_failure(value: object) -> str | None:
    """The name of a plan; None for "off", which YAML 1.1 reads as false."""
    if value is False or value == "off":
        return None
    if not isinstance(value, str):
        raise ValueError("is not allowed; write the name of a plan, or off.")
    return value


def parse_threshold(value: object) -> float:
    value = _unquoted(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ValueError("is not a number above 0 and at most 1, such as 0.8.")
    return float(value)


def parse_requests(value: object) -> RequestPolicy | tuple[str, ...]:
    """One of the policies, or the ids of the apps that get the threads they ask for."""
    if isinstance(value, (list, tuple)):
        return tuple(parse_app_id(app_id) for app_id in value)
    try:
        return RequestPolicy(value)
    except ValueError:
        raise ValueError(
            "is not allowed; write plans, all, none, or a list of app ids in quotes."
        ) from None


def parse_events(value: object) -> dict[str, str]:
    """What users do without a message, and the intents by which Rasa hears of it."""
    if not isinstance(value, Mapping) or not all(name in ACTS for name in value):
        raise ValueError(
            f"is not a mapping from {', '.join(ACTS)} to intents; write {{optin: opted_in}}."
        )
    return {name: _parse_intent(intent) for name, intent in value.items()}


def _parse_intent(value: object) -> str:
    if not isinstance(value, str) or not _INTENT.fullmatch(value):
        raise ValueError("has something that is not an intent; write one of your domain's.")
    if value in RESERVED_INTENTS:
        raise ValueError("names an intent that is the channel's own; choose another one.")
    return value


def member_of(kind: type[_Member]) -> Callable[[object], _Member]:
    """A parser for one of the values of an enum."""

    def parse(value: object) -> _Member:
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(str(member.value) for member in kind)
            raise ValueError(f"is not allowed; write one of: {allowed}.") from None

    return parse


def parse_routing(value: object) -> RoutingSetting:
    if isinstance(value, bool):  # YAML 1.1 reads a bare on and off as true and false
        return RoutingSetting.ON if value else RoutingSetting.OFF
    return member_of(RoutingSetting)(value)
