"""What a query of the operator API may hold."""

from __future__ import annotations

import pytest

from channels.operators.queries import WrongQuery, period, search


def test_what_postgresql_does_not_take_is_not_searched_for() -> None:
    found = search({"search": " Ada\0\n  LOVE\x1blace ", "plan": "sales\0"})
    assert (found.words, found.plan) == ("ada lovelace", "sales\ufffd")


@pytest.mark.parametrize("days", ["0", "3651", "-1", "\u0667", "\u00b2", "9" * 9, ""])
def test_a_number_is_refused_unless_it_is_written_in_digits_and_in_its_range(days: str) -> None:
    with pytest.raises(WrongQuery):
        period({"days": days})
