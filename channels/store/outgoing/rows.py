"""The rows of messages, as they are read and claimed, in SQL."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, not_, select

from ...core.records.outgoing import Outgoing
from ..claims.claims import behind, was_in_hand
from ..database.schema import (
    DROPPED,
    earlier_is_outgoing,
    earlier_outgoing,
    is_outgoing,
    outgoing,
)

OUTGOING: msgspec.json.Decoder[Outgoing] = msgspec.json.Decoder(Outgoing)
IS_THREAD_S = outgoing.c.thread == bindparam("this_thread")
OF_TURN = (
    select(outgoing.c.position, outgoing.c.data, outgoing.c.state)
    .where(
        IS_THREAD_S,
        outgoing.c.turn == bindparam("this_turn"),
        outgoing.c.state != DROPPED,
    )
    .order_by(outgoing.c.position)
)
among_these = outgoing.c.position.in_(bindparam("positions", expanding=True))
IS_OURS = is_outgoing & (outgoing.c.claimed_by == bindparam("worker"))
# What comes after a message that another worker has taken over would be sent before it.
STILL_OURS = IS_OURS & not_(
    behind(outgoing, earlier_outgoing, earlier_is_outgoing, was_in_hand(earlier_outgoing))
)
