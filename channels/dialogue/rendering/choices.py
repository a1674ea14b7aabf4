"""What a user can tap: buttons and quick replies. Pure.

Sources: Meta facts 1.5; Messenger Platform, Buttons, Quick replies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from ...core.meta.splitting import ELLIPSIS, Unit, shorten
from .fitting import Fitter, Message, Unsendable, as_object, required_text

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
_QUICK_REPLY_NEEDS: dict[str, tuple[str, ...]] = {
    "text": ("title", "payload"),
    "user_phone_number": (),
    "user_email": (),
}
_QUICK_REPLY_KEYS = ("content_type", "title", "payload", "image_url")
_BETWEEN_TITLES = " · "


def fit_button(value: Any, field: str, fitter: Fitter) -> list[Choice]:
    """The Send API's button for a Rasa response's; its other keys are kept.

    Without a type it is a postback, or a web_url if it has a url and no payload. A postback
    without a payload sends its title. Raises Unsendable in prose.
    """
    button = _given(as_object(value))
    button.setdefault("type", _likely_type(button))
    needs = _needs(button["type"], "type", _BUTTON_NEEDS)
    if button["type"] == "postback":
        _default_payload(button)
    return [_fitted(button, needs, field, fitter)]


def fit_quick_reply(value: Any, field: str, fitter: Fitter) -> list[Choice]:
    """The Send API's quick reply for a Rasa response's; without a payload it sends its title.

    A button's type is ignored, as in Rasa's own channel. Raises Unsendable in prose.
    """
    given = _given(as_object(value))
    if given.keys() - {*_QUICK_REPLY_KEYS, "type"}:
        fitter.note(field, "has keys that no quick reply has: these were left out.")
    reply = {key: given[key] for key in _QUICK_REPLY_KEYS if key in given}
    reply.setdefault("content_type", "text")
    needs = _needs(reply["content_type"], "content_type", _QUICK_REPLY_NEEDS)
    if reply["content_type"] != "text" and not fitter.limits.asks_for_contact:
        raise Unsendable(
            "its content_type was switched off on Instagram on 2026-10-05; ask for it in words."
        )
    if reply["content_type"] == "text":
        _default_payload(reply)
    return [_fitted(reply, needs, field, fitter)]


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


def named(choices: Iterable[Choice], limit: int, unit: Unit = Unit.CHARACTERS) -> str:
    """A text for choices that came without one, which Meta would refuse: it names them."""
    titles = [choice["title"] for choice in choices if "title" in choice]
    return shorten(_BETWEEN_TITLES.join(titles) or ELLIPSIS, limit, unit)


def put_on_the_last(
    messages: list[Message], quick_replies: list[Choice], field: str, fitter: Fitter
) -> None:
    """Put the quick replies on the last message, or, if that has no text, on one of their own."""
    if fitter.limits.quick_replies_need_text and "text" not in messages[-1]:
        fitter.note(field, "were put on a message of their own, which only names them.")
        messages.append({"text": name_all(quick_replies, fitter)})
    last = messages[-1]
    last["quick_replies"] = [*last.get("quick_replies", ()), *quick_replies]


def name_all(quick_replies: list[Choice], fitter: Fitter) -> str:
    """A text for quick replies that came without one."""
    return named(quick_replies, fitter.limits.text, fitter.limits.text_unit)


def in_groups(items: list[T], most: int) -> list[list[T]]:
    """`items` in order, in groups of `most`, the last with what is left."""
    return [items[start : start + most] for start in range(0, len(items), most)]


def _given(raw: dict[str, Any]) -> Choice:
    return {key: value for key, value in raw.items() if value is not None and value != ""}


def _likely_type(button: Choice) -> str:
    return "web_url" if "url" in button and "payload" not in button else "postback"


def _needs(kind: Any, key: str, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if not isinstance(kind, str) or kind not in known:
        raise Unsendable(
            f"its {key} is not one that Messenger has; allowed are {', '.join(known)}."
        )
    return known[kind]


def _default_payload(choice: Choice) -> None:
    if "title" in choice:
        choice.setdefault("payload", choice["title"])


def _fitted(choice: Choice, needs: Iterable[str], field: str, fitter: Fitter) -> Choice:
    """The choice, with each field that it needs or has made to fit."""
    fits = {"title": fitter.title, "payload": fitter.payload, "url": _url}
    return choice | {
        key: fit(choice.get(key), f"{field}.{key}")
        for key, fit in fits.items()
        if key in needs or key in choice
    }


def _url(value: Any, _field: str) -> str:
    return required_text(value, "url")


def _as_quick_reply(button: Choice) -> Choice:
    return {"content_type": "text", "title": button["title"], "payload": button["payload"]}


def _as_button(quick_reply: Choice) -> Choice:
    return {
        "type": "postback",
        "title": quick_reply["title"],
        "payload": quick_reply["payload"],
    }
