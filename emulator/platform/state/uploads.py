"""What a Page keeps: uploaded files, the personas to send as, and labels for people.

Meta facts 1.5 and 1.6; Meta: "Attachment Upload", "Personas", "Custom Labels".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ATTACHMENT_LASTS = timedelta(days=90)
LARGEST_FILE = 25 * 1024**2  # bytes
LONGEST_NAME = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """An upload: `type` is image, audio, video or file, and `url` where Meta would keep it."""

    id: str
    type: str
    url: str
    uploaded_at: datetime

    def is_there(self, now: datetime) -> bool:
        """Whether it can still be sent: an `attachment_id` expires after 90 days."""
        return now - self.uploaded_at <= ATTACHMENT_LASTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Persona:
    """A persona of the Page, whichever app made it."""

    id: str
    name: str
    profile_picture_url: str


@dataclass(kw_only=True, slots=True)
class Label:
    """A label, and the ids of the people who have it."""

    id: str
    name: str
    people: set[str] = field(default_factory=set)


def new_id() -> str:
    """An id for a new object, 16 digits like Meta's."""
    return str(secrets.randbelow(9 * 10**15) + 10**15)


def uploaded_url(name: str) -> str:
    """An address for an uploaded file, like Meta's; nothing is served there."""
    return f"https://cdn.fbsbx.com/v/{new_id()}/{name}"
