"""Those who use the emulated page: its users, and the agents in their apps and Inboxes."""

from __future__ import annotations

from tests.search.property.emulated_platform import BOT, INBOXES, EmulatedPlatform, inbox_of
from tests.search.property.handover_checks import Conduct

OWNER, INBOX = "whoever has the thread", "the inbox"


class PeopleOfPage:
    """What they do; Meta may refuse it. `who` and `to` are app ids, INBOX, or OWNER."""

    def __init__(self, platform: EmulatedPlatform, conduct: Conduct) -> None:
        self._platform = platform
        self._conduct = conduct

    async def user_says(self, text: str, user: str) -> None:
        await self._platform.control("POST", f"users/{user}/messages", {"text": text})

    async def user_taps(self, payload: str, user: str, button_of: str) -> None:
        tap = {"title": "A button", "payload": payload, "app_id": self._app(button_of, user)}
        await self._platform.control("POST", f"users/{user}/taps", tap)

    async def agent_says(self, text: str, user: str, who: str) -> None:
        app = self._app(who, user)
        if app in INBOXES:
            await self._platform.control("POST", f"inbox/{user}/messages", {"text": text})
        else:
            message = {"messaging_type": "RESPONSE", "message": {"text": text}}
            await self._platform.graph(app, "messages", user, **message)

    async def agent_passes(self, user: str, who: str, to: str) -> None:
        await self.agent_does("pass", user, who, target_app_id=self._app(to, user))

    async def agent_does(self, verb: str, user: str, who: str, **fields: str) -> None:
        app = self._app(who, user)
        if app in INBOXES:
            await self._platform.control("POST", f"inbox/{user}/{verb}", fields or None)
        else:
            await self._platform.graph(app, f"{verb}_thread_control", user, **fields)

    def _app(self, who: str, user: str) -> str:
        owner = self._conduct.owners[user]
        if who == OWNER and owner not in (None, BOT):
            return owner
        return inbox_of(user) if who in (OWNER, INBOX) else who
