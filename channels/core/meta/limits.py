"""What a messaging platform takes in one message. Pure.

Sources: Meta facts 1.5; Messenger Platform, Send API reference, Quick replies, Buttons,
Button template, Generic template.
"""

from __future__ import annotations

import msgspec

from .splitting import Unit

# Messenger Platform, Rate Limiting.
SENDS_A_SECOND = 300  # text, links, images, templates, and sender actions
MEDIA_SENDS_A_SECOND = 10  # audio and video


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The most that one platform takes. Lengths are in characters as `splitting` counts them."""

    platform: str
    text: int
    text_unit: Unit = Unit.CHARACTERS
    template_text: int  # the text above the buttons of a button template
    buttons: int  # under one template, and under one element
    button_types: tuple[str, ...]
    quick_replies: int  # on one message
    quick_replies_need_text: bool = False  # whether they can't go with an image or a template
    asks_for_contact: bool = True  # whether quick replies may offer a phone number or an e-mail
    personas: bool = True  # whether a message may be a persona's
    title: int  # of a button or quick reply
    payload: int  # of a button or quick reply
    elements: int  # in one generic template
    element_text: int  # the title, and the subtitle, of an element
    metadata: int
    own_metadata: int  # of a response: a mark and a space come before it (`app_secret`)


MESSENGER = Limits(
    platform="Messenger",
    # Meta's page says "less than 2000 characters", and Graph's error "less than or equal to 2000":
    # 1,999 satisfies both. The same goes for metadata.
    text=1999,
    template_text=640,
    buttons=3,
    button_types=(
        *("postback", "web_url", "phone_number"),
        *("account_link", "account_unlink", "game_play"),
    ),
    quick_replies=13,
    title=20,
    payload=1000,
    elements=10,
    element_text=80,
    metadata=999,
    own_metadata=949,
)

# Instagram's pages say "less than 1000 characters" and "1,000 bytes or less": counting bytes
# satisfies both. Its quick replies user_phone_number and user_email ended on 2026-10-05.
INSTAGRAM = msgspec.structs.replace(
    MESSENGER,
    platform="Instagram",
    text=999,
    text_unit=Unit.BYTES,
    button_types=("postback", "web_url"),
    quick_replies_need_text=True,
    asks_for_contact=False,
    personas=False,
)
