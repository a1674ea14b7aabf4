"""How much a worker holds at once."""

from __future__ import annotations

from channels.core.events import Thread
from channels.engine.inbox import MOST_OF_A_PAGE, MOST_OF_A_THREAD, Workload

ANNA = Thread(page="111", user="1")
ELSEWHERE = Thread(page="222", user="1")


def threads(count: int, page: str = "111") -> list[Thread]:
    return [Thread(page=page, user=f"of {page}: {number}") for number in range(count)]


def workload_of(*held: Thread) -> Workload:
    workload = Workload()
    for thread in held:
        workload.take(thread)
    return workload


def test_a_page_has_room_up_to_its_bound() -> None:
    workload = workload_of(*threads(MOST_OF_A_PAGE - 1))

    assert not workload.take_all([ANNA, Thread(page="111", user="another")])
    assert workload.take_all([ANNA, ANNA])
    assert workload.full_pages() == ["111"]


def test_who_writes_much_takes_no_more_of_a_page_s_room() -> None:
    workload = workload_of(*threads(MOST_OF_A_PAGE // 2) * MOST_OF_A_THREAD)

    assert workload.full_pages() == []
    assert workload.take_all([ANNA])


def test_a_thread_has_room_up_to_its_bound() -> None:
    workload = workload_of(*[ANNA] * (MOST_OF_A_THREAD - 1))

    assert not workload.take_all([ANNA, ANNA])
    assert workload.take_all([ANNA])
    assert workload.full_threads() == [ANNA]


def test_a_full_page_leaves_the_others_their_room() -> None:
    workload = workload_of(*threads(MOST_OF_A_PAGE))

    assert not workload.take_all([ANNA])
    assert workload.take_all([ELSEWHERE])


def test_what_is_let_go_makes_room() -> None:
    workload = workload_of(*[ANNA] * MOST_OF_A_THREAD)
    workload.let_go(ANNA)

    assert workload.full_threads() == []
    assert workload.take_all([ANNA])


def test_a_thread_has_run_low_when_nothing_of_it_is_left() -> None:
    workload = workload_of(ANNA, ANNA)
    workload.let_go(ANNA)
    assert not workload.has_run_low(ANNA)
    workload.let_go(ANNA)
    assert workload.has_run_low(ANNA)


def test_a_page_has_run_low_when_half_of_it_is_left() -> None:
    workload = workload_of(*threads(MOST_OF_A_PAGE // 2 + 1))
    assert not workload.has_run_low(Thread(page="111", user="nobody"))
    [first] = threads(1)
    workload.let_go(first)
    assert workload.has_run_low(first)
