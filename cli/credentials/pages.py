"""The Pages that a command looks at, by the channel's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from channels.core.events import page_and_user_of
from channels.core.plans import PAGE_INBOX, Plan
from channels.core.settings.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class PageToAsk:
    """A Page to look at.

    It has its id, if credentials.yml names it, its token, and the id of the Instagram account that
    is configured for it. `agent_apps` are the apps that its plans hand over to, except the Inbox.
    """

    id: str | None
    page_access_token: str = field(repr=False)
    instagram: str | None
    agent_apps: tuple[str, ...]

    def has(self, sender_id: str) -> bool:
        """Whether the user of a sender id writes to this Page or to its Instagram account."""
        named = page_and_user_of(sender_id)[0]
        return self.id is None or (named is not None and named in (self.id, self.instagram))


def pages_to_ask(settings: Settings) -> list[PageToAsk]:
    """The one Page of the settings, or each of its pages."""
    if settings.page_access_token is not None:
        return [
            PageToAsk(
                id=None,
                page_access_token=settings.page_access_token,
                instagram=None,
                agent_apps=_agent_apps_of(settings.plans),
            )
        ]
    return [
        PageToAsk(
            id=page,
            page_access_token=one.page_access_token,
            instagram=one.instagram,
            agent_apps=_agent_apps_of(settings.plans_of(page)),
        )
        for page, one in settings.pages.items()
    ]


def _agent_apps_of(plans: Mapping[str, Plan]) -> tuple[str, ...]:
    targets = {plan.target_app for plan in plans.values()}
    return tuple(sorted(targets - {PAGE_INBOX}))
