"""What a user can tap: buttons and quick replies. Pure.

Sources: Meta facts 1.5; Messenger Platform, Buttons, Quick replies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from ...core.meta.splitting import ELLIPSIS
from .fitting import Fitter, Message, Unsendable, as_object, fit_address, web_address

T = TypeVar("T")
Choice = dict[str, Any]  # a button or a quick reply, in the form that the Send API takes

# Each kind of button, and the keys that it must have.
_BUTTON_NEEDS: dict[str, tuple[str, ...]] = {
    "postback": ("title", "payload"),
    "web_url": ("title", "url"),
    "phone_number": ("title", "payload"),
    "account_link": ("url",),
    "account_unlink": (),
    "game_play": ("title",),
}
LINK_KEYS = (
    *("type", "url", "fallback_url", "messenger_extensions"),
    *("webview_height_ratio", "webview_share_button"),
)
_BUTTON_KEYS: dict[str, tuple[str, ...]] = {
    "postback": ("type", "title", "payload"),
    "web_url": ("title", *LINK_KEYS),
    "phone_number": ("type", "title", "payload"),
    "account_link": ("type", "url"),
    "account_unlink": ("type",),
    "game_play": ("type", "title", "payload", "game_metadata"),
}
_PHONE_NUMBER = re.compile(r"\+[0-9][0-9 ().-]+")
_QUICK_REPLY_NEEDS: dict[str, tuple[str, ...]] = {
    "text": ("title", "payload"),
    "user_phone_number": (),
    "user_email": (),
}
_QUICK_REPLY_KEYS = ("content_type", "title", "payload", "image_url")
_BETWEEN_TITLES = " · "


def fit_button(value: Any, field: str, fitter: Fitter) -> list[Choice]:
    """The Send API's button for a Rasa response's.

    Without a type it is a postback, or a web_url if it has a url and no payload. A postback
    without a payload sends its title. Raises Unsendable in prose.
    """
    button = _given(as_object(value))
    kind = button.setdefault("type", _likely_type(button))
    _check_kind(kind, "type", fitter.limits.button_types, fitter)
    button = fitter.known(button, _BUTTON_KEYS[kind], field, f"{kind} button")
    if kind == "postback":
        _default_payload(button)
    fitted = _fitted(button, _BUTTON_NEEDS[kind], field, fitter)
    if kind == "phone_number" and not _PHONE_NUMBER.fullmatch(fitted["payload"]):
        raise Unsendable(
            "its payload must be a phone number with its country code, such as +16505551234."
        )
    return [fitted]


def fit_quick_reply(value: Any, field: str, fitter: Fitter) -> list[Choice]:
    """The Send API's quick reply for a Rasa response's; without a payload it sends its title.

    A button's type is ignored, as in Rasa's own channel. Raises Unsendable in prose.
    """
    given = _given(as_object(value))
    given.pop("type", None)
    reply = fitter.known(given, _QUICK_REPLY_KEYS, field, "quick reply")
    kind = reply.setdefault("content_type", "text")
    _check_kind(kind, "content_type", _QUICK_REPLY_NEEDS, fitter)
    if kind != "text" and not fitter.limits.asks_for_contact:
        raise Unsendable(
            "its content_type was switched off on Instagram on 2026-10-05; ask for it in words."
        )
    if kind == "text":
        _default_payload(reply)
    icons = fitter.one(reply.pop("image_url", None), f"{field}.image_url", fit_address)
    fitted = _fitted(reply, _QUICK_REPLY_NEEDS[kind], field, fitter)
    for icon in icons:
        fitted["image_url"] = icon
    return [fitted]


def arrange(
    buttons: list[Choice], quick_replies: list[Choice], room: int, fitter: Fitter
) -> tuple[list[Choice], list[Choice]]:
    """The same choices, as buttons and quick replies of which a person can use every one.

    `room` is how many quick replies the message that carries them can take. If there are more
    postback buttons than fit under one text, they become quick replies, which stay in one row. If
    there are too many for that as well, all become buttons: these stay in the chat, and several
    messages can have some, whereas a newer message hides the quick replies of an older one.
    """
    most = fitter.limits.buttons
    postbacks = all(button["type"] == "postback" for button in buttons)
    if len(buttons) > most and postbacks and len(buttons) + len(quick_replies) <= room:
        fitter.note("buttons", f"has {len(buttons)} items, and {most} fit: sent as quick replies.")
        return [], [*map(_as_quick_reply, buttons), *quick_replies]
    if len(quick_replies) > room:
        fitter.note(
            "quick_replies",
            f"has {len(quick_replies)} items, and {room} fit: sent as buttons, without icons.",
        )
        asked = [reply for reply in quick_replies if reply["content_type"] == "text"]
        buttons = [*buttons, *map(_as_button, asked)]
        quick_replies = [reply for reply in quick_replies if reply["content_type"] != "text"]
    if len(buttons) > most:
        fitter.note(
            "buttons", f"has {len(buttons)} items, and {most} fit: sent in several messages."
        )
    return buttons, first_quick_replies(quick_replies, "quick_replies", room, fitter)


def first_quick_replies(
    quick_replies: list[Choice], field: str, room: int, fitter: Fitter
) -> list[Choice]:
    """As many quick replies as there is room for; a note says how many were left out."""
    if len(quick_replies) > room:
        left_out = len(quick_replies) - room
        fitter.note(
            field, f"has {left_out} more than a message can carry, and these were left out."
        )
    return quick_replies[:room]


def named(choices: Iterable[Choice]) -> str:
    """A text for choices that came without one, which Meta would refuse: it names them.

    As many titles as one message can have are shorter than any text may be.
    """
    return _BETWEEN_TITLES.join(one["title"] for one in choices if "title" in one) or ELLIPSIS


def put_on_the_last(
    messages: list[Message], quick_replies: list[Choice], field: str, fitter: Fitter
) -> None:
    """Put the quick replies on the last message, or, if that has no text, on one of their own."""
    if fitter.limits.quick_replies_need_text and "text" not in messages[-1]:
        fitter.note(field, "were put on a message of their own, which only names them.")
        messages.append({"text": named(quick_replies)})
    last = messages[-1]
    last["quick_replies"] = [*last.get("quick_replies", ()), *quick_replies]


def in_groups(items: list[T], most: int) -> list[list[T]]:
    """`items` in order, in groups of `most`, the last with what is left."""
    return [items[start : start + most] for start in range(0, len(items), most)]


def _given(raw: dict[str, Any]) -> Choice:
    return {key: value for key, value in raw.items() if value is not None and value != ""}


def _likely_type(button: Choice) -> str:
    return "web_url" if "url" in button and "payload" not in button else "postback"


def _check_kind(kind: Any, key: str, allowed: Collection[str], fitter: Fitter) -> None:
    if not isinstance(kind, str) or kind not in allowed:
        raise Unsendable(
            f"its {key} is not one that {fitter.limits.platform} has; allowed are "
            f"{', '.join(allowed)}."
        )


def _default_payload(choice: Choice) -> None:
    if "title" in choice:
        choice.setdefault("payload", choice["title"])


def _fitted(choice: Choice, needs: Iterable[str], field: str, fitter: Fitter) -> Choice:
    """The choice, with each field that it needs or has made to fit."""
    fits = {"title": fitter.title, "payload": fitter.payload, "url": _fit_url}
    return choice | {
        key: fit(choice.get(key), f"{field}.{key}")
        for key, fit in fits.items()
        if key in needs or key in choice
    }


def _fit_url(value: Any, _field: str) -> str:
    return web_address(value, "url")


def _as_quick_reply(button: Choice) -> Choice:
    return {"content_type": "text", "title": button["title"], "payload": button["payload"]}


def _as_button(quick_reply: Choice) -> Choice:
    return {
        "type": "postback",
        "title": quick_reply["title"],
        "payload": quick_reply["payload"],
    }
