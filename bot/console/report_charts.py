"""Charts as SVG of our own: shapes with classes, coloured by the page's stylesheet, and no style within them.

The numbers stand in a table beside each chart; what is drawn has a text alternative. A count that is not shown is drawn
as a short open column, the same for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cases.reports.measures import Cell

WIDTH, HEIGHT, FOOT, TOP = 720, 240, 26, 18
# How high a count that is not shown is drawn.
STUB = 6.0


@dataclass(frozen=True, slots=True)
class Column:
    """One month: its name, the name under it, and its counts."""

    name: str
    short: str
    now: Cell
    before: Cell


def columns(found: Sequence[Column]) -> dict[str, Any]:
    """Where each column stands, for a template to draw; the same for the page and for the PDF."""
    most = max((cell.value or 0 for one in found for cell in (one.now, one.before)), default=0)
    top = _nice(most)
    high, step = HEIGHT - FOOT - TOP, (WIDTH - 44) / len(found)
    broad = min(26.0, step * 0.36)
    drawn = []
    for number, one in enumerate(found):
        middle = 44 + step * (number + 0.5)
        drawn.append(
            {
                "label": one.short,
                "middle": round(middle, 1),
                "bars": [
                    _bar(cell, middle + shift * broad - broad / 2, broad, high, top, which)
                    for cell, shift, which in ((one.before, -0.5, "before"), (one.now, 0.5, "now"))
                ],
            }
        )
    lines = [
        {"y": round(TOP + high - high * share, 1), "label": f"{round(top * share):,}"}
        for share in (0, 0.5, 1)
    ]
    return {"width": WIDTH, "height": HEIGHT, "base": TOP + high, "columns": drawn, "lines": lines}


def _bar(cell: Cell, x: float, broad: float, high: float, top: int, which: str) -> dict[str, Any]:
    tall = STUB if cell.value is None else high * cell.value / top
    return {
        "x": round(x, 1),
        "y": round(TOP + high - tall, 1),
        "width": round(broad - 1.5, 1),
        "height": round(tall, 1),
        "which": which if cell.value is not None else "unshown",
    }


def _nice(most: int) -> int:
    """The end of the scale: the next even number of one or two figures that is not below `most`."""
    scale = 10
    while True:
        for times in (1, 2, 3, 4, 5, 6, 8):
            if most <= times * scale:
                return times * scale
        scale *= 10


def columns_alt(found: Sequence[Column], names: tuple[str, str]) -> str:
    """What the chart shows, in words."""
    known = [one for one in found if one.now.value is not None]
    if not known:
        return f"Received each month of {names[0]}; too few to show."
    most, least = (
        max(known, key=lambda one: one.now.value or 0),
        min(known, key=lambda one: one.now.value or 0),
    )
    return (
        f"Columns: received each month of {names[0]}, beside {names[1]}. "
        f"The most in {most.name} ({most.now.value:,}), the fewest in {least.name} ({least.now.value:,}). "
        "The table below has every number."
    )
