"""The custom part of a Rasa response: messages in the Send API's own JSON. Pure.

Sources: Meta facts 1.5; Messenger Platform, Send API; Rasa 3.6, `facebook` channel,
`send_custom_json`.
"""

from __future__ import annotations

from typing import Any

from ...core.meta.splitting import length
from ...core.records.outgoing import PERSONA
from .choices import Choice, first_quick_replies, fit_quick_reply, put_on_the_last
from .fitting import Fitter, Message, Unsendable, as_object, as_text
from .media import as_attachment

# What comes beside the `message` in a Send API request is for the channel to set (for example, a
# bot's messages are never tagged HUMAN_AGENT); "sender" is where Rasa's own channel looked for
# another recipient.
_BESIDE_MESSAGE = {
    "messaging_type",
    "notification_type",
    "recipient",
    "reply_to",
    "sender",
    "sender_action",
    "tag",
    "thread_control",
}
_ATTACHED = {"attachment", "attachments", "sticker_id"}


def custom_messages(custom: Any, fitter: Fitter) -> list[Message]:
    """The messages for one custom object, or for each of a list of them."""
    if isinstance(custom, list):
        return fitter.every(custom, "custom", _fit_custom)
    return fitter.one(custom, "custom", _fit_custom)


def _fit_custom(value: Any, field: str, fitter: Fitter) -> list[Message]:
    """The messages for one custom object: a `message`, or a request that holds one.

    Text that is too long is split; whatever else the message holds stays with the last piece.
    Raises Unsendable in prose.
    """
    custom = as_object(value)
    rest = _message(custom, field, fitter)
    own = rest.pop(PERSONA, None)
    persona = fit_persona(custom.get(PERSONA, own), field, fitter)
    if "attachment" in rest:
        as_attachment(rest["attachment"])
    rest = _without_unfit_metadata(rest, field, fitter)
    text = as_text(rest.pop("text", None), "text")
    quick_replies = _quick_replies(rest.pop("quick_replies", None), field, fitter)
    messages: list[Message] = [{"text": piece} for piece in fitter.split(text)]
    if _ATTACHED & rest.keys():
        if messages:
            fitter.note(field, "has both text and attachment, and no message can: sent as two.")
        messages.append(rest)
    elif messages:
        messages[-1] |= rest
    else:
        raise Unsendable("it has neither text nor attachment; write it as in the Send API.")
    if quick_replies:
        put_on_the_last(messages, quick_replies, f"{field}.quick_replies", fitter)
    return [{**message, PERSONA: persona} for message in messages] if persona else messages


def fit_persona(persona: Any, field: str, fitter: Fitter) -> str | None:
    """The persona that says what is in the field, if there is one."""
    if persona is None:
        return None
    if not fitter.limits.personas:
        fitter.note(field, "can't set persona_id, because Instagram has no personas: left out.")
        return None
    if not isinstance(persona, bool) and str(persona).isdecimal():
        return str(persona)
    fitter.note(field, "has a persona_id that is not the id of a persona (a number): left out.")
    return None


def _message(custom: dict[str, Any], field: str, fitter: Fitter) -> Message:
    """A copy of the message in `custom`, without what a message can't hold."""
    message = as_object(custom["message"], "its message") if "message" in custom else custom
    beside = {*custom, *message} & _BESIDE_MESSAGE
    if beside:
        fitter.note(
            field, f"can't set {', '.join(sorted(beside))}, which the channel sets: left out."
        )
    if message is not custom and custom.keys() - _BESIDE_MESSAGE - {"message", PERSONA}:
        fitter.note(field, "has keys beside its message that no request has: left out.")
    return {
        key: value
        for key, value in message.items()
        if value is not None and key not in _BESIDE_MESSAGE
    }


def _quick_replies(value: Any, field: str, fitter: Fitter) -> list[Choice]:
    field = f"{field}.quick_replies"
    quick_replies = fitter.every(value, field, fit_quick_reply)
    return first_quick_replies(quick_replies, field, fitter.limits.quick_replies, fitter)


def _without_unfit_metadata(message: Message, field: str, fitter: Fitter) -> Message:
    most = fitter.limits.own_metadata
    metadata = message.get("metadata", "")
    if isinstance(metadata, str) and length(metadata) <= most:
        return message
    fitter.note(
        f"{field}.metadata", f"was left out: it must be a text of at most {most} characters."
    )
    return {key: value for key, value in message.items() if key != "metadata"}
