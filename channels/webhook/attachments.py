"""What was sent with a message: images, stickers, shared links and posts. Pure."""

from __future__ import annotations

from typing import Any

from ..core.events import Attachment, Platform
from .reading import Reader
from .shapes import MessageShape

MOST_ATTACHMENTS = 100  # in one message; Messenger's own apps send up to 30

_ORIGINS = {  # for addresses that Meta gives without one, such as "/reel/1234/"
    Platform.MESSENGER: "https://www.facebook.com",
    Platform.INSTAGRAM: "https://www.instagram.com",
}
_VAGUE_TYPES = {"fallback", "image", "share"}  # the same thing may come with a more telling type
# Types for what Meta does not show, unless there is an address or a title after all.
_SHOW_NOTHING = {"unsupported_type", "ephemeral", "fallback"}
# A shared link stands beside its payload, which may be null; a product's name lies deep in it.
_TOLD_BESIDE = {"fallback", "template"}


def attachments_of(
    message: MessageShape, platform: Platform, reader: Reader
) -> tuple[Attachment, ...]:
    """What was sent with a message, each thing once."""
    listed = message.attachments or []
    if not listed and message.sticker_id is None:
        return ()
    found = (one for one in listed[:MOST_ATTACHMENTS] if isinstance(one, dict))
    shown = (_attachment(one, platform, reader) for one in found)
    attachments = [one for one in shown if _is_told(one)]
    if not attachments and reader.id(message.sticker_id):
        return (Attachment(type="sticker", payload={"sticker_id": message.sticker_id}),)
    return tuple(one for one in attachments if not _is_told_better(one, attachments))


def _is_told(one: Attachment) -> bool:
    return bool(one.url or one.payload.get("title")) or one.type not in _SHOW_NOTHING


def _attachment(sent: dict[str, Any], platform: Platform, reader: Reader) -> Attachment:
    payload = reader.payload(sent.get("payload"))
    kind, address = reader.text(sent.get("type")) or "unknown", reader.text(sent.get("url"))
    title = reader.text(sent.get("title")) or _title_of_first(payload, reader)
    if not payload or kind in _TOLD_BESIDE:
        beside = {"url": address, "title": title}
        payload |= {key: told for key, told in beside.items() if told and not payload.get(key)}
    url = reader.text(payload.get("url"))
    if url and url.startswith("/"):
        of_instagram = platform is Platform.INSTAGRAM or kind.startswith("ig_")
        origin = _ORIGINS[Platform.INSTAGRAM if of_instagram else Platform.MESSENGER]
        url = f"https:{url}" if url.startswith("//") else origin + url
    return Attachment(type=kind, url=url, payload=payload)


def _title_of_first(payload: dict[str, Any], reader: Reader) -> str | None:
    """The title of the first product, or card, that was shared."""
    shared = payload.get("product") or payload.get("generic") or payload
    elements = shared.get("elements") if isinstance(shared, dict) else None
    first = elements[0] if isinstance(elements, list) and elements else None
    return reader.text(first.get("title")) if isinstance(first, dict) else None


def _is_told_better(one: Attachment, attachments: list[Attachment]) -> bool:
    """Whether another attachment is the same thing with a more telling type: a sticker comes also
    as an image, and an Instagram post as a share.
    """
    if one.type not in _VAGUE_TYPES:
        return False
    others = [other for other in attachments if other.type not in _VAGUE_TYPES]
    return any(_same(one, other, "sticker_id") or _same(one, other, "url") for other in others)


def _same(one: Attachment, other: Attachment, key: str) -> bool:
    value = one.payload.get(key)
    return value is not None and str(value) == str(other.payload.get(key))
