"""What people say and do, as events: messages, echoes, taps, edits, acts without a message. Pure.

Sources: Messenger Platform, Webhook Events (messages, message_echoes, message_edits,
messaging_postbacks, messaging_referrals, messaging_optins, messaging_account_linking).
"""

from __future__ import annotations

import re
from typing import Any

from ..core.events import (
    ACTS,
    Act,
    Echo,
    Edited,
    Event,
    Postback,
    SignOfLife,
    TakenBack,
    UserMessage,
    message_key,
)
from .attachments import attachments_of
from .reading import Reader
from .shapes import EditShape, ItemShape, MessageShape, PostbackShape

# Meta's AI marks in this way what it writes in the Inbox's name.
_AI = re.compile(r"""(["'])source\1\s*:\s*(["'])axon\2""", re.IGNORECASE)
_MOST_EDITS = 1000  # that are told apart; Messenger's own apps allow five


def said_in(
    item: ItemShape, mid: str | None, common: dict[str, Any], reader: Reader, *, by_page: bool
) -> Event | None:
    """The event for what somebody has said or done.

    `mid` is the id of the item's message or tap, and `common` what all events have.
    """
    if item.message is not None and is_marked(item.message.is_deleted):
        return _taken_back(mid, common, by_page=by_page)
    if item.message is not None and item.message.admin_text and mid is None:
        return None  # a notice of Meta's own, in anybody's name
    if item.message is not None and by_page:
        return _echo(item.message, mid, common, reader)
    if item.message is not None:
        return _user_message(item.message, item, mid, common, reader)
    if item.postback is not None:
        return _postback(item.postback, mid, common, reader)
    if item.message_edit is not None:
        return _edited(item.message_edit, common, reader, by_page=by_page)
    return _act(item, common, reader)


def _taken_back(mid: str | None, common: dict[str, Any], *, by_page: bool) -> Event | None:
    """It carries the mid of the message itself, so it needs a key of its own."""
    if mid is None:
        return None
    return TakenBack(**{**common, "key": f"{common['key']}/deleted"}, mid=mid, by_page=by_page)


def _edited(
    edit: EditShape, common: dict[str, Any], reader: Reader, *, by_page: bool
) -> Event | None:
    """Instagram sends `num_edit` 0, without a text, beside some messages that nobody has edited."""
    mid, text, number = reader.mid(edit.mid), reader.text(edit.text), _count(edit.num_edit)
    if mid is None or text is None or number == 0:
        return None
    key = f"{message_key(common['thread'].page, common['array'], mid)}/edit {number}"
    return Edited(**{**common, "key": key}, mid=mid, text=text, number=number, by_page=by_page)


def _echo(
    message: MessageShape, mid: str | None, common: dict[str, Any], reader: Reader
) -> Event | None:
    return Echo(
        **common,
        mid=mid,
        app_id=reader.id(message.app_id),
        text=reader.text(message.text),
        metadata=reader.text(message.metadata),
        attachments=attachments_of(message, common["thread"].platform, reader),
        by_ai=is_marked(message.ai_generated) or bool(_AI.search(str(message.metadata))),
    )


def _user_message(
    message: MessageShape,
    item: ItemShape,
    mid: str | None,
    common: dict[str, Any],
    reader: Reader,
) -> Event | None:
    if is_marked(message.is_self) or is_marked(message.ai_generated):
        return None
    if is_marked(message.is_unsupported):
        return SignOfLife(**common, mid=mid)
    tapped = message.quick_reply if isinstance(message.quick_reply, dict) else {}
    text = reader.text(message.text)
    payload = reader.text(tapped.get("payload")) if tapped else None
    attachments = attachments_of(message, common["thread"].platform, reader)
    if not (text or payload or attachments):
        return SignOfLife(**common, mid=mid) if mid or message.attachments else None
    return UserMessage(
        **common,
        mid=mid,
        text=text,
        payload=payload,
        attachments=attachments,
        context=_context(message, item, reader),
    )


def _postback(
    postback: PostbackShape, mid: str | None, common: dict[str, Any], reader: Reader
) -> Event | None:
    title, payload = reader.text(postback.title), reader.text(postback.payload)
    if not (title or payload):
        return None
    referral = reader.payload(postback.referral)
    context = {"referral": referral} if referral else {}
    return Postback(**common, mid=mid, title=title, payload=payload, context=context)


def _context(message: MessageShape, item: ItemShape, reader: Reader) -> dict[str, Any]:
    told = {
        "referral": message.referral,
        "reply_to": message.reply_to,
        "prior_message": item.prior_message,
    }
    context = {
        key: found for key, value in told.items() if value and (found := reader.payload(value))
    }
    has_sticker = message.sticker_id and reader.id(message.sticker_id)
    return {**context, "sticker_id": message.sticker_id} if has_sticker else context


def _act(item: ItemShape, common: dict[str, Any], reader: Reader) -> Event | None:
    told = ((name, reader.payload(getattr(item, name))) for name in ACTS)
    named = next(((name, details) for name, details in told if details), None)
    return named and Act(**common, name=named[0], details=named[1])


def is_marked(flag: object) -> bool:
    """Whether a flag is set: true, or true as text."""
    return bool(flag) and str(flag).lower() not in ("false", "0", "null")


def _count(value: object) -> int:
    """How often a message was edited: a number, or a number as text; 1 if Meta does not say."""
    try:
        count: int = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return 1
    return min(max(count, 0), _MOST_EDITS)
