"""What a worker has in hand at once: bounded, so that a flood waits in the store, not in memory.

The bounds are a page's and a thread's: neither a page whose turns are slow or throttled nor a
person who writes without end can take all the room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..core.events import Thread

MOST_OF_A_PAGE = 1000  # events
MOST_OF_A_THREAD = 20


class Hand:
    """Counts the events that are in a worker's hand, by page and by thread."""

    def __init__(self) -> None:
        self._of_pages: Counter[str] = Counter()
        self._of_threads: Counter[Thread] = Counter()

    def take_all(self, threads: Sequence[Thread]) -> bool:
        """Take an event of each of these threads, or none if not all fit; one may come twice."""
        for thread in threads:
            self.take(thread)
        fits = all(
            self._of_pages[thread.page] <= MOST_OF_A_PAGE
            and self._of_threads[thread] <= MOST_OF_A_THREAD
            for thread in threads
        )
        if not fits:
            for thread in threads:
                self.let_go(thread)
        return fits

    def take(self, thread: Thread) -> None:
        self._of_pages[thread.page] += 1
        self._of_threads[thread] += 1

    def let_go(self, thread: Thread) -> None:
        self._of_pages[thread.page] -= 1
        self._of_threads[thread] -= 1
        if not self._of_threads[thread]:
            del self._of_threads[thread]

    def has_run_low(self, thread: Thread) -> bool:
        """Whether it is time for more: the thread has none left, or its page half of its room."""
        return not self._of_threads[thread] and self._of_pages[thread.page] <= MOST_OF_A_PAGE // 2

    def full_pages(self) -> list[str]:
        """The pages that no event more is to be taken of."""
        return [page for page, count in self._of_pages.items() if count >= MOST_OF_A_PAGE]

    def full_threads(self) -> list[Thread]:
        """The threads that no event more is to be taken of."""
        return [thread for thread, count in self._of_threads.items() if count >= MOST_OF_A_THREAD]
