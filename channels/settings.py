"""The channel's section of credentials.yml, checked once at start. Pure.

Keys that Rasa's own `facebook` channel has keep their names. An error names the key, the value
(unless it is a secret), what is allowed and how to mend it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .errors import SettingsError
from .keywords import KeywordMatch
from .plans import (
    Plan,
    parse_keywords,
    parse_metadata,
    parse_target_app,
    parse_timeout,
    parse_words,
)
from .setting_values import (
    Parser,
    RoutingSetting,
    member_of,
    parse_app_id,
    parse_flag,
    parse_graph_url,
    parse_retention,
    parse_routing,
    parse_secret,
    parse_store,
    parse_turns,
)

DEFAULT_PLAN = "default"
SECTION = "channels.MessengerInput"

_UNSET_VARIABLE = re.compile(r"\$\{\w+\}|^\$[A-Z_][A-Z0-9_]*$", re.ASCII)
_PLAN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All settings of the channel. Secrets are left out of its repr."""

    verify: str = field(repr=False)
    secret: str = field(repr=False)
    page_access_token: str = field(repr=False)
    app_id: str
    graph_url: str
    store: str = field(repr=False)
    admin_token: str | None = field(repr=False)
    routing: RoutingSetting
    typed_intents: bool
    max_turns: int
    retention: timedelta
    plans: Mapping[str, Plan]

    @property
    def default_plan(self) -> Plan:
        return self.plans[DEFAULT_PLAN]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    """A key of the section: how it is read, and what stands in for it when it is missing."""

    parse: Parser
    default: object = None
    required: str = ""  # why it can't be missing, and where to find it
    secret: bool = False


def parse_settings(section: object) -> Settings:
    """The settings in a section of credentials.yml; SettingsError for the first mistake."""
    values = _parse_section(section, SECTION, _CHANNEL_KEYS)
    return Settings(**values)


def _parse_plans(section: object) -> dict[str, Plan]:
    if not isinstance(section, Mapping):
        raise ValueError("is no mapping; write a plan's name, and its keys below it, indented.")
    return {name: _parse_plan(name, plan) for name, plan in {DEFAULT_PLAN: None, **section}.items()}


def _parse_plan(name: object, section: object) -> Plan:
    if not isinstance(name, str) or not _PLAN_NAME.fullmatch(name):
        raise ValueError(
            f"has a plan named {name!r}; a name is made of up to 64 letters, digits, - and _."
        )
    path = f"{SECTION}.plans.{name}"
    return Plan(name=name, **_parse_section({} if section is None else section, path, _PLAN_KEYS))


def _parse_section(section: object, path: str, known: Mapping[str, _Key]) -> dict[str, Any]:
    if not isinstance(section, Mapping):
        found = "empty" if section is None else "no mapping"
        raise SettingsError(f"{path} in credentials.yml is {found}. Indent its keys below it.")
    for key in section:
        if key not in known:
            raise SettingsError(_unknown(key, path, known))
    return {
        name.replace("-", "_"): _read(section.get(name), f"{path}.{name}", key)
        for name, key in known.items()
    }


def _read(found: object, path: str, key: _Key) -> Any:
    if found is None:
        if key.required:
            raise SettingsError(f"{path} is missing in credentials.yml. {key.required}")
        return key.default
    shown = " " if key.secret or isinstance(found, Mapping) else f" {found!r} "
    if isinstance(found, str) and _UNSET_VARIABLE.search(found):
        raise SettingsError(
            f"{path}{shown}holds an environment variable that nothing has filled in. Rasa fills "
            "in ${NAME} where it stands without quotes; write it so, and set the variable before "
            "`rasa run`."
        )
    try:
        return key.parse(found)
    except ValueError as error:
        raise SettingsError(f"{path}{shown}{error}") from None


def _unknown(key: object, path: str, known: Mapping[str, _Key]) -> str:
    close = difflib.get_close_matches(str(key).replace("_", "-"), known, n=1)
    guess = f"Did you mean '{close[0]}'? " if close else ""
    return f"{path} has no key {key!r}. {guess}Allowed are: {', '.join(sorted(known))}."


_CHANNEL_KEYS = {
    "verify": _Key(
        parse=parse_secret,
        secret=True,
        required="It is the token that you type in under Messenger settings > Webhooks.",
    ),
    "secret": _Key(
        parse=parse_secret,
        secret=True,
        required="Without it anybody could post messages; see App settings > Basic > App secret.",
    ),
    "page-access-token": _Key(
        parse=parse_secret,
        secret=True,
        required="Generate it under Messenger settings > Access tokens.",
    ),
    "app-id": _Key(
        parse=parse_app_id,
        required="It tells the bot's own messages from an operator's; see App settings > Basic.",
    ),
    "graph-url": _Key(parse=parse_graph_url, default="https://graph.facebook.com/v25.0"),
    "store": _Key(parse=parse_store, secret=True, default="sqlite:///handover.db"),
    "admin-token": _Key(parse=parse_secret, secret=True),
    "routing": _Key(parse=parse_routing, default=RoutingSetting.AUTO),
    "typed-intents": _Key(parse=parse_flag, default=False),
    "max-turns": _Key(parse=parse_turns, default=50),
    "retention": _Key(parse=parse_retention, default=timedelta(days=30)),
    "plans": _Key(parse=_parse_plans, default={DEFAULT_PLAN: Plan(name=DEFAULT_PLAN)}),
}
_PLAN_KEYS = {
    "target-app": _Key(parse=parse_target_app, default=Plan(name="").target_app),
    "timeout": _Key(parse=parse_timeout, default=Plan(name="").timeout),
    "keywords": _Key(parse=parse_keywords, default={}),
    "keyword-match": _Key(parse=member_of(KeywordMatch), default=KeywordMatch.WHOLE),
    "return-payloads": _Key(parse=parse_words, default=()),
    "metadata": _Key(parse=parse_metadata, default={}),
}
