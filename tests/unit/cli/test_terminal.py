"""What is printed for people: tables, durations, and no control characters of others."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from cli.terminal import Colour, brief, coloured, has_colours, printable, table


def test_a_table_is_as_wide_as_its_cells() -> None:
    assert table(("A", "LONG"), [("wide", "x"), ("y", "")]) == "A     LONG\nwide  x\ny"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (-5, "0 s"), (59.9, "59 s"), (3900, "1 h 5 min"), (90_061, "1 d 1 h")],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, told: str) -> None:
    assert brief(timedelta(seconds=seconds)) == told


def test_what_others_wrote_can_not_steer_the_terminal() -> None:
    assert printable("a\x1b[2J\u202eb\n") == "a [2J b "
    assert "\x1b" not in table(("A",), [("\x1b[31m",)])


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_a_terminal_of_somebody_who_wants_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert has_colours(Screen())
    assert not has_colours(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colours(Screen())


def test_a_coloured_text_ends_its_colour() -> None:
    assert coloured("wrong", Colour.RED, on=True) == "\x1b[31mwrong\x1b[0m"
    assert coloured("wrong", Colour.RED, on=False) == coloured("wrong", None, on=True) == "wrong"
