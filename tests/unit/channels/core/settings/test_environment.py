"""Variables that Rasa has left in the channel's settings."""

from __future__ import annotations

from channels.core.settings.sections import filled_in

ENVIRONMENT = {"TOKEN": "abc", "HOST": "db.example.com"}


def test_a_variable_is_filled_in() -> None:
    assert filled_in("${TOKEN}", ENVIRONMENT) == "abc"


def test_several_are_filled_in_within_one_text() -> None:
    assert filled_in("postgresql://me:${TOKEN}@${HOST}/db", ENVIRONMENT) == (
        "postgresql://me:abc@db.example.com/db"
    )


def test_variables_are_filled_in_within_mappings_and_lists() -> None:
    assert filled_in({"pages": {"1": {"keys": ["${TOKEN}", 2]}}}, ENVIRONMENT) == {
        "pages": {"1": {"keys": ["abc", 2]}}
    }


def test_one_that_is_not_set_stays() -> None:
    assert filled_in("${OTHER}", ENVIRONMENT) == "${OTHER}"


def test_what_a_variable_holds_is_not_read_again() -> None:
    assert filled_in("${A}", {"A": "${B}", "B": "b"}) == "${B}"


def test_other_values_are_left_alone() -> None:
    assert filled_in({"a": 1, "b": None, "c": True}, ENVIRONMENT) == {"a": 1, "b": None, "c": True}
