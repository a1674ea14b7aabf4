"""The channel's section of credentials.yml, checked once at start. Pure.

Keys that Rasa's own `facebook` channel has keep their names. An error names the key, the value
(unless it is a secret), what is allowed and how to fix it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import msgspec

from ..errors import SettingsError
from ..events import Thread
from ..hours import (
    ALWAYS,
    Hours,
    Week,
    WhenClosed,
    never_opens,
    parse_closed_on,
    parse_timezone,
    parse_week,
)
from ..keywords.matcher import KeywordMatch
from ..meta.limits import MEDIA_SENDS_A_SECOND, SENDS_A_SECOND
from ..notices import NoticeKind
from ..plans import (
    INBOX_APP_IDS,
    Plan,
    duration_between,
    parse_keywords,
    parse_metadata,
    parse_names,
    parse_target_app,
    parse_timeout,
    parse_words,
)
from .notify import NotifyTarget, parse_notify
from .sections import Key, parse_section
from .values import (
    RequestPolicy,
    RoutingSetting,
    member_of,
    parse_admin_token,
    parse_app_id,
    parse_count,
    parse_events,
    parse_flag,
    parse_graph_url,
    parse_on_failure,
    parse_public_url,
    parse_requests,
    parse_routing,
    parse_secret,
    parse_store,
    parse_threshold,
    quoted,
)

DEFAULT_PLAN = "default"
UNANSWERED_NOTICE = timedelta(minutes=2)
CLASS_NAME = "MessengerInput"
SECTION = f"{__name__.partition('.core.')[0]}.{CLASS_NAME}"

_PLAN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


def is_own_section(name: object) -> bool:
    """Whether a section of credentials.yml is this channel's, whatever path it is imported by."""
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

    There is either the one page that `page_access_token` is for, or several `pages` by their ids.
    """

    verify: str = field(repr=False)
    secret: str = field(repr=False)
    page_access_token: str | None = field(repr=False)
    pages: Mapping[str, PageSettings]
    app_id: str
    graph_url: str
    store: str = field(repr=False)
    admin_token: str | None = field(repr=False)
    operator_token: str | None = field(repr=False)
    routing: RoutingSetting
    typed_intents: bool
    max_turns: int
    turn_timeout: timedelta
    on_failure: str | None
    sends_a_second: int
    media_sends_a_second: int
    retention: timedelta
    transcript: bool
    transcript_retention: timedelta
    requests: RequestPolicy | tuple[str, ...]
    operators_by_echo: bool
    public_url: str | None
    profiles: bool
    notify: tuple[NotifyTarget, ...]
    events: Mapping[str, str] = field(default_factory=dict)
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


def parse_settings(section: object) -> Settings:
    """The settings in a section of credentials.yml. Raises SettingsError for the first mistake."""
    settings = Settings(**parse_section(section, SECTION, _CHANNEL_KEYS))
    _refuse_no_page_or_both_keys(settings)
    _refuse_an_unknown_plan(settings)
    _refuse_operators_as_admins(settings.operator_token, settings.admin_token)
    _refuse_an_id_twice(settings.pages)
    for plans in (settings.plans, *(page.plans for page in settings.pages.values())):
        _refuse_handing_over_to_itself(plans, settings.app_id)
    if any(NoticeKind.UNANSWERED in target.events for target in settings.notify):
        return settings
    pages = {id_: replace(page, plans=_quiet(page.plans)) for id_, page in settings.pages.items()}
    return replace(settings, plans=_quiet(settings.plans), pages=pages)


def _refuse_no_page_or_both_keys(settings: Settings) -> None:
    if settings.page_access_token is None and not settings.pages:
        raise SettingsError(
            f"{SECTION}.page-access-token is missing in credentials.yml. Generate it under "
            "Messenger settings > Access tokens. For several pages, write 'pages' instead."
        )
    if settings.page_access_token is not None and settings.pages:
        raise SettingsError(
            f"{SECTION} has both page-access-token and pages. With several pages, each has its "
            "token under its id in 'pages'; leave out page-access-token."
        )


def _refuse_an_unknown_plan(settings: Settings) -> None:
    if settings.on_failure not in (None, *settings.plans):
        raise SettingsError(
            f"{SECTION}.on-failure {quoted(settings.on_failure)} is not one of the plans; write "
            f"one of {', '.join(sorted(settings.plans))}, or off."
        )


def _refuse_operators_as_admins(operator: str | None, admin: str | None) -> None:
    if operator is not None and admin is None:
        raise SettingsError(
            f"{SECTION} has operator-token without admin-token. Add an admin-token: with only an "
            "operator-token, nobody could erase people."
        )
    if operator and admin and hmac.compare_digest(operator.encode(), admin.encode()):
        raise SettingsError(
            f"{SECTION}: operator-token and admin-token are the same, so operators could erase and "
            "export. Make another one with: openssl rand -hex 24."
        )


def _quiet(plans: Mapping[str, Plan]) -> dict[str, Plan]:
    """The plans, without notices that nobody has answered: nobody is to get them."""
    return {
        name: msgspec.structs.replace(plan, unanswered_notice=None) for name, plan in plans.items()
    }


def _refuse_an_id_twice(pages: Mapping[str, PageSettings]) -> None:
    ids = [*pages, *(page.instagram for page in pages.values() if page.instagram)]
    for id_ in (one for number, one in enumerate(ids) if one in ids[:number]):
        raise SettingsError(
            f"{SECTION}.pages has the id {id_} twice. Each Page, and the Instagram account that is "
            "linked to it, has an id of its own."
        )


def _refuse_handing_over_to_itself(plans: Mapping[str, Plan], app_id: str) -> None:
    for name in (plan.name for plan in plans.values() if plan.target_app == app_id):
        raise SettingsError(
            f"{SECTION}: the plan {name} has 'target-app: {app_id}', which is the bot's own "
            "'app-id', so nobody would get the thread. Write page-inbox, or the id of the agents' "
            "app; `rasa-handover apps` lists them."
        )


def _parse_pages(section: object) -> dict[str, PageSettings]:
    if not isinstance(section, Mapping):
        raise ValueError("is not a mapping; write a page's id, with its keys indented under it.")
    pages = [_parse_page(page, keys) for page, keys in section.items()]
    if len(dict(pages)) < len(pages):
        raise ValueError("has a page twice, once in quotes; leave one of the two out.")
    return dict(pages)


def _parse_page(page: object, section: object) -> tuple[str, PageSettings]:
    try:
        page_id = parse_app_id(page)
    except ValueError:
        raise ValueError(f"has a page {quoted(page)}; write the page's id, a number.") from None
    path = f"{SECTION}.pages.{page_id}"
    return page_id, PageSettings(**parse_section(section, path, _PAGE_KEYS))


def _parse_plans(section: object) -> dict[str, Plan]:
    return {DEFAULT_PLAN: _parse_plan(DEFAULT_PLAN, None), **_parse_named_plans(section)}


def _parse_named_plans(section: object) -> dict[str, Plan]:
    if not isinstance(section, Mapping):
        raise ValueError("is not a mapping; write a plan's name, with its keys indented under it.")
    return {name: _parse_plan(name, plan) for name, plan in section.items()}


def _parse_plan(name: object, section: object) -> Plan:
    if not isinstance(name, str) or not _PLAN_NAME.fullmatch(name):
        raise ValueError(
            f"has a plan named {quoted(name)}; a name has up to 64 letters, digits, - and _, and "
            "needs quotes if YAML would read it as something else (numbers, on, off)."
        )
    path = f"{SECTION}.plans.{name}"
    keys = parse_section({} if section is None else section, path, _PLAN_KEYS)
    hours = _hours(path, keys.pop("hours"), keys.pop("timezone"), keys.pop("closed_on"))
    return Plan(name=name, hours=hours, **keys)


def _hours(
    path: str, week: Week | None, timezone: str | None, closed_on: tuple[str, ...]
) -> Hours | None:
    if week is None and not closed_on:
        return None
    if timezone is None:
        raise SettingsError(
            f"{path}.timezone is missing in credentials.yml. Hours and days off are those of a "
            "place; write its IANA name, such as Europe/Berlin."
        )
    hours = Hours(week=week or ALWAYS, timezone=timezone, closed_on=closed_on)
    if never_opens(hours):
        raise SettingsError(
            f"{path} never opens: 'closed-on' closes every day that 'hours' names. Name other days."
        )
    return hours


_RETENTION = duration_between("1h", "3650d")
_CHANNEL_KEYS = {
    "verify": Key(
        parse=parse_secret,
        secret=True,
        required="It is the token that you type in under Messenger settings > Webhooks.",
    ),
    "secret": Key(
        parse=parse_secret,
        secret=True,
        required="Without it, anybody could post messages; see App settings > Basic > App secret.",
    ),
    "page-access-token": Key(parse=parse_secret, secret=True),
    "pages": Key(
        parse=_parse_pages, default={}, secret=True, may_look_unset=True
    ),  # it holds tokens
    "app-id": Key(
        parse=parse_app_id,
        required="It tells the bot's own messages from an operator's; see App settings > Basic.",
    ),
    "graph-url": Key(parse=parse_graph_url, default="https://graph.facebook.com/v25.0"),
    "store": Key(parse=parse_store, secret=True, default="sqlite:///handover.db"),
    "admin-token": Key(parse=parse_admin_token, secret=True),
    "operator-token": Key(parse=parse_admin_token, secret=True),
    "routing": Key(parse=parse_routing, default=RoutingSetting.AUTO),
    "typed-intents": Key(parse=parse_flag, default=False),
    "max-turns": Key(parse=parse_count, default=50),
    "on-failure": Key(parse=parse_on_failure, default=DEFAULT_PLAN),
    "turn-timeout": Key(parse=duration_between("1s", "10m"), default=timedelta(minutes=1)),
    "sends-a-second": Key(parse=parse_count, default=SENDS_A_SECOND),
    "media-sends-a-second": Key(parse=parse_count, default=MEDIA_SENDS_A_SECOND),
    "retention": Key(parse=_RETENTION, default=timedelta(days=30)),
    "transcript": Key(parse=parse_flag, default=False),
    "transcript-retention": Key(parse=_RETENTION, default=timedelta(days=7)),
    "requests": Key(parse=parse_requests, default=RequestPolicy.PLANS),
    "operators-by-echo": Key(parse=parse_flag, default=True),
    "events": Key(parse=parse_events, default={}),
    "public-url": Key(parse=parse_public_url),
    "profiles": Key(parse=parse_flag, default=True),
    "notify": Key(
        parse=partial(parse_notify, f"{SECTION}.notify"),
        secret=True,
        may_look_unset=True,
        default=(),
    ),
    "plans": Key(
        parse=_parse_plans,
        may_look_unset=True,
        default={DEFAULT_PLAN: Plan(name=DEFAULT_PLAN, unanswered_notice=UNANSWERED_NOTICE)},
    ),
}
_PAGE_KEYS = {
    "page-access-token": Key(
        parse=parse_secret,
        secret=True,
        required="Each page has a token of its own; see Messenger settings > Access tokens.",
    ),
    "instagram": Key(parse=parse_app_id),
    "plans": Key(parse=_parse_named_plans, may_look_unset=True, default={}),
}
_PLAN_KEYS = {
    "target-app": Key(parse=parse_target_app, default=Plan(name="").target_app),
    "timeout": Key(parse=parse_timeout, default=Plan(name="").timeout),
    "idle-timeout": Key(parse=parse_timeout),
    "unanswered-timeout": Key(parse=parse_timeout),
    "unanswered-notice": Key(parse=parse_timeout, default=UNANSWERED_NOTICE),
    "owner-probe": Key(parse=duration_between("10s", "1d"), default=Plan(name="").owner_probe),
    "pass-patience": Key(parse=parse_timeout, default=Plan(name="").pass_patience),
    "keywords": Key(parse=parse_keywords, default={}),
    "keyword-match": Key(parse=member_of(KeywordMatch), default=KeywordMatch.WHOLE),
    "return-payloads": Key(parse=parse_words, default=()),
    "return-intents": Key(parse=parse_names, default=()),
    "return-intent-threshold": Key(
        parse=parse_threshold, default=Plan(name="").return_intent_threshold
    ),
    "metadata": Key(parse=parse_metadata, may_look_unset=True, default={}),
    "last-messages": Key(parse=parse_flag, default=True),
    "context-slots": Key(parse=parse_names, default=()),
    "hours": Key(parse=parse_week),
    "timezone": Key(parse=parse_timezone),
    "closed-on": Key(parse=parse_closed_on, default=()),
    "when-closed": Key(parse=member_of(WhenClosed), default=WhenClosed.REFUSE),
    "wait-at-most": Key(parse=parse_timeout, default=Plan(name="").wait_at_most),
}
