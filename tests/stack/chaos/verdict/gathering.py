"""Reads what PostgreSQL has in the end: the plugin's store and Rasa's tracker store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import psycopg2

from channels.core.sessions.session import Session, ends_in_silence
from tests.stack.chaos.verdict.evidence import (
    Death,
    Dropped,
    Evidence,
    Kind,
    Ran,
    Said,
    Stored,
    Told,
    Tracked,
    Undone,
)
from tests.stack.chaos.verdict.journal import Journal

_EVENTS = (
    "SELECT sender_id, data FROM events"
    " WHERE type_name IN ('user', 'bot') OR action_name = 'action_listen' ORDER BY id"
)
_SESSIONS = "SELECT id, thread, state, data FROM handover_sessions ORDER BY opened_at_us"
_UNDONE = (
    "SELECT thread, event, state, error FROM handover_inbox WHERE state != 'done' ORDER BY position"
)
_OUTBOX = "SELECT mark, turn FROM handover_outgoing"
_DROPPED = (
    "SELECT thread, turn, handled_at_us FROM handover_outgoing WHERE state = 'dropped'"
    " ORDER BY handled_at_us"
)
_LINES = "SELECT key FROM handover_transcript"
_WORKERS = "SELECT DISTINCT claimed_by FROM handover_inbox WHERE state = 'done'"
_SESSION = msgspec.json.Decoder(Session)
_AT_WORK = "SELECT count(*) FROM handover_workers"
_LEFT = (
    "SELECT (SELECT count(*) FROM handover_inbox WHERE state = 'waiting'),"
    " (SELECT count(*) FROM handover_sessions WHERE state != 'ended'),"
    " (SELECT count(*) FROM handover_notices WHERE state = 'waiting')"
)


def left_to_do(url: str) -> tuple[int, int, int]:
    """How many events wait, how many sessions are open, and how many notices are untold."""
    ((waiting, open_sessions, untold),) = _rows(url, _LEFT)
    return waiting, open_sessions, untold


def at_work(url: str) -> int:
    """How many workers have begun, and none of them left."""
    ((count,),) = _rows(url, _AT_WORK)
    return int(count)


def workers(url: str) -> set[str]:
    """The names of the workers that have handled events."""
    return {name for (name,) in _rows(url, _WORKERS)}


def gather(
    url: str,
    journal: Journal,
    runs: Path,
    deaths: Path,
    *,
    told: Iterable[Told],
    kills: Iterable[datetime],
    pauses: Iterable[datetime],
    stops: Iterable[datetime],
) -> Evidence:
    """All that the judge needs: from the database at `url`, the emulator's journal, the file in
    which an action has counted its `runs`, and that of the `deaths` of a message.
    """
    died = tuple(_died(deaths))
    turns = dict(_rows(url, _OUTBOX))
    lines = {key for (key,) in _rows(url, _LINES)}
    return Evidence(
        said=tuple(replace(one, turn=turns.get(one.mark)) for one in journal.said),
        delivered=tuple(journal.delivered.values()),
        owned=tuple(journal.owned),
        tracked=tuple(_tracked(url)),
        sessions=tuple(_stored(url)),
        undone=tuple(_undone(url)),
        transcribed=frozenset(one.mid for one in journal.said if _line_key(one) in lines),
        unanswered=frozenset(journal.unanswered),
        kills=tuple(sorted((*kills, *(one.at for one in died)))),
        pauses=tuple(pauses),
        stops=tuple(stops),
        runs=tuple(_ran(runs)),
        dropped=tuple(_dropped(url)),
        told=tuple(told),
        deaths=died,
    )


def _ran(runs: Path) -> Iterator[Ran]:
    for line in runs.read_text().splitlines():
        run = json.loads(line)
        at = datetime.fromtimestamp(run["at"], timezone.utc)
        yield Ran(user=run["user"], message_id=run["message_id"], at=at)


def _dropped(url: str) -> Iterator[Dropped]:
    for thread, turn, at_us in _rows(url, _DROPPED):
        at = datetime.fromtimestamp(at_us / 10**6, timezone.utc)
        yield Dropped(user=_user(thread), turn=turn, at=at)


def _died(deaths: Path) -> Iterator[Death]:
    for line in deaths.read_text().splitlines():
        death = json.loads(line)
        yield Death(text=death["text"], at=datetime.fromtimestamp(death["at"], timezone.utc))


def _tracked(url: str) -> Iterator[Tracked]:
    for sender_id, data in _rows(url, _EVENTS):
        event = json.loads(data)
        at = datetime.fromtimestamp(event["timestamp"], timezone.utc)
        if event["event"] == "user":
            yield _heard(sender_id, at, event)
        elif event["event"] == "action":
            yield Tracked(user=sender_id, at=at, kind=Kind.LISTENS)
        elif event.get("text"):
            yield Tracked(user=sender_id, at=at, kind=Kind.SPOKEN, text=event["text"])


def _heard(sender_id: str, at: datetime, event: dict[str, Any]) -> Tracked:
    handover = (event.get("metadata") or {}).get("handover") or {}
    return Tracked(
        user=sender_id,
        at=at,
        kind=Kind.HEARD,
        message_id=event["message_id"],
        intent=event["parse_data"]["intent"]["name"] or "",
        session=handover.get("session_id", ""),
    )


def _stored(url: str) -> Iterator[Stored]:
    for session, thread, state, data in _rows(url, _SESSIONS):
        known = _SESSION.decode(data)
        yield Stored(
            session=session,
            user=_user(thread),
            state=state,
            reason=known.reason.value if known.reason else None,
            is_left=known.reason is not None and ends_in_silence(known),
            began_at=known.waiting_since or known.opened_at,
            opened_by=known.opened_by,
            waiting_since=known.waiting_since,
            active_at=known.active_at,
            first_answer_at=known.first_answer_at,
            ended_at=known.ended_at,
            has_feedback=known.feedback is not None,
        )


def _undone(url: str) -> Iterator[Undone]:
    for thread, event, state, error in _rows(url, _UNDONE):
        said = json.loads(event)
        mid = said.get("mid")
        named = f"{said['kind']} {mid or said['key']}"
        yield Undone(user=_user(thread), key=named, state=state, error=error, mid=mid)


def _user(thread: str) -> str:
    return thread.rsplit(":", 1)[-1]


def _line_key(said: Said) -> str:
    """How the transcript names a message, so that it has each once."""
    return hashlib.sha256(said.mid.encode()).hexdigest()[:32]


def _rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    finally:
        connection.close()
