"""What a log line says of the thread that work is under way for."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions.session import Cause, Session
from channels.core.sessions.transitions import opening
from channels.instruments.log_fields import (
    AboutThread,
    about_session,
    session_fields,
    subject,
    thread_hash,
)

ADA = Thread(page="111", user="222")
BOB = Thread(page="111", user="333")
NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)


def session(thread: Thread = ADA) -> Session:
    cause = Cause(at=NOW, key="cause")
    return opening(thread=thread, plan=Plan(name="default"), cause=cause, now=NOW)


def test_a_thread_has_always_the_same_hash() -> None:
    assert thread_hash(ADA) == thread_hash(Thread(page="111", user="222")) == "62d7b4054f4b"


def test_two_threads_have_two_hashes() -> None:
    assert thread_hash(ADA) != thread_hash(BOB)


def test_outside_of_a_block_there_is_no_subject() -> None:
    about_session(session())
    assert subject() == {}


def test_within_a_block_the_subject_is_the_thread_until_its_end() -> None:
    with AboutThread(ADA):
        assert subject() == {"thread_hash": thread_hash(ADA)}
    assert subject() == {}


def test_a_session_is_the_subject_until_the_end_of_its_thread_s_block() -> None:
    with AboutThread(ADA):
        about_session(session())
        assert subject() == session_fields(session())
    with AboutThread(ADA):
        assert subject() == {"thread_hash": thread_hash(ADA)}


async def test_blocks_of_two_tasks_are_apart() -> None:
    seen: dict[str, object] = {}
    ada_is_in, bob_is_in = asyncio.Event(), asyncio.Event()

    async def work(thread: Thread, mine: asyncio.Event, other_s: asyncio.Event) -> None:
        with AboutThread(thread):
            mine.set()
            await other_s.wait()
            seen[thread.user] = subject()["thread_hash"]

    await asyncio.gather(work(ADA, ada_is_in, bob_is_in), work(BOB, bob_is_in, ada_is_in))
    assert seen == {ADA.user: thread_hash(ADA), BOB.user: thread_hash(BOB)}


async def test_what_was_begun_within_a_block_has_no_subject_once_the_block_is_over() -> None:
    is_over = asyncio.Event()

    async def begun_within() -> object:
        await is_over.wait()
        about_session(session())
        return subject()

    with AboutThread(ADA):
        task = asyncio.create_task(begun_within())
        await asyncio.sleep(0)
    is_over.set()
    assert await task == {}
