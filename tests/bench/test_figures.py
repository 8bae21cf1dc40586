"""The arithmetic of the table: medians, ratios to the ceiling, and whether a budget holds."""

from __future__ import annotations

import pytest

from bench.figures import Figure, percentile, table
from bench.load import Load
from bench.turns import Rounds, turn_figures


def load(milliseconds: list[float], wall: float = 1.0) -> Load:
    return Load(wall=wall, seconds=[value / 1000 for value in milliseconds])


def test_the_median_of_the_runs_counts_and_its_ratio_is_to_the_ceiling() -> None:
    figure = Figure("turn", [9.0, 2.0, 3.0], "ms", at_most=3.0, ceiling=1.5)
    assert figure.measured == 3.0
    assert figure.ratio == 2.0
    assert figure.holds is True


@pytest.mark.parametrize(
    ("figure", "holds"),
    [
        (Figure("a", [3.01], "ms", at_most=3.0), False),
        (Figure("a", [250.0], "/s", at_least=250.0, ceiling=1000.0), True),
        (Figure("a", [249.0], "/s", at_least=250.0, ceiling=1000.0), False),
        (Figure("a", [249.0], "/s"), None),
    ],
)
def test_a_budget_is_a_largest_or_a_smallest_value_and_may_be_none(
    figure: Figure, holds: bool | None
) -> None:
    assert figure.holds is holds


def test_a_percentile_lies_between_the_values_beside_it() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert percentile([1.0], 0.99) == 1.0
    assert percentile([float(n) for n in range(101)], 0.99) == 99.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_the_turns_budgets_stand_on_the_ceiling_of_the_same_run() -> None:
    ours = Rounds(single=[load([2.0] * 9)], many=[load([30.0] * 250)])
    best = Rounds(single=[load([0.5] * 9)], many=[load([1.0] * 1000)])
    rows = {figure.name: figure for figure in turn_figures(ours, best, memory=180.0, wrong=0)}
    p50 = rows["turn, 1 conversation, p50"]
    assert (p50.at_most, p50.ceiling, p50.ratio, p50.holds) == (2.5, 0.5, 4.0, True)
    rate = rows["turns a second, 16 conversations"]
    assert (rate.at_least, rate.ratio, rate.holds) == (250.0, 0.25, True)
    slower = turn_figures(Rounds(single=ours.single, many=[load([30.0] * 249)]), best, 180.0, 0)
    assert {figure.name: figure for figure in slower}["turns a second, 16 conversations"].holds is False


def test_one_wrong_reply_breaks_its_row() -> None:
    rounds = Rounds(single=[load([1.0])], many=[load([1.0])])
    rows = {figure.name: figure for figure in turn_figures(rounds, rounds, memory=1.0, wrong=1)}
    assert rows["replies not as scripted"].holds is False


def test_the_table_says_pass_or_fail_beside_each_budget() -> None:
    lines = table(
        [
            Figure("quick", [1.0], "ms", "<= 2 ms", 2.0, ceiling=0.5),
            Figure("slow", [3.0], "ms", "<= 2 ms", 2.0),
            Figure("only told", [1234.5], "/s"),
        ]
    ).splitlines()
    assert lines[2].split() == "quick <= 2 ms 1.00 ms 0.50 ms 2.00 pass".split()
    assert "FAIL" in lines[3]
    assert "1,234 /s" in lines[4]
    assert len(lines) == 5
