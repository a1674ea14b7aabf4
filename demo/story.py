"""A whole handover as a person experiences it, three times, each with a different ending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from .platform import WAIT_LIMIT, EmulatedPlatform
from .transcript import Transcript, texts_of

USER = "24870165432100042"
USER_NAME = "Ada"
TIMEOUT = timedelta(seconds=5)  # of the demo's default plan, so that nobody has to wait long

_CONNECTING = "connecting you"
_FEEDBACK = "How was the chat with our team?"


class Story:
    """Plays the user and the operators, and stops with NotSeen if a step does not happen."""

    def __init__(self, platform: EmulatedPlatform, tell: Callable[[str], None]) -> None:
        self._platform = platform
        self._tell = tell
        self._transcript = Transcript(platform, USER, tell)

    async def play(self) -> None:
        """The whole story, told line by line."""
        await self._platform.add_user(USER, USER_NAME)
        await self._greeting()
        await self._ended_by_keyword()
        await self._ended_by_timeout()
        await self._returned_by_the_agent()

    async def _greeting(self) -> None:
        self._tell(f"\n1. {USER_NAME} greets the bot, which owns the thread.")
        await self._platform.user_says(USER, "hello")
        await self._hears("I am the bot of this page")
        await self._hears("This is what I can do for you")
        await self._owned_by(self._platform.bot.id)

    async def _ended_by_keyword(self) -> None:
        self._tell("\n2. She asks for a person; the word 'menu' brings the bot back.")
        await self._hand_over_to(self._platform.inbox_app_id, "I want to talk to a human")
        before = await self._messages_of_the_bot()
        await self._platform.inbox_says(USER, "Good morning, Bob here. What can I do for you?")
        await self._platform.user_says(USER, "My parcel has not come. Is there a menu of options?")
        await self._platform.inbox_says(USER, "I see it: it will be with you tomorrow.")
        await self._platform.user_says(USER, "Menu!")
        await self._hears("As you asked, you are back with the bot")
        await self._hears(_FEEDBACK)
        await self._was_silent_since(before)
        await self._owned_by(self._platform.bot.id)
        await self._platform.user_taps(USER, "Good")
        await self._hears("Glad to hear it")

    async def _ended_by_timeout(self) -> None:
        seconds = int(TIMEOUT.total_seconds())
        self._tell(f"\n3. She asks again; nobody ends it, so it ends after {seconds} seconds.")
        await self._hand_over_to(self._platform.inbox_app_id, "human please")
        await self._hears("The time for this chat with our team is over", limit=TIMEOUT * 4)
        await self._hears(_FEEDBACK)
        await self._owned_by(self._platform.bot.id)
        await self._platform.user_taps(USER, "Not good")
        await self._hears("I'm sorry to hear that")

    async def _returned_by_the_agent(self) -> None:
        agent = self._platform.agent
        self._tell(f"\n4. She asks for sales: {agent.name} gets the thread, and passes it back.")
        await self._hand_over_to(agent.id, "I want to talk to sales")
        await self._platform.agent_says(USER, "Sales here. Your quote is on its way.")
        await self._platform.user_says(USER, "great, thank you")
        body = {"recipient": {"id": USER}, "target_app_id": self._platform.bot.id}
        await self._platform.agent_calls("pass_thread_control", body)
        await self._hears("Our colleague has handed you back to me")
        await self._hears(_FEEDBACK)
        await self._owned_by(self._platform.bot.id)

    async def _hand_over_to(self, app_id: str, words: str) -> None:
        await self._platform.user_says(USER, words)
        await self._hears(_CONNECTING)
        await self._owned_by(app_id)

    async def _hears(self, words: str, *, limit: timedelta = WAIT_LIMIT) -> None:
        """Wait until the bot says something new with these words."""
        await self._transcript.until_said(self._platform.bot.id, words, limit=limit)

    async def _owned_by(self, app_id: str) -> None:
        await self._platform.wait_until(
            USER, lambda thread: thread["owner"] == app_id, f"{app_id} does not get the thread"
        )
        await self._transcript.catch_up()

    async def _messages_of_the_bot(self) -> int:
        return len(self._said_by_the_bot(await self._platform.thread(USER)))

    async def _was_silent_since(self, before: int) -> None:
        """Check that the bot has said nothing between the handover and its end."""
        said = self._said_by_the_bot(await self._platform.thread(USER))[before:]
        if not said or "back with the bot" not in said[0]:
            raise AssertionError(f"The bot spoke when it should have been silent: {said}")

    def _said_by_the_bot(self, thread: dict[str, Any]) -> list[str]:
        return texts_of(thread, self._platform.bot.id)
