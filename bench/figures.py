"""A figure beside its budget, and the table that is printed: what was measured, and whether it holds."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `runs` are measurements of the same thing; their median counts.

    `at_most` or `at_least` is the limit in the same unit, after any ceiling has been put in; `budget` says it in
    words. `ceiling` is what the ceiling server reached in the same run. A row without a limit only informs.
    """

    name: str
    runs: Sequence[float]
    unit: str
    budget: str = ""
    at_most: float | None = None
    at_least: float | None = None
    ceiling: float | None = None
    note: str = ""

    @property
    def measured(self) -> float:
        return statistics.median(self.runs)

    @property
    def ratio(self) -> float | None:
        """Measured over the ceiling: for times the smaller the better, for rates the larger."""
        return None if not self.ceiling else self.measured / self.ceiling

    @property
    def holds(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.at_most is not None:
            return self.measured <= self.at_most
        return None if self.at_least is None else self.measured >= self.at_least


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed, interpolated; ValueError when there are none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text."""
    rows: list[tuple[str, ...]] = [("figure", "budget", "measured", "ceiling", "ratio", "", "note")]
    rows += [_cells(figure) for figure in figures]
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as columns; the first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    ceiling = "" if figure.ceiling is None else _shown(figure.ceiling, figure.unit)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    verdict = {True: "pass", False: "FAIL", None: ""}[figure.holds]
    measured = _shown(figure.measured, figure.unit)
    return (figure.name, figure.budget, measured, ceiling, ratio, verdict, figure.note)


def _shown(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"
