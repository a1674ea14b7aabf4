"""Rasa's sender ids and Meta's threads, each from the other. Pure.

On a single page a Messenger user's id is Rasa's sender id, as in Rasa's own channel. Ids are
unique on their page alone, so with several pages, and on Instagram, the page's id is part of it.
"""

from __future__ import annotations

from .events import Platform, Thread

_BETWEEN = ":"


def sender_id_of(thread: Thread, *, several_pages: bool) -> str:
    """The sender id of a thread's user."""
    is_plain = thread.platform is Platform.MESSENGER and not several_pages
    return thread.user if is_plain else f"{thread.page}{_BETWEEN}{thread.user}"


def page_and_user_of(sender_id: str) -> tuple[str | None, str]:
    """The page that a sender id names, if it names one, and the user."""
    page, between, user = sender_id.rpartition(_BETWEEN)
    return (page, user) if between else (None, sender_id)
