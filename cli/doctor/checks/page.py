"""A Page as its token sees it: identity, subscription, the agents' apps, routing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from channels.core.briefing.turns import RESERVED_INTENTS, intent_in
from channels.core.settings.values import RoutingSetting

from .. import links
from ..answers import PageAnswers
from ..findings import Check, Unknown, Verdict, known, ok, wrong
from .app import PAGE_FIELDS, lost_without

_SUBSCRIBE = (
    "`rasa-handover subscribe` does it, for the app and the Page; or add what is missing for both "
    "in the app's settings, Messenger > Webhooks."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFacts:
    """`page` and `agent_apps` are those of PageToAsk; `intents` are the assistant's."""

    app_id: str
    page: str | None
    routing: RoutingSetting
    agent_apps: Sequence[str]
    answers: PageAnswers
    intents: Collection[str] | Unknown


def _proof(facts: PageFacts) -> Verdict:
    known(facts.answers.identity)
    return ok("Graph accepts the token together with the proof made from 'secret'.")


def _identity(facts: PageFacts) -> Verdict:
    found = known(facts.answers.identity)
    if facts.page is None or str(found.id) == facts.page:
        return ok(f"The token is for {found.name} ({found.id}).")
    return wrong(
        f"The token is for {found.name} ({found.id}), but is under {facts.page} in 'pages'.",
        "Put each token under the id of its own Page.",
    )


def _subscription(facts: PageFacts) -> Verdict:
    own = [app for app in known(facts.answers.installed).apps if str(app.id) == facts.app_id]
    if not own:
        return wrong(
            "The app is not installed on the Page: it gets nothing from it.",
            "`rasa-handover subscribe` does it; or connect the Page in the app's settings, "
            "Messenger > Webhooks.",
        )
    lost = lost_without(own[0].subscribed_fields, PAGE_FIELDS)
    if lost:
        return wrong(f"On the Page, the app has not subscribed to {lost}.", _SUBSCRIBE)
    return ok(f"On the Page, the app has subscribed to {', '.join(PAGE_FIELDS)}.")


def _agent_apps(facts: PageFacts) -> Verdict:
    if not facts.agent_apps:
        return ok("All plans hand over to the Inbox, which every Page has.")
    there = {str(app.id) for app in known(facts.answers.installed).apps}
    missing = [app_id for app_id in facts.agent_apps if app_id not in there]
    if not missing:
        return ok(f"The plans' target apps are on the Page: {', '.join(facts.agent_apps)}.")
    return wrong(
        f"Plans hand over to apps that are not on the Page: {', '.join(missing)}.",
        "Connect the agents' app to the Page, or correct 'target-app'.",
    )


def _routing(facts: PageFacts) -> Verdict:
    features = known(facts.answers.features).messaging_feature_status
    return judge_routing(facts.routing, features.msgr_multi_app, "Messenger")


def judge_routing(setting: RoutingSetting, is_on: bool, platform: str) -> Verdict:
    """Whether Conversation Routing is as it should be on a platform."""
    state = "on" if is_on else "off"
    if setting is not RoutingSetting.AUTO and setting.value != state:
        return wrong(
            f"Conversation Routing is {state} for {platform}, but 'routing' says {setting.value}.",
            "Write 'routing: auto', or switch it at Meta.",
        )
    if is_on or setting is RoutingSetting.OFF:
        return ok(f"Conversation Routing is {state} for {platform}.")
    return wrong(
        f"Conversation Routing is off for {platform}: every app on the Page hears everything, "
        "and the bot can only ask for a thread, not take it back.",
        "Choose your app as the default app; or write 'routing: off' if that is what you want.",
    )


def _profile(facts: PageFacts) -> Verdict:
    payloads = known(facts.answers.profile).payloads
    named = {intent for payload in payloads if (intent := intent_in(payload)) is not None}
    if reserved := sorted(named & RESERVED_INTENTS):
        return wrong(
            f"Get Started or the menu sends {', '.join(reserved)}, which only the channel may.",
            "Give the button or the menu's entry another payload.",
        )
    missing = sorted(named.difference(known(facts.intents))) if named else []
    if missing:
        return wrong(
            f"Get Started or the menu sends {', '.join(missing)}, which the assistant does not "
            "have.",
            "Add the intent and train, or give the button or the menu's entry another payload.",
        )
    if not payloads:
        return ok("The Page has neither a Get Started button nor a menu: users begin by writing.")
    return ok("The assistant knows what Get Started and the menu send.")


CHECKS = (
    Check(name="appsecret-proof", judge=_proof, link=links.SECURE_REQUESTS),
    Check(name="page-identity", judge=_identity, link=links.DEBUG_TOKEN),
    Check(name="page-subscription", judge=_subscription, link=links.PAGE_SUBSCRIPTIONS),
    Check(name="agent-apps", judge=_agent_apps, link=links.CONVERSATION_ROUTING),
    Check(name="routing", judge=_routing, link=links.ROUTING_SETTINGS),
    Check(name="messenger-profile", judge=_profile, link=links.MESSENGER_PROFILE),
)
