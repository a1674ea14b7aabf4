"""How much a worker takes in hand."""

from __future__ import annotations

from channels.core.events import Thread
from channels.engine.hand import MOST_OF_A_PAGE, MOST_OF_A_THREAD, Hand

ANNA = Thread(page="111", user="1")
ELSEWHERE = Thread(page="222", user="1")


def threads(count: int, page: str = "111") -> list[Thread]:
    return [Thread(page=page, user=str(number)) for number in range(count)]


def hand_of(*held: Thread) -> Hand:
    hand = Hand()
    for thread in held:
        hand.take(thread)
    return hand


def test_a_page_has_room_up_to_its_bound() -> None:
    hand = hand_of(*threads(MOST_OF_A_PAGE - 1))

    assert not hand.take_all([ANNA, ANNA])
    assert hand.take_all([ANNA])
    assert hand.full_pages() == ["111"]


def test_a_thread_has_room_up_to_its_bound() -> None:
    hand = hand_of(*[ANNA] * (MOST_OF_A_THREAD - 1))

    assert not hand.take_all([ANNA, ANNA])
    assert hand.take_all([ANNA])
    assert hand.full_threads() == [ANNA]


def test_a_full_page_leaves_the_others_their_room() -> None:
    hand = hand_of(*threads(MOST_OF_A_PAGE))

    assert not hand.take_all([ANNA])
    assert hand.take_all([ELSEWHERE])


def test_what_is_let_go_makes_room() -> None:
    hand = hand_of(*[ANNA] * MOST_OF_A_THREAD)
    hand.let_go(ANNA)

    assert hand.full_threads() == []
    assert hand.take_all([ANNA])


def test_a_thread_has_run_low_when_nothing_of_it_is_left() -> None:
    hand = hand_of(ANNA, ANNA)
    hand.let_go(ANNA)
    assert not hand.has_run_low(ANNA)
    hand.let_go(ANNA)
    assert hand.has_run_low(ANNA)


def test_a_page_has_run_low_when_half_of_it_is_left() -> None:
    hand = hand_of(*threads(MOST_OF_A_PAGE // 2 + 1))
    assert not hand.has_run_low(Thread(page="111", user="nobody"))
    hand.let_go(Thread(page="111", user="0"))
    assert hand.has_run_low(Thread(page="111", user="0"))
