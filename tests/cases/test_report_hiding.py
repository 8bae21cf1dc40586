"""Small numbers cannot be worked out: everything that the shown numbers leave possible is tried, number by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cases.reports import hiding
from cases.reports.hiding import SMALLEST, Counts, Hidden, NotATree, hidden


def flat(*values: int) -> Counts:
    counts = Counts()
    counts.total("all", {f"p{number}": value for number, value in enumerate(values)})
    return counts


def two_tables(first: list[int], second: list[int]) -> Counts:
    """Two ways to part the same total: what is left over is put into the second."""
    counts = Counts()
    counts.total("all", {f"a{number}": value for number, value in enumerate(first)})
    rest = max(0, sum(first) - sum(second))
    parts = [*second[:-1], second[-1] + rest] if sum(second) <= sum(first) else [sum(first)]
    counts.total("all", {f"b{number}": value for number, value in enumerate(parts)})
    return counts


def worked_out(counts: Counts, kept_back: Mapping[str, Hidden]) -> dict[str, set[int]]:
    """An attacker's list of what each hidden count could be. Knows nothing of bounds: tries every combination."""
    top = max(counts.values.values()) + SMALLEST + 1
    could = {"small": range(1, SMALLEST), "withheld": range(SMALLEST, top), "untold": range(top)}
    ranges = {name: could[kept_back[name]] for name in counts.values if name in kept_back}
    found: dict[str, set[int]] = {name: set() for name in ranges}
    for guess in _fitting(counts, ranges, {}):
        for name, value in guess.items():
            found[name].add(value)
    return found


def _fitting(
    counts: Counts, ranges: Mapping[str, range], guess: dict[str, int], number: int = 0
) -> Iterator[dict[str, int]]:
    """Every choice of the hidden counts for which all sums hold; the last one in each sum follows from the others."""
    if number == len(counts.sums):
        yield guess
        return
    total, parts = counts.sums[number]
    free = [name for name in (total, *parts) if name in ranges and name not in guess]
    for values in product(*(ranges[name] for name in free[:-1])):
        chosen = {**guess, **dict(zip(free[:-1], values, strict=True))}
        known = {name: chosen.get(name, counts.values[name]) for name in (total, *parts)}
        if free:
            last = free[-1]
            rest = sum(known[part] for part in parts if part != last)
            known[last] = rest if last == total else known[total] - rest
            chosen[last] = known[last]
            if known[last] not in ranges[last]:
                continue
        if known[total] == sum(known[part] for part in parts):
            yield from _fitting(counts, ranges, chosen, number + 1)


def safe(counts: Counts, kept_back: Mapping[str, Hidden]) -> bool:
    """Whether every small number could still be any small number."""
    could_be = worked_out(counts, kept_back)
    small = [name for name, value in counts.values.items() if 0 < value < SMALLEST]
    return all(name in kept_back and could_be[name] >= set(range(1, SMALLEST)) for name in small)


def test_a_lone_small_number_takes_a_second_one_with_it() -> None:
    found = hidden(flat(3, 20, 40))
    assert found == {"p0": "small", "p1": "withheld"}


def test_without_small_numbers_everything_is_shown() -> None:
    assert hidden(flat(5, 0, 12)) == {}


def test_zero_is_shown() -> None:
    assert "p1" not in hidden(flat(2, 0, 30, 9))


def test_where_two_small_ones_leave_no_choice_a_third_is_withheld() -> None:
    # Together 2: both are 1, and everybody could see it.
    assert len(hidden(flat(1, 1, 30, 50))) == 3
    # Together 8: both are 4.
    assert len(hidden(flat(4, 4, 30, 50))) == 3


def test_where_nothing_else_is_there_the_total_goes_too() -> None:
    counts = flat(2, 5)
    assert hidden(counts) == {"p0": "small", "all": "withheld"}
    assert safe(counts, hidden(counts))


def test_what_is_left_of_a_total_is_guarded_though_it_is_shown_nowhere() -> None:
    counts = Counts()
    counts.total("answered", {"apology": 18, "no apology": 2}, implied=["no apology"])
    found = hidden(counts)
    assert found, "18 of 20 tells that 2 had none"
    assert "no apology" not in found


def test_what_was_withheld_in_vain_is_shown_again() -> None:
    # To withhold the total says nothing while another table has all of its parts.
    counts = two_tables([3, 20, 40], [30, 33])
    assert hidden(counts) == {"a0": "small", "a1": "withheld"}


def test_a_small_total_is_small_in_every_table() -> None:
    counts = Counts()
    counts.total("received", {"filed": 3, "signposted": 30, "open": 10})
    counts.total("filed", {"stage 1": 3, "stage 2": 0})
    found = hidden(counts)
    assert found["filed"] == "small"
    assert found["stage 1"] == found["stage 2"] == "untold"
    assert safe(counts, found)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=5))
def test_nobody_works_one_out_in_one_table(values: list[int]) -> None:
    counts = flat(*values)
    assert safe(counts, hidden(counts))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=3), st.lists(st.integers(0, 7), min_size=1, max_size=3)
)
# Here it is not enough to withhold further counts.
@example([4, 4], [1, 0, 3])
@example([7, 5], [4, 4, 3])
def test_nobody_works_one_out_in_two_tables_of_the_same_total(first: list[int], second: list[int]) -> None:
    counts = two_tables(first, second)
    assert safe(counts, hidden(counts))


def test_without_the_second_step_the_attacker_finds_them() -> None:
    """The planted fault: small numbers alone are hidden, and the total gives the last one away."""
    counts = flat(3, 20, 40)
    alone: dict[str, Hidden] = {"p0": "small"}
    assert not safe(counts, alone)
    assert worked_out(counts, alone) == {"p0": {3}}


def test_of_a_small_total_its_parts_are_not_told() -> None:
    # "Fewer than 5" four times, under a total of "fewer than 5", would be one of each.
    counts = flat(1, 1, 1, 1)
    assert worked_out(counts, dict.fromkeys(counts.values, "small")) == {
        name: {4 if name == "all" else 1} for name in counts.values
    }
    assert safe(counts, hidden(counts))


def test_sums_that_are_no_tree_are_refused() -> None:
    counts = Counts()
    counts.total("all", {"a": 1, "b": 2})
    counts.total("both", {"a": 1, "b": 2})
    with pytest.raises(NotATree, match="'b'"):
        hidden(counts)


def test_parts_that_do_not_make_their_total_are_refused() -> None:
    counts = Counts()
    counts.total("all", {"a": 1, "b": 2})
    with pytest.raises(ValueError, match="'all'"):
        counts.total("all", {"c": 4})
    with pytest.raises(ValueError, match="'a'"):
        counts.total("other", {"a": 3})


def test_the_bounds_are_what_the_attacker_finds() -> None:
    counts = two_tables([3, 6, 0], [2, 7])
    found = hidden(counts)
    bounds = hiding.could_be(counts, found)
    for name, values in worked_out(counts, found).items():
        low, high = bounds[name]
        assert low == min(values)
        assert high >= max(values)
