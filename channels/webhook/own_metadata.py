"""A subclass's `get_metadata(request)`, as in Rasa, called for each message and tap of a delivery.

Rasa's own channel calls it once per request. Here it gets the request, as soon as that comes in, as
if it had brought only this one event, and what it returns is stored with the event.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sanic.request import Request

from ..core.events import Event, Postback, UserMessage
from .decoding import events_in
from .reading import Reader

logger = logging.getLogger(__name__)

MetadataOf = Callable[[Request], dict[str, Any] | None]

_ARRAYS = ("messaging", "standby", "changes")


def each_alone(events: list[Event], body: bytes) -> list[bytes]:
    """For each event, the delivery as if it had brought only this one.

    Empty if no event is a message or a tap, or if the delivery can't be taken apart.
    """
    if not any(isinstance(event, (UserMessage, Postback)) for event in events):
        return []
    try:
        alone = list(_alone(json.loads(body), events[0].received_at))
    except (ValueError, TypeError, AttributeError, RecursionError):
        alone = []
    if len(alone) == len(events):
        return alone
    logger.warning("get_metadata is not asked about a delivery of an odd shape.")
    return []


def with_own_metadata(
    events: list[Event], alone: list[bytes], request: Request, metadata_of: MetadataOf
) -> list[Event]:
    """The events of a delivery, each with what the subclass says about it."""
    return [
        _with_its_own(event, single, request, metadata_of)
        for event, single in zip(events, alone, strict=True)
    ]


def _alone(delivery: dict[str, Any], received_at: datetime) -> Iterator[bytes]:
    for entry in delivery["entry"]:
        about = {key: value for key, value in entry.items() if key not in _ARRAYS}
        for array in _ARRAYS:
            for item in entry.get(array) or ():
                single = {**delivery, "entry": [{**about, array: [item]}]}
                body = json.dumps(single).encode()
                yield from (body for _ in events_in(body, Reader(), received_at))


def _with_its_own(event: Event, single: bytes, request: Request, metadata_of: MetadataOf) -> Event:
    if not isinstance(event, (UserMessage, Postback)):
        return event
    request.body, request.parsed_json = single, None
    try:
        told = msgspec.json.encode(metadata_of(request) or {})
        own = msgspec.json.decode(told, type=dict[str, Any])
    except Exception as error:  # it may quote the user: its text stays out of the log
        logger.error(
            "get_metadata of the channel's subclass failed (%s), so Rasa does not hear what it "
            "tells. It has to return a mapping that JSON can hold, or None.",
            type(error).__name__,
        )
        return event
    return replace(event, context={**event.context, **own})
