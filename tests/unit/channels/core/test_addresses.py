"""Sender ids: plain on one page, unmistakable on several."""

from __future__ import annotations

import pytest

from channels.core.events import Platform, Thread, page_and_user_of, sender_id_of

ON_MESSENGER = Thread(page="111", user="42")
ON_INSTAGRAM = Thread(page="178", user="42", platform=Platform.INSTAGRAM)


def test_on_a_single_page_a_user_keeps_the_id_of_rasas_own_channel() -> None:
    assert sender_id_of(ON_MESSENGER, several_pages=False) == "42"


def test_the_same_user_id_on_another_page_or_platform_is_another_sender() -> None:
    threads = [ON_MESSENGER, ON_INSTAGRAM, Thread(page="222", user="42")]
    assert len({sender_id_of(thread, several_pages=True) for thread in threads}) == 3
    assert len({sender_id_of(thread, several_pages=False) for thread in threads[:2]}) == 2


@pytest.mark.parametrize("thread", [ON_MESSENGER, ON_INSTAGRAM])
def test_a_sender_id_leads_back_to_its_page_and_user(thread: Thread) -> None:
    sender_id = sender_id_of(thread, several_pages=True)
    assert page_and_user_of(sender_id) == (thread.page, thread.user)


def test_a_plain_sender_id_names_no_page() -> None:
    assert page_and_user_of("42") == (None, "42")
