"""The mistakes that tests have to notice can still be made: their lines stand in the code."""

from __future__ import annotations

from pathlib import Path

from tests.mutations.mutants import MUTANTS

PROJECT = Path(__file__).parents[3]
CHANNELS = PROJECT / "channels"


def test_the_right_line_of_each_mutant_stands_once_in_its_file() -> None:
    assert len(MUTANTS) > 40
    stale = [
        (mutant.file, mutant.right)
        for mutant in MUTANTS
        if (CHANNELS / mutant.file).read_text(encoding="utf-8").count(mutant.right) != 1
    ]
    assert stale == []


def test_the_tests_that_should_notice_a_mutant_are_there() -> None:
    named = {test for mutant in MUTANTS for test in mutant.tests}
    assert sorted(test for test in named if not (PROJECT / test).exists()) == []
