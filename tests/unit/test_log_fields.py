from __future__ import annotations

from channels.events import Thread
from channels.log_fields import thread_hash

ADA = Thread(page="111", user="222")


def test_a_thread_has_always_the_same_hash() -> None:
    assert thread_hash(ADA) == thread_hash(Thread(page="111", user="222")) == "62d7b4054f4b"


def test_two_threads_have_two_hashes() -> None:
    assert thread_hash(ADA) != thread_hash(Thread(page="111", user="223"))
