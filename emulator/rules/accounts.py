"""What people write to: the Page on Messenger, and the Instagram account that is linked to it.

Meta facts 1.1, 2.1 and 2.6; Meta: "Conversation Routing", "Instagram Webhooks".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PAGE_INBOX = "263902037430900"
"""The app id of the Page Inbox of Messenger (Meta facts 1.1; Meta: "Conversation Routing")."""

INSTAGRAM_INBOX = "1217981644879628"
"""The app id of the Instagram Inbox, an app of its own (Meta facts 1.1 and 2.6; Meta:
"Conversation Routing APIs" for Instagram).
"""

INSTAGRAM_IDS_BEGIN = "178"
"""The beginning of Instagram's ids here. Meta knows every id, the emulator only its own people's:
an unknown id that begins like this is refused as Instagram's, any other as Messenger's.
"""


class PlatformName(str, Enum):
    """Where a person writes; Graph's own parameter `platform` has these values, too."""

    MESSENGER = "messenger"
    INSTAGRAM = "instagram"


INBOXES = {PlatformName.MESSENGER: PAGE_INBOX, PlatformName.INSTAGRAM: INSTAGRAM_INBOX}
"""The Inbox that an operator uses, by the platform of the thread."""

_WEBHOOK_OBJECTS = {PlatformName.MESSENGER: "page", PlatformName.INSTAGRAM: "instagram"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The Page, or its Instagram account: `id` is the `entry.id` of its webhooks, and its side of
    every event.
    """

    platform: PlatformName
    id: str

    @property
    def webhook_object(self) -> str:
        """The `object` of its webhooks (Meta facts 2.1; Meta: "Webhooks")."""
        return _WEBHOOK_OBJECTS[self.platform]
