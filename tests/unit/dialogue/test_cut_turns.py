"""What a turn has sent is not sent again when the turn is taken once more."""

from __future__ import annotations

from channels.dialogue.cut_turns import Delivered, DeliveredReplay

ONE, TWO, THREE = ({"text": text} for text in ("one", "two", "three"))


def say(turn: DeliveredReplay, *messages: dict[str, str]) -> list[dict[str, str]]:
    """Let the turn say these; what of it is sent."""
    sent = []
    for message in messages:
        if not turn.has(message):
            turn.add(message)
            sent.append(message)
    return sent


def test_a_turn_that_was_cut_goes_on_where_it_was() -> None:
    delivered = Delivered()
    say(delivered.replay(), ONE, TWO)
    assert say(delivered.replay(), ONE, TWO, THREE) == [THREE]


def test_what_was_kept_elsewhere_counts() -> None:
    before = Delivered()
    say(before.replay(), ONE, TWO)
    assert say(Delivered(before.sent).replay(), ONE, TWO, THREE) == [THREE]


def test_a_turn_that_goes_another_way_says_what_is_new() -> None:
    delivered = Delivered()
    say(delivered.replay(), ONE, TWO)
    assert say(delivered.replay(), ONE, THREE, TWO) == [THREE, TWO]


def test_the_same_message_twice_is_two_messages() -> None:
    delivered = Delivered()
    say(delivered.replay(), ONE)
    assert say(delivered.replay(), ONE, ONE) == [ONE]


def test_the_order_of_keys_makes_no_difference() -> None:
    delivered = Delivered()
    say(delivered.replay(), {"text": "one", "metadata": "1"})
    assert say(delivered.replay(), {"metadata": "1", "text": "one"}) == []


def test_what_is_kept_tells_nobody_what_was_said() -> None:
    delivered = Delivered()
    say(delivered.replay(), {"text": "my secret"})
    assert "secret" not in repr(delivered.sent)
