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
from .events import Thread
from .keywords.matcher import KeywordMatch
from .limits import MEDIA_SENDS_A_SECOND, SENDS_A_SECOND
from .plans import (
    INBOX_APP_IDS,
    Plan,
    parse_keywords,
    parse_metadata,
    parse_target_app,
    parse_timeout,
    parse_words,
)
from .setting_values import (
    Parser,
    RequestPolicy,
    RoutingSetting,
    member_of,
    parse_app_id,
    parse_count,
    parse_flag,
    parse_graph_url,
    parse_probe,
    parse_requests,
    parse_retention,
    parse_routing,
    parse_secret,
    parse_store,
    parse_threshold,
    quoted,
)

DEFAULT_PLAN = "default"
CLASS_NAME = "MessengerInput"
SECTION = f"{__name__.partition('.core.')[0]}.{CLASS_NAME}"

_UNSET_VARIABLE = re.compile(r"\$\{\w+\}|^\$[A-Z_][A-Z0-9_]*$", re.ASCII)
_PLAN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


def is_own_section(name: object) -> bool:
    """Whether a section of credentials.yml is this channel's, by whatever path it is imported."""
    return str(name).rpartition(".")[2] == CLASS_NAME


@dataclass(frozen=True, kw_only=True, slots=True)
class PageSettings:
    """One of several pages: its token, its Instagram account's id, and plans of its own."""

    page_access_token: str = field(repr=False)
    instagram: str | None
    plans: Mapping[str, Plan]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All settings of the channel. Secrets are left out of its repr.

    There is either the one page that `page_access_token` is for, or `pages` by their ids.
    """

    verify: str = field(repr=False)
    secret: str = field(repr=False)
    page_access_token: str | None = field(repr=False)
    pages: Mapping[str, PageSettings]
    app_id: str
    graph_url: str
    store: str = field(repr=False)
    admin_token: str | None = field(repr=False)
    routing: RoutingSetting
    typed_intents: bool
    max_turns: int
    sends_a_second: int
    media_sends_a_second: int
    retention: timedelta
    transcript: bool
    transcript_retention: timedelta
    requests: RequestPolicy | tuple[str, ...]
    plans: Mapping[str, Plan]

    def plans_of(self, page: str) -> Mapping[str, Plan]:
        """The plans of a page, or of an Instagram account: the channel's, and the page's own."""
        own = [one.plans for id_, one in self.pages.items() if page in (id_, one.instagram)]
        return {**self.plans, **own[0]} if own else self.plans

    def may_have(self, thread: Thread, app_id: str) -> bool:
        """Whether an app gets a thread when it asks for it (`request_thread_control`)."""
        if self.requests is RequestPolicy.PLANS:
            plans = self.plans_of(thread.page).values()
            targets = {plan.target_app_id(thread.platform) for plan in plans}
            return app_id in targets | {INBOX_APP_IDS[thread.platform]}
        if isinstance(self.requests, tuple):
            return app_id in self.requests
        return self.requests is RequestPolicy.ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    """A key of the section: how it is read, and what stands in for it when it is missing."""

    parse: Parser
    default: object = None
    required: str = ""  # why it can't be missing, and where to find it
    secret: bool = False


def parse_settings(section: object) -> Settings:
    """The settings in a section of credentials.yml; SettingsError for the first mistake."""
    settings = Settings(**_parse_section(section, SECTION, _CHANNEL_KEYS))
    if settings.page_access_token is None and not settings.pages:
        raise SettingsError(
            f"{SECTION}.page-access-token is missing in credentials.yml. Generate it under "
            "Messenger settings > Access tokens. For several pages write 'pages' instead."
        )
    if settings.page_access_token is not None and settings.pages:
        raise SettingsError(
            f"{SECTION} has both page-access-token and pages. With several pages each has its "
            "token under its id in 'pages'; leave the other one out."
        )
    return settings


def _parse_pages(section: object) -> dict[str, PageSettings]:
    if not isinstance(section, Mapping):
        raise ValueError("is no mapping; write a page's id, and its keys below it, indented.")
    return dict(_parse_page(page, keys) for page, keys in section.items())


def _parse_page(page: object, section: object) -> tuple[str, PageSettings]:
    try:
        page_id = parse_app_id(page)
    except ValueError:
        raise ValueError(f"has a page {quoted(page)}; write the page's id, a number.") from None
    path = f"{SECTION}.pages.{page_id}"
    return page_id, PageSettings(**_parse_section(section, path, _PAGE_KEYS))


def _parse_plans(section: object) -> dict[str, Plan]:
    return {DEFAULT_PLAN: Plan(name=DEFAULT_PLAN), **_parse_named_plans(section)}


def _parse_named_plans(section: object) -> dict[str, Plan]:
    if not isinstance(section, Mapping):
        raise ValueError("is no mapping; write a plan's name, and its keys below it, indented.")
    return {name: _parse_plan(name, plan) for name, plan in section.items()}


def _parse_plan(name: object, section: object) -> Plan:
    if not isinstance(name, str) or not _PLAN_NAME.fullmatch(name):
        raise ValueError(
            f"has a plan named {quoted(name)}; a name is made of up to 64 letters, digits, - and _."
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
    shown = " " if key.secret or isinstance(found, Mapping) else f" {quoted(found)} "
    if isinstance(found, str) and _UNSET_VARIABLE.search(found):
        raise SettingsError(
            f"{path}{shown}names an environment variable that is not set. Set it before `rasa "
            "run`, and write it as ${NAME}."
        )
    try:
        return key.parse(found)
    except ValueError as error:
        raise SettingsError(f"{path}{shown}{error}") from None
    except RecursionError:
        raise SettingsError(f"{path} is nested too deep; nothing here has many levels.") from None


def _unknown(key: object, path: str, known: Mapping[str, _Key]) -> str:
    close = difflib.get_close_matches(quoted(key).strip("'").replace("_", "-"), known, n=1)
    guess = f"Did you mean '{close[0]}'? " if close else ""
    return f"{path} has no key {quoted(key)}. {guess}Allowed are: {', '.join(sorted(known))}."


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
    "page-access-token": _Key(parse=parse_secret, secret=True),
    "pages": _Key(parse=_parse_pages, default={}, secret=True),  # it holds tokens
    "app-id": _Key(
        parse=parse_app_id,
        required="It tells the bot's own messages from an operator's; see App settings > Basic.",
    ),
    "graph-url": _Key(parse=parse_graph_url, default="https://graph.facebook.com/v25.0"),
    "store": _Key(parse=parse_store, secret=True, default="sqlite:///handover.db"),
    "admin-token": _Key(parse=parse_secret, secret=True),
    "routing": _Key(parse=parse_routing, default=RoutingSetting.AUTO),
    "typed-intents": _Key(parse=parse_flag, default=False),
    "max-turns": _Key(parse=parse_count, default=50),
    "sends-a-second": _Key(parse=parse_count, default=SENDS_A_SECOND),
    "media-sends-a-second": _Key(parse=parse_count, default=MEDIA_SENDS_A_SECOND),
    "retention": _Key(parse=parse_retention, default=timedelta(days=30)),
    "transcript": _Key(parse=parse_flag, default=False),
    "transcript-retention": _Key(parse=parse_retention, default=timedelta(days=7)),
    "requests": _Key(parse=parse_requests, default=RequestPolicy.PLANS),
    "plans": _Key(parse=_parse_plans, default={DEFAULT_PLAN: Plan(name=DEFAULT_PLAN)}),
}
_PAGE_KEYS = {
    "page-access-token": _Key(
        parse=parse_secret,
        secret=True,
        required="Each page has a token of its own; see Messenger settings > Access tokens.",
    ),
    "instagram": _Key(parse=parse_app_id),
    "plans": _Key(parse=_parse_named_plans, default={}),
}
_PLAN_KEYS = {
    "target-app": _Key(parse=parse_target_app, default=Plan(name="").target_app),
    "timeout": _Key(parse=parse_timeout, default=Plan(name="").timeout),
    "idle-timeout": _Key(parse=parse_timeout),
    "unanswered-timeout": _Key(parse=parse_timeout),
    "owner-probe": _Key(parse=parse_probe, default=Plan(name="").owner_probe),
    "keywords": _Key(parse=parse_keywords, default={}),
    "keyword-match": _Key(parse=member_of(KeywordMatch), default=KeywordMatch.WHOLE),
    "return-payloads": _Key(parse=parse_words, default=()),
    "return-intents": _Key(parse=parse_words, default=()),
    "return-intent-threshold": _Key(
        parse=parse_threshold, default=Plan(name="").return_intent_threshold
    ),
    "metadata": _Key(parse=parse_metadata, default={}),
}


_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)


def filled_in(value: object, environment: Mapping[str, str]) -> object:
    """`value` with its variables filled in, within mappings and lists too.

    Rasa fills in most of them before. It leaves those in quotes, and Rasa Pro the one under a key
    that is named `secret`. A variable that is not set stays as it stands.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: environment.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {key: filled_in(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [filled_in(one, environment) for one in value]
    return value
