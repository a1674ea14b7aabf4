"""What is printed for people: tables, durations, and no control characters of others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.terminal import brief, printable, table


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
