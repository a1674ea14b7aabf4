"""Who is told of handovers: the targets under `notify` in credentials.yml. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..errors import SettingsError
from ..notices import EVERY_KIND, NoticeKind
from .sections import Key, parse_section
from .values import parse_secret, quoted, web_address

_PREFIX = "whsec_"  # Standard Webhooks, "Signature scheme"
_FEWEST_BYTES = 24  # Standard Webhooks, "Signature scheme"
_FORMS = "write 'url' and 'secret' of a webhook, or 'apprise'"


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifyTarget:
    """Where to send `events`: to a webhook at `url`, or to anything that has an Apprise URL.

    The store calls the target `name`, and the log `shown`: neither contains a secret.
    """

    name: str
    shown: str
    url: str | None = field(repr=False)
    secret: str | None = field(repr=False)
    apprise: str | None = field(repr=False)
    events: frozenset[NoticeKind]


def parse_notify(path: str, value: object) -> tuple[NotifyTarget, ...]:
    """The targets in a list; `path` is what to call it in an error."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"is not a list; {_FORMS}, each target with a dash before it.")
    targets = [_target(f"{path}[{number}]", one) for number, one in enumerate(value)]
    names = [target.name for target in targets]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise SettingsError(
                f"{path}[{number}] is listed twice; put all its 'events' into one of the two."
            )
    return tuple(targets)


def _target(path: str, section: object) -> NotifyTarget:
    keys: dict[str, Any] = parse_section(section, path, _KEYS)
    url, secret, apprise = keys["url"], keys["secret"], keys["apprise"]
    if (url is None) == (apprise is None):
        raise SettingsError(f"{path} must be one of two things: {_FORMS}.")
    is_webhook, is_signed = url is not None, secret is not None
    if is_webhook is not is_signed:
        raise SettingsError(
            f"{path}: 'url' and 'secret' go together. The secret shows the receiver that it is "
            "your bot that calls; make one with: openssl rand -base64 32."
        )
    where = url or apprise
    return NotifyTarget(
        name=hashlib.sha256(where.encode()).hexdigest()[:16],
        shown=_host_of(url) if url else where.partition(":")[0],
        url=url,
        secret=secret,
        apprise=apprise,
        events=keys["events"],
    )


def _host_of(url: str) -> str:
    parts = urlsplit(url)
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.hostname}{port}"


def _parse_url(value: object) -> str:
    parts = web_address(value)
    if parts is None:
        raise ValueError("is not a web address; write https://example.com/hooks/handover.")
    if parts.username or parts.password:
        raise ValueError("holds a user or a password; the receiver recognises the bot by 'secret'.")
    return parts.geturl()


def _parse_signing_secret(value: object) -> str:
    given = parse_secret(value)
    try:
        key = base64.b64decode(given.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _FEWEST_BYTES:
        raise ValueError(
            f"is not at least {_FEWEST_BYTES} bytes in base64, with or without whsec_ before them; "
            "make one with: openssl rand -base64 32."
        )
    return given


def _parse_apprise(value: object) -> str:
    url = parse_secret(value)
    if "://" not in url:
        raise ValueError("is not an Apprise URL, such as slack://…, msteams://… or mailto://….")
    return url


def _parse_events(value: object) -> frozenset[NoticeKind]:
    listed = [value] if isinstance(value, str) else value
    allowed = ", ".join(kind.value for kind in NoticeKind)
    if not isinstance(listed, (list, tuple)) or not listed:
        raise ValueError(f"is not a list; write some of: {allowed}.")
    try:
        return frozenset(map(NoticeKind, listed))
    except (ValueError, TypeError):
        known = {kind.value for kind in NoticeKind}
        wrong = next(one for one in listed if not isinstance(one, str) or one not in known)
        raise ValueError(
            f"has {quoted(wrong)}, which is not an event; write some of: {allowed}."
        ) from None


_KEYS = {
    "url": Key(parse=_parse_url, secret=True),  # many receivers have a token in the path
    "secret": Key(parse=_parse_signing_secret, secret=True),
    "apprise": Key(parse=_parse_apprise, secret=True),
    "events": Key(parse=_parse_events, default=EVERY_KIND),
}
