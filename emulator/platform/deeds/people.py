"""What people do in a thread, and which apps are told of it (Meta facts 2.2, 2.3 and 3)."""

from __future__ import annotations

import dataclasses

from ...rules.accounts import PlatformName
from ...rules.acts import field_of_act, told_of_act
from ...rules.errors import JsonObject
from ...rules.events import milliseconds
from ...rules.ownership import Array, How, after_user_message
from ..platform import Platform
from ..state.threads import FROM_USER, Message, Thread, UnknownMessageError

MOST_EDITS = 5
"""How often a message can be edited (Meta: "message_edits")."""


class NotTappableError(LookupError):
    """The thread has no quick reply or button that can be tapped like this."""


class NotPossibleError(ValueError):
    """A person can't do that on this platform, or to this message; the message says why."""


class People:
    """People's messages, and what else they do."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._state = platform.state

    def write(self, thread: Thread, message: JsonObject, timestamp_ms: int | None = None) -> str:
        """A text, attachments or a quick reply; returns the mid.

        An idle thread goes to the default app first, so that it hears the message as owner (Meta:
        "Conversation Routing"). `timestamp_ms` fakes only the time in the event.
        """
        self._act(thread)
        mid = self._platform.keep(thread, "message", FROM_USER, message)
        at = self._platform.now() if timestamp_ms is None else timestamp_ms
        write = self._state.writer(thread.platform)
        event = write.from_user(thread.user.id, at, message={"mid": mid, **message})
        self._platform.publish(thread, "messages", event)
        return mid

    def tap(self, thread: Thread, title: str) -> str:
        """A tap on the newest quick reply or button with that title; returns the mid.

        Raises NotTappableError if there is none, or if it is neither a quick reply nor a postback:
        other buttons send the Page nothing.
        """
        found = thread.find_tappable(title)
        if found is None:
            raise NotTappableError(f"No message of this thread has a button {title!r}.")
        message, tapped = found
        payload = tapped.get("payload", "")
        if "content_type" in tapped:
            return self.write(thread, {"text": title, "quick_reply": {"payload": payload}})
        if tapped.get("type") != "postback":
            raise NotTappableError(
                f"The button {title!r} is a {tapped.get('type')}; only a postback sends an event."
            )
        postback = {"title": title, "payload": payload}
        return self.post_back(thread, postback, button_of=message.sender)

    def post_back(self, thread: Thread, postback: JsonObject, *, button_of: str | None) -> str:
        """A postback; returns its mid.

        The app that sent the button gets it on `messaging` with the payload, even while another
        app owns the thread; other bystanders get only the title (Meta: "standby").
        """
        self._act(thread)
        mid = self._platform.keep(thread, "postback", FROM_USER, {"postback": postback})
        body = {"mid": mid, **postback}
        write = self._state.writer(thread.platform)
        event = write.from_user(thread.user.id, self._platform.now(), postback=body)
        for app in self._state.connected_apps():
            own = app.id == button_of
            array = Array.MESSAGING if own else self._platform.array_for(app, thread)
            self._platform.deliver(app, thread, array, "messaging_postbacks", event)
        return mid

    def read(self, thread: Thread) -> None:
        """The person has seen all messages up to now.

        Messenger says up to when, Instagram which message (Meta facts 2.2; Meta:
        "messaging_seen"). Raises UnknownMessageError if there is nothing to be seen there.
        """
        now = self._platform.now()
        body: JsonObject = {"watermark": milliseconds(now)}
        if thread.platform is PlatformName.INSTAGRAM:
            body = {"mid": _seen(thread)}
        self._platform.log.add("read", user=thread.user.id)
        event = self._state.writer(thread.platform).from_user(thread.user.id, now, read=body)
        self._platform.publish(thread, "message_reads", event)

    def react(self, thread: Thread, mid: str, reaction: str) -> None:
        """A reaction opens the messaging window but does not change the owner (Meta: "Send
        Messages").
        """
        thread.last_user_action_at = self._platform.now()
        body = {"reaction": reaction, "action": "react", "mid": mid}
        self._tell(thread, "message_reactions", reaction=body)

    def take_back(self, thread: Thread, message: Message) -> None:
        """The person takes back one of their messages: it is gone from the thread, and on Instagram
        a `message` with its mid and a flag says so (Meta facts 2.2); a switch says whether on
        Messenger, too.
        """
        self._own(message)
        thread.messages.remove(message)
        self._platform.log.add("deleted", user=thread.user.id, mid=message.mid)
        is_told = self._state.switches.messenger_deletions == "told"
        if thread.platform is PlatformName.MESSENGER and not is_told:
            return
        body = {"mid": message.mid, "is_deleted": True}
        write = self._state.writer(thread.platform)
        event = write.from_user(thread.user.id, self._platform.now(), message=body)
        self._platform.publish(thread, "messages", event)

    def edit(self, thread: Thread, message: Message, text: str) -> Message:
        """The person edits the text of one of their messages, at most five times (Meta:
        "message_edits"); returns the message as it is now.
        """
        self._own(message)
        if "text" not in message.content or message.edits == MOST_EDITS:
            raise NotPossibleError(f"Only a text can be edited, and at most {MOST_EDITS} times.")
        content = {**message.content, "text": text}
        edited = dataclasses.replace(message, content=content, edits=message.edits + 1)
        thread.messages[thread.messages.index(message)] = edited
        changed = {"mid": edited.mid, "text": text, "num_edit": edited.edits}
        self._platform.log.add("edited", user=thread.user.id, **changed)
        self._tell(thread, "message_edits", message_edit=changed)
        return edited

    def act(self, thread: Thread, name: str, details: JsonObject) -> None:
        """Something that isn't a message, by Meta's name for it: `referral`, `optin`,
        `account_linking`. The owner does not change; a link into the thread opens the messaging
        window (Meta: "Send Messages").
        """
        if thread.platform is PlatformName.INSTAGRAM and name != "referral":
            raise NotPossibleError(
                f"Instagram has no {name}: none of its webhook fields brings it."
            )
        if name == "referral":
            thread.last_user_action_at = self._platform.now()
        told = told_of_act(name, details)
        self._platform.log.add("act", user=thread.user.id, **{name: told})
        self._tell(thread, field_of_act(name), **{name: told})

    def _tell(self, thread: Thread, field: str, **body: JsonObject) -> None:
        """An event that Meta does not list under `standby`: a switch says whether bystanders get it
        (Meta facts 2.3).
        """
        write = self._state.writer(thread.platform)
        event = write.from_user(thread.user.id, self._platform.now(), **body)
        for app in self._state.connected_apps():
            array = self._platform.array_for(app, thread)
            if array is Array.MESSAGING or self._state.switches.standby_brings == "all":
                self._platform.deliver(app, thread, array, field, event)

    def _own(self, message: Message) -> None:
        if message.sender != FROM_USER or "postback" in message.content:
            raise NotPossibleError("A person can change or take back only what they have written.")

    def _act(self, thread: Thread) -> None:
        now = thread.last_user_action_at = thread.last_user_message_at = self._platform.now()
        routing = self._state.routing(thread.platform)
        control = after_user_message(thread.control, routing, now)
        self._platform.move(thread, control, How.USER_MESSAGE)


def _seen(thread: Thread) -> str:
    newest = thread.newest_answer()
    if newest is None:
        raise UnknownMessageError("Nobody has sent this person a message that could be seen.")
    return newest.mid
