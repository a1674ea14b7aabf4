"""What the bot says, from Rasa's turns to Meta, with two workers: a world small enough to search.

The store is the one in memory, which the contract tests hold to the one on SQL, and what a turn
says again is told by the real `Replay`. A world is never changed: each step begins with a copy.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from msgspec import field
from msgspec.structs import replace

from channels.core.events import Array, UserMessage
from channels.core.records.inbox import InboxEntry
from channels.core.records.outgoing import Outgoing, OutgoingEntry, Said
from channels.core.sessions.session import Cause
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.store import MemoryStore
from tests.fakes.store_rows import NOT_LOST, Rows, is_over
from tests.search.exhaustive.model import ADA, NOW

T = TypeVar("T")

STANDSTILL = CLAIM_LEASE + timedelta(seconds=15)
WORDS = {"A": ("first", "second"), "B": ("third",)}  # by two events of one thread, in order


def words_of(event: str, wording: int) -> tuple[str, ...]:
    """What Rasa answers to an event; responses have variations."""
    return tuple(word + "!" * wording for word in WORDS[event])


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn of Rasa's that a worker has to take, or is at.

    `said` is what earlier attempts have said, once it is known; `place` is how far this one is.
    `is_checked`: it was the worker's still a moment ago, and says the next thing. `is_saved`:
    Rasa's tracker has it. `is_over`: what is left is to note that.
    """

    entry: InboxEntry
    wording: int = 0
    said: tuple[Said, ...] | None = None
    place: int = 0
    is_checked: bool = False
    is_saved: bool = False
    is_over: bool = False


class InHand(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a worker has to send, has looked at, or has sent."""

    entry: OutgoingEntry
    is_looked_at: bool = False
    is_sent: bool = False


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """What a process has in hand, in order; `lives` is how many processes there were before it."""

    letter: str
    lives: int = 0
    turns: tuple[Turn, ...] = ()
    messages: tuple[InHand, ...] = ()
    stands_still: bool = False

    @property
    def name(self) -> str:
        return f"{self.letter}{self.lives}"


class World(msgspec.Struct, frozen=True, kw_only=True):
    """All there is.

    `arrived` has the marks of the messages that Meta has, in order, `on_their_way` those of which
    the echo has not come yet. `heard` has the events whose turns are in Rasa's tracker, `cut` those
    whose turn was cut off, as often as it was. `is_window_open`: Meta takes messages to the user.
    """

    rows: Rows = field(default_factory=Rows)
    now: datetime = NOW
    arrived: tuple[str, ...] = ()
    on_their_way: frozenset[str] = frozenset()
    heard: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    is_window_open: bool = True
    workers: tuple[Worker, Worker] = (Worker(letter="a"), Worker(letter="b"))

    def copied(self, **changes: Any) -> World:
        """One that can be written to."""
        rows, old = Rows(), self.rows
        rows.entries = {key: replace(each) for key, each in old.entries.items()}
        rows.messages = {key: replace(each) for key, each in old.messages.items()}
        rows.handled_messages = {key: replace(each) for key, each in old.handled_messages.items()}
        rows.last_position, rows.last_message = old.last_position, old.last_message
        return replace(self, rows=rows, **changes)

    def store(self, which: int) -> MemoryStore:
        """The store, as a worker has it."""
        worker = self.workers[which]
        store = MemoryStore(worker=worker.name)
        store._rows = self.rows
        store._held = {turn.entry.position for turn in worker.turns}
        store._messages_in_hand = {one.entry.position for one in worker.messages}
        return store

    def with_worker(self, which: int, worker: Worker, **changes: Any) -> World:
        first, second = self.workers
        workers = (worker, second) if which == 0 else (first, worker)
        return replace(self, workers=workers, **changes)

    def event_of(self, mark: str) -> str:
        """The event that a message answers."""
        return mark.partition(" ")[0]

    def is_idle(self) -> bool:
        """Whether nobody has anything in hand."""
        return not any(worker.turns or worker.messages for worker in self.workers)


def done(step: Coroutine[Any, Any, T]) -> T:
    """What a step on the store in memory returns; it never waits."""
    try:
        step.send(None)
    except StopIteration as stop:
        returned: T = stop.value
        return returned
    raise AssertionError("The store in memory waits.")


def beginning() -> World:
    """Two events wait, and nobody has them."""
    world = World()
    events = [
        UserMessage(key=key, thread=ADA, array=Array.MESSAGING, at=NOW, received_at=NOW, text=key)
        for key in WORDS
    ]
    done(world.store(0).record(events, NOW, claim=False))
    return world


def outgoing(world: World, event: str, place: int, text: str) -> Outgoing:
    """A message of a turn's; no other one has its mark."""
    return Outgoing(
        thread=ADA,
        turn=event,
        place=place,
        message={"text": text},
        mark=f"{event} {place} {text} {world.rows.last_message}",
        response="A response",
        cause=Cause(at=NOW, key=event),
        said_at=world.now,
        event_key=event,
    )


def key_of(world: World) -> bytes:
    """What only the same world has: which worker is which makes no difference, nor the hour."""
    return min(_encoded(world, order) for order in ((0, 1), (1, 0)))


def _encoded(world: World, order: tuple[int, int]) -> bytes:
    names = {world.workers[which].name: place for place, which in enumerate(order)}

    def claim(claimed_by: str | None, until: datetime) -> object:
        by = claimed_by if claimed_by in NOT_LOST else names.get(claimed_by, "dead")
        return by, is_over(until, world.now, None)

    rows = world.rows
    told = (
        [
            (each.handled_at is None, each.is_repeated, claim(each.claimed_by, each.claimed_until))
            for each in rows.entries.values()
        ],
        [
            (each.said.mark, each.state, each.mid, claim(each.claimed_by, each.claimed_until))
            for each in (*rows.messages.values(), *rows.handled_messages.values())
        ],
        [
            (
                world.workers[which].turns,
                world.workers[which].messages,
                world.workers[which].lives,
                world.workers[which].stands_still,
            )
            for which in order
        ],
        (world.arrived, sorted(world.on_their_way), world.heard, sorted(world.cut)),
        world.is_window_open,
    )
    return _ENCODE(told)


_ENCODE = msgspec.msgpack.Encoder(enc_hook=str).encode
