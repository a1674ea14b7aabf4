"""The image and the attachment of a Rasa response. Pure.

Source: Meta facts 1.5; Rasa 3.6, `OutputChannel.send_attachment`.
"""

from __future__ import annotations

import re
from typing import Any

from .fitting import Fitter, Message, as_object, required_text, web_address

_FILE_URL = re.compile(r"https?://[^\s/?#]+/[^\s?#]*\.(?P<extension>\w+)([?#]\S*)?", re.IGNORECASE)
_EXTENSIONS = {
    "image": "gif jpeg jpg png webp",
    "audio": "aac m4a mp3 oga ogg opus wav",
    "video": "avi m4v mov mp4 mpeg webm",
    "file": "csv doc docx ics odp ods odt pdf ppt pptx rtf txt xls xlsx zip",
}
_TYPES = {
    extension: media_type
    for media_type, extensions in _EXTENSIONS.items()
    for extension in extensions.split()
}


def fit_image(value: Any, _field: str, _fitter: Fitter) -> list[Message]:
    """The message for an image's URL. Raises Unsendable if it is not a web address."""
    return [_by_url("image", web_address(value, "URL"))]


def fit_attachment(value: Any, _field: str, fitter: Fitter) -> list[Message]:
    """The message for an attachment: Meta's own JSON, a file's URL, or any other text.

    A URL that ends like the name of an image, an audio, a video or another file is sent as such.
    Any other text is sent as text, as in Rasa's own channel: Graph could not fetch a web page.
    Raises Unsendable in prose.
    """
    if isinstance(value, dict):
        return [{"attachment": as_attachment(value)}]
    attachment = required_text(value, "URL")
    if found := _FILE_URL.fullmatch(attachment):
        media_type = _TYPES.get(found["extension"].lower())
        if media_type:
            return [_by_url(media_type, attachment)]
    said = f"Attachment: {attachment}"
    return [{"text": piece} for piece in fitter.split(said)]


def as_attachment(value: Any) -> dict[str, Any]:
    """The value, if it has the form of a Send API attachment; otherwise raises Unsendable."""
    attachment = as_object(value, "its attachment")
    required_text(attachment.get("type"), "attachment type")
    as_object(attachment.get("payload"), "its attachment payload")
    return attachment


def _by_url(media_type: str, url: str) -> Message:
    return {"attachment": {"type": media_type, "payload": {"url": url}}}
