"""From a Rasa response to the messages that Messenger's Send API takes. Pure.

Nothing that a person should see is dropped silently: what does not fit is split or shortened,
what can't be sent is left out of an otherwise complete response, and a note says so.

Sources: Meta facts 1.5; Messenger Platform, Send API; Rasa 3.6, `OutputChannel.send_response`
for the order of the parts, and its `facebook` channel for what each of them means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ...core.meta.limits import MESSENGER, Limits
from ...core.meta.splitting import split_text
from ...core.records.outgoing import PERSONA
from .cards import card_messages
from .choices import (
    Choice,
    arrange,
    fit_button,
    fit_quick_reply,
    in_groups,
    named,
    put_on_the_last,
)
from .custom import custom_messages, fit_persona
from .fitting import Fitter, Message, fit_text
from .media import fit_attachment, fit_image

_MOST_PARAGRAPHS = 50  # that each become a message

_PARTS = ("text", "quick_replies", "buttons", "custom", "image", "attachment", "elements")
_LATER: dict[str, Callable[[Any, Fitter], list[Message]]] = {
    "custom": custom_messages,
    "image": lambda image, fitter: fitter.one(image, "image", fit_image),
    "attachment": lambda sent, fitter: fitter.one(sent, "attachment", fit_attachment),
    "elements": card_messages,
}
_BLANK_LINES = re.compile(r"\n{2,}")


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """The messages for one response, in order, and notes on how they were made to fit.

    `notes` are sentences for the log: which field was shortened, moved or left out, and why.
    They never quote the response, because slots may have put the user's words into it.
    """

    messages: tuple[Message, ...]
    notes: tuple[str, ...]


def render(response: Mapping[str, Any], limits: Limits = MESSENGER) -> Rendered:
    """The messages for one response, in the form that `OutputChannel.send_response` gets.

    The order is Rasa's: text (with its buttons), custom, image, attachment, elements. Quick
    replies go on the very last message, because Messenger hides those of a message that
    another one follows. Templates and attachments that a response holds in Meta's own JSON
    (custom, attachment) are sent as they are.

    `response` is not changed, and nothing in it can make this raise.
    """
    fitter = Fitter(limits)
    parts = fitter.parts(response, _PARTS)
    text = "".join(fitter.one(parts.get("text"), "text", fit_text))
    buttons, quick_replies = (
        fitter.every(parts[part], part, fit) if part in parts else []
        for part, fit in (("buttons", fit_button), ("quick_replies", fit_quick_reply))
    )
    later = _later_messages(parts, fitter)
    if buttons or quick_replies:
        taken = len(later[-1].get("quick_replies", ())) if later else 0
        room = limits.quick_replies - taken
        buttons, quick_replies = arrange(buttons, quick_replies, room, fitter)
    spoken = _spoken_messages(text, buttons, quick_replies, fitter)
    if quick_replies:
        _put_quick_replies(quick_replies, spoken, later, fitter)
    persona = fit_persona(response.get(PERSONA), "it", fitter)
    said_by = {} if persona is None else {PERSONA: persona}
    messages = tuple({**said_by, **message} for message in (*spoken, *later))
    return Rendered(messages=messages, notes=tuple(fitter.notes))


def _later_messages(parts: dict[str, Any], fitter: Fitter) -> list[Message]:
    """The messages for the parts that follow text and choices."""
    return [
        message
        for part, messages_of in _LATER.items()
        if part in parts
        for message in messages_of(parts[part], fitter)
    ]


def _spoken_messages(
    text: str, buttons: list[Choice], quick_replies: list[Choice], fitter: Fitter
) -> list[Message]:
    """The messages for text and buttons.

    As in Rasa's own channel, a blank line in a text without choices begins a new message, unless
    there would be a flood of them.
    """
    if buttons:
        return _button_templates(text, buttons, fitter)
    paragraphs = _BLANK_LINES.split(text)
    if quick_replies or len(paragraphs) > _MOST_PARAGRAPHS:
        paragraphs = [text]
    return [{"text": piece} for paragraph in paragraphs for piece in fitter.split(paragraph)]


def _button_templates(text: str, buttons: list[Choice], fitter: Fitter) -> list[Message]:
    """Templates for all the buttons, the first of them with the end of the text.

    The part of the text that does not fit into it goes ahead. The other templates, which need a
    text as well, name their buttons.
    """
    limits = fitter.limits
    if not text:
        fitter.note("text", "is missing, and buttons need it: their titles take its place.")
    end_of_text = split_text(text, limits.template_text)[-1:]
    before = text.removesuffix("".join(end_of_text))
    groups = in_groups(buttons, limits.buttons)
    texts = end_of_text + [named(group) for group in groups[len(end_of_text) :]]
    return [
        *({"text": piece} for piece in fitter.split(before)),
        *map(_button_template, texts, groups),
    ]


def _button_template(text: str, buttons: list[Choice]) -> Message:
    payload = {"template_type": "button", "text": text, "buttons": buttons}
    return {"attachment": {"type": "template", "payload": payload}}


def _put_quick_replies(
    quick_replies: list[Choice], spoken: list[Message], later: list[Message], fitter: Fitter
) -> None:
    if not (spoken or later):
        fitter.note("text", "is missing, and quick replies need it: their titles take its place.")
        spoken.append({"text": named(quick_replies)})
    if spoken and later:
        fitter.note("quick_replies", "moved to the last message: those of earlier ones vanish.")
    put_on_the_last(later or spoken, quick_replies, "quick_replies", fitter)
