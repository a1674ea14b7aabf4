"""The Instagram account that is linked to a Page. Pure.

Source: Instagram Platform, Page, `instagram_business_account`, which Meta leaves empty, too, if the
token may not see it; Meta facts 2.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels.core.settings.values import RoutingSetting

from .. import links
from ..answers import PageAnswers
from ..findings import Check, Unknown, Verdict, cannot_tell, known, ok, wrong
from .page import judge_routing

_UNUSED = "Instagram is not in use."


@dataclass(frozen=True, kw_only=True, slots=True)
class InstagramFacts:
    """`configured` is the account that credentials.yml has for the Page; `has_to_be` is whether it
    must have one, as it must with several pages. `heard` is whether the app has a webhook for
    Instagram.
    """

    configured: str | None
    has_to_be: bool
    heard: bool | Unknown
    routing: RoutingSetting
    answers: PageAnswers

    @property
    def account(self) -> str | Unknown | None:
        """The account that the bot serves; None if there is none."""
        if self.configured is not None:
            return self.configured
        if isinstance(self.heard, Unknown):
            return self.heard
        linked = self.answers.linked
        if isinstance(linked, Unknown):
            return linked
        return linked.account if self.heard else None


def _account(facts: InstagramFacts) -> Verdict:
    if facts.configured is None and not known(facts.heard):
        return ok(_UNUSED)
    linked = known(facts.answers.linked).account
    if linked is None:
        return cannot_tell(
            "Meta shows this token no Instagram account linked to the Page.",
            "If one is linked, make a token with instagram_basic.",
        )
    if linked == facts.configured or (facts.configured is None and not facts.has_to_be):
        return ok(f"Instagram account {linked} is linked to the Page.")
    return wrong(
        f"Instagram account {linked} is linked to the Page, and credentials.yml has "
        f"{facts.configured or 'none'} for it.",
        "Write its id under 'instagram', under the Page's own id.",
    )


def _routing(facts: InstagramFacts) -> Verdict:
    if known(facts.account) is None:
        return ok(_UNUSED)
    features = known(facts.answers.features).messaging_feature_status
    return judge_routing(facts.routing, features.ig_multi_app, "Instagram")


CHECKS = (
    Check(name="instagram-account", judge=_account, link=links.INSTAGRAM_ACCOUNT),
    Check(name="instagram-routing", judge=_routing, link=links.INSTAGRAM_ROUTING),
)
