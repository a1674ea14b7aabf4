"""The rows of messages, as they are read and claimed, in SQL."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from ...core.records.outgoing import Outgoing
from ..database.schema import DROPPED, is_outgoing, outgoing

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
IS_OURS = among_these & is_outgoing & (outgoing.c.claimed_by == bindparam("worker"))
