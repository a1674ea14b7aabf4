"""The app: its id and secret, and the webhook fields that it needs. Pure.

A field of the Page comes only if both the app and the Page subscribe to it. Source: Graph API,
`subscribed_apps` of a Page; Instagram Webhooks; Meta facts 1.4, 2.3 to 2.6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .. import links
from ..answers import Subscription
from ..findings import Check, Unknown, Verdict, known, ok, wrong

# What the bot does not hear without each of these fields.
PAGE_FIELDS = {
    "messages": "what users write",
    "messaging_postbacks": "taps on buttons",
    "messaging_handovers": "that control was passed, taken or asked for",
    "standby": "what users write while an agent has the thread, keywords among it",
    "message_echoes": "what operators write",
}
INSTAGRAM_FIELDS = {
    "messages": "what users and operators write",
    "messaging_postbacks": "taps on buttons",
    "messaging_handover": "that control was passed, taken or asked for",
    "standby": "what users write while an agent has the thread, keywords among it",
}

_IN_THE_APP = "Open the app's settings, Messenger > Webhooks"


@dataclass(frozen=True, kw_only=True, slots=True)
class AppFacts:
    """`subscriptions` come from the app's own token, which consists of its id and secret."""

    app_id: str
    uses_instagram: bool
    subscriptions: Sequence[Subscription] | Unknown


def callback_url(facts: AppFacts) -> str | Unknown:
    """The address that Meta posts the Page's webhooks to."""
    if isinstance(facts.subscriptions, Unknown):
        return facts.subscriptions
    page = _subscription(facts.subscriptions, "page")
    return Unknown(told_by="app-subscription") if page is None else page.callback_url


def hears_instagram(facts: AppFacts) -> bool | Unknown:
    """Whether the app has a webhook for Instagram."""
    if isinstance(facts.subscriptions, Unknown):
        return facts.subscriptions
    return _subscription(facts.subscriptions, "instagram") is not None


def _subscription(subscriptions: Sequence[Subscription], kind: str) -> Subscription | None:
    return next((one for one in subscriptions if one.object == kind), None)


def lost_without(subscribed: Collection[str], needed: Mapping[str, str]) -> str:
    """The needed fields that are missing, each with what it brings; "" if none are."""
    missing = [field for field in needed if field not in subscribed]
    return "; ".join(f"{field} ({needed[field]})" for field in missing)


def _secret(facts: AppFacts) -> Verdict:
    known(facts.subscriptions)
    return ok(f"'secret' is that of app {facts.app_id}.")


def _page_subscription(facts: AppFacts) -> Verdict:
    page = _subscription(known(facts.subscriptions), "page")
    if page is None:
        return wrong(
            "The app has no webhook for Pages: it gets nothing.",
            "Run `rasa-handover subscribe --webhook-url https://…/webhooks/facebook/webhook` while "
            f"the bot runs; or do it by hand: {_IN_THE_APP}.",
        )
    return _complete(page, PAGE_FIELDS)


def _instagram_subscription(facts: AppFacts) -> Verdict:
    subscriptions = known(facts.subscriptions)
    instagram = _subscription(subscriptions, "instagram")
    page = _subscription(subscriptions, "page")
    if instagram is None and not facts.uses_instagram:
        return ok("Instagram is not in use.")
    if instagram is None:
        return wrong(
            "credentials.yml names an Instagram account, but the app has no webhook for Instagram.",
            "`rasa-handover subscribe` does it.",
        )
    if page is not None and instagram.callback_url != page.callback_url:
        return wrong(
            "Instagram's callback URL differs from the Page's.",
            "Give both the same callback URL: one channel serves both.",
        )
    return _complete(instagram, INSTAGRAM_FIELDS)


def _complete(subscription: Subscription, needed: Mapping[str, str]) -> Verdict:
    if not subscription.active:
        return wrong(
            f"The app's webhook for '{subscription.object}' is not active: Meta sends nothing.",
            "Run `rasa-handover subscribe` while the bot runs: Meta asks the callback URL again.",
        )
    lost = lost_without(subscription.field_names, needed)
    if lost:
        return wrong(
            f"The app has not subscribed to {lost}.",
            "`rasa-handover subscribe` does it, for the app and the Page.",
        )
    return ok(f"The app has subscribed to {', '.join(needed)}.")


CHECKS = (
    Check(name="app-secret", judge=_secret, link=links.APPS),
    Check(name="app-subscription", judge=_page_subscription, link=links.APP_SUBSCRIPTIONS),
    Check(
        name="app-subscription-instagram",
        judge=_instagram_subscription,
        link=links.INSTAGRAM_WEBHOOKS,
    ),
)
