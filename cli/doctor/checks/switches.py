"""What a Page's admin switches and no API shows, and where to look. Pure.

Source: Messenger Platform, Conversation Routing; Meta facts 1.3, 3 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels.core.meta.ownership import Owner

from .. import links
from ..findings import Check, Unknown, Verdict, cannot_tell, known, ok, wrong

_NO_CALL = "Meta has no call that tells this."


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchFacts:
    """`owner` is who has the thread of the given user; None if none was given."""

    owner: Owner | Unknown | None


def _default_app(facts: SwitchFacts) -> Verdict:
    """Meta names another owner only to the default app."""
    if facts.owner is None:
        return cannot_tell(
            _NO_CALL,
            "Check whether your app is the default app there; or hand a user over, and run this "
            "with --user and the user's id, so that it can guess.",
        )
    owner = known(facts.owner)
    if owner is Owner.ANOTHER_APP:
        return ok(
            "Meta names the owner of an agent's thread to this app, so it is the default app."
        )
    if owner is Owner.UNNAMED:
        return wrong(
            "Somebody else has the user's thread, and Meta does not name the app, which it would "
            "name to the default app.",
            "Make your app the default app of the Page.",
        )
    if owner is Owner.UNKNOWN:
        return cannot_tell(
            "Meta answers, but does not say who has the user's thread.",
            "Try again; if the answer stays the same, look there.",
        )
    state = "nobody's" if owner is Owner.IDLE else "the bot's own"
    return cannot_tell(
        f"The user's thread is {state}, which proves nothing.",
        "Try again while an agent has it, or look there.",
    )


def _take_control(_: SwitchFacts) -> Verdict:
    return cannot_tell(
        _NO_CALL,
        "Look whether 'Take control of conversations' is on for your app; without it the bot "
        "can't come back on its own.",
    )


def _automations(_: SwitchFacts) -> Verdict:
    return cannot_tell(
        _NO_CALL,
        "Look whether the Inbox's automations and Meta's Business Agent are off; both answer "
        "users on their own.",
    )


def _done(_: SwitchFacts) -> Verdict:
    return cannot_tell(
        "No page of Meta's says whether Done in the Inbox gives the thread back to the bot.",
        "Try it on your Page. If it does not, the plan's timeouts bring the bot back.",
    )


CHECKS = (
    Check(name="default-app", judge=_default_app, link=links.ROUTING_SETTINGS),
    Check(name="take-control", judge=_take_control, link=links.ADVANCED_MESSAGING),
    Check(name="inbox-automations", judge=_automations, link=links.INBOX),
    Check(name="inbox-done", judge=_done, link=links.CONVERSATION_ROUTING),
)
