"""Looking for open sessions, as a store does it."""

from __future__ import annotations

import msgspec
import pytest

from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions.search import Search
from channels.core.sessions.session import Session, State
from channels.store.protocol import Store
from tests.contract.store.store_samples import NOW, SECOND, end_session, new_session


def session(
    number: int,
    *,
    state: State = State.ACTIVE,
    plan: str = "default",
    page: str = "1001",
    app: str = "777",
    is_answered: bool = False,
) -> Session:
    """One that was opened as many seconds after NOW."""
    return msgspec.structs.replace(
        new_session(str(number), Thread(page=page, user=f"20{number:02d}")),
        state=state,
        plan=Plan(name=plan),
        owner_app=app,
        opened_at=NOW + number * SECOND,
        first_answer_at=NOW if is_answered else None,
    )


@pytest.fixture
async def store_of_six(store: Store) -> Store:
    for one in (
        session(6, plan="Sales"),
        session(1, state=State.ENDING),
        session(2, is_answered=True, app="888"),
        session(3, state=State.WAITING),
        session(4, page="2020"),
        session(5, state=State.OPENING),
    ):
        assert await store.add_session(one)
    assert await store.add_session(new_session("7", Thread(page="1001", user="2007")))
    await end_session(store, new_session("7", Thread(page="1001", user="2007")))
    return store


async def found(store: Store, search: Search, *, skip: int = 0, limit: int = 9) -> str:
    shown = await store.find_open(search, skip=skip, limit=limit)
    return "".join(one.id for one in shown.sessions)


async def test_the_oldest_comes_first(store_of_six: Store) -> None:
    assert await found(store_of_six, Search()) == "123456"


async def test_by_need_who_waits_for_an_answer_comes_first_and_longest_first(
    store_of_six: Store,
) -> None:
    assert await found(store_of_six, Search(by_need=True)) == "456321"


async def test_a_part_is_shown_and_all_are_counted(store_of_six: Store) -> None:
    search = Search(page="1001", by_need=True)
    assert await found(store_of_six, search, skip=1, limit=2) == "63"
    assert await found(store_of_six, search, skip=9, limit=2) == ""
    told = await store_of_six.find_open(search, skip=1, limit=2)
    assert (told.found, told.total, told.unanswered) == (5, 6, 4)
    assert (told.plans, told.pages) == (["Sales", "default"], ["1001", "2020"])


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (Search(words="2004"), "4"),
        (Search(words="1001"), ""),
        (Search(words="sale"), "6"),
        (Search(words="nobody", threads=(Thread(page="1001", user="2003"),)), "3"),
        (Search(words="nobody", threads=(Thread(page="2020", user="2003"),)), ""),
        (Search(words="nobody", apps=("888",)), "2"),
        (Search(words="20", plan="Sales"), "6"),
        (Search(plan="sales"), ""),
        (Search(is_unanswered=True), "3456"),
        *((Search(words=words), "") for words in ("%", "_", "\\", "/", "'", "200%", "日", ":")),
    ],
)
async def test_all_that_is_asked_has_to_hold(
    store_of_six: Store, search: Search, expected: str
) -> None:
    assert await found(store_of_six, search) == expected


async def test_nobody_is_found_where_nobody_waits(store: Store) -> None:
    told = await store.find_open(Search(words="2001"), skip=0, limit=9)
    assert (told.sessions, told.found, told.total, told.unanswered) == ([], 0, 0, 0)
