"""What a run of the benchmarks says: goals judged, and the text of RESULTS.md."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from benchmarks.figures.report import results, table
from benchmarks.figures.results import (
    Bound,
    Goal,
    Line,
    Measured,
    Quantity,
    Row,
    Size,
    any_missed,
    figure,
)

AT = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
HALF_A_SECOND = Goal(Bound.AT_MOST, 0.5)
NONE = Goal(Bound.AT_MOST, 0)
SEVEN_TENTHS = Goal(Bound.AT_LEAST, 0.7, Measured.RATIO)
PROFILE = ("sqlalchemy 40%, sanic 30%", "12% store_inbox.py:90 record")


def seconds(value: float, goal: Goal | None = None) -> Line:
    return Line(what="last reply", ours=Quantity(value, "s"), goal=goal)


def rate(
    ours: float, baseline: float, goal: Goal | None = SEVEN_TENTHS, where: tuple[str, ...] = ()
) -> Line:
    return Line(
        what="acknowledged",
        ours=Quantity(ours, "/s"),
        baseline=Quantity(baseline, "/s"),
        baseline_is="bare route",
        goal=goal,
        where=where,
    )


def written(*lines: Line, is_quick: bool = False, notes: tuple[str, ...] = ()) -> str:
    rows = {"rates": ("How fast it is.", Row(lines=lines, notes=notes))}
    return results(rows, size=Size(is_quick=is_quick), at=AT, took=timedelta(minutes=12))


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (seconds(0.5, HALF_A_SECOND), "reached"),
        (seconds(0.75, HALF_A_SECOND), "**missed by 50%**"),
        (rate(700, 1000), "reached"),
        (rate(350, 1000), "**missed by 50%**"),
        (Line(what="calls twice", ours=Quantity(0, ""), goal=NONE), "reached"),
        (Line(what="calls twice", ours=Quantity(3, ""), goal=NONE), "**missed: 3**"),
        (seconds(99), "–"),
    ],
)
def test_a_goal_is_reached_or_missed_by_a_part_of_it(line: Line, verdict: str) -> None:
    assert line.verdict == verdict


def test_a_ratio_without_a_baseline_to_divide_by_reaches_no_goal() -> None:
    assert rate(700, 0).is_missed


def test_a_line_without_a_goal_is_not_missed() -> None:
    assert not any_missed([seconds(99), rate(1, 1000, goal=None)])


def test_one_missed_line_is_enough() -> None:
    assert any_missed([seconds(0.1, HALF_A_SECOND), seconds(0.6, HALF_A_SECOND)])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.00432, "0.00432"),
        (0.158, "0.158"),
        (4.17, "4.17"),
        (20.0, "20"),
        (142.2, "142"),
        (1_234_567, "1,234,567"),
    ],
)
def test_a_figure_has_three_digits_that_count(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_a_row_of_the_table_has_both_figures_the_ratio_the_goal_and_the_result() -> None:
    line = table([rate(700, 1000)]).splitlines()[-1]
    assert line == "| acknowledged | 1,000/s (bare route) | 700/s | 0.7 × | ≥ 0.7 × | reached |"


def test_a_row_without_a_baseline_leaves_its_cells_empty() -> None:
    line = table([seconds(0.4, HALF_A_SECOND)]).splitlines()[-1]
    assert line == "| last reply | – | 0.4 s | – | ≤ 0.5 s | reached |"


def test_the_results_name_the_machine_the_versions_and_the_day() -> None:
    text = written(seconds(0.4))
    for told in ("processor: ", "memory: ", "system: ", "rasa 3.6.21", "2026-08-29, in 12 minutes"):
        assert told in text


def test_the_results_describe_each_row_with_its_notes() -> None:
    text = written(seconds(0.4), notes=("the ceiling is 20,000/s",))
    assert "### rates\n\nHow fast it is.\n\n- the ceiling is 20,000/s\n" in text


def test_the_results_show_where_the_time_of_a_missed_goal_goes() -> None:
    text = written(rate(350, 1000, where=PROFILE))
    told = "**acknowledged**: 350/s, 0.35 × the baseline; the goal is ≥ 0.7 ×."
    assert f"{told}\n\n    {PROFILE[0]}\n    {PROFILE[1]}\n" in text


def test_results_that_reach_every_goal_have_nothing_to_explain() -> None:
    assert "Where the time goes" not in written(rate(700, 1000))


def test_a_quick_run_says_that_its_figures_count_for_nothing() -> None:
    assert "and no figures" in written(seconds(0.4), is_quick=True)
    assert "and no figures" not in written(seconds(0.4))
