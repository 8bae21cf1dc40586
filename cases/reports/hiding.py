"""Small numbers are kept back, so that nobody is known again by being one of few, and none can be worked out.

Counts hang together by sums: received is filed and signposted and so on, filed is the sum of its stages. A count of 1
to 4 is `small`. Where the others of its sums would tell which, further counts are `withheld`, the smallest first, until
each small one could, by all that is shown, still be any number from 1 to 4. Of a small total nothing is told further:
its parts are `untold`, zeros too, since four parts that are not zero would say that each is one.

The sums of a report form a tree: two of them share at most one count. There the bounds that spread from sum to sum are
exact, so what holds here is what anybody could work out. tests/cases/test_report_hiding.py tries by brute force.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

SMALLEST = 5
Hidden = Literal["small", "withheld", "untold"]
Bounds = tuple[int, int]
# More than any count of a report.
ENDLESS = 10**12


class NotATree(ValueError):
    """Two sums share more than one count, or sums go round in a circle: bounds would promise too much."""


@dataclass(slots=True)
class Counts:
    """Counts by name, and the sums that everybody knows of. `implied` are counts that are shown nowhere, such as what
    is left of a total; they can be worked out all the same."""

    values: dict[str, int] = field(default_factory=dict)
    sums: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    implied: set[str] = field(default_factory=set)

    def total(self, name: str, parts: Mapping[str, int], *, implied: Iterable[str] = ()) -> None:
        """`name` is the sum of the parts; it is counted here if it was not before. ValueError where it is not."""
        if self.values.setdefault(name, sum(parts.values())) != sum(parts.values()):
            raise ValueError(f"the parts of '{name}' are not its sum")
        for part, value in parts.items():
            if self.values.setdefault(part, value) != value:
                raise ValueError(f"'{part}' was counted differently before")
        self.sums.append((name, tuple(parts)))
        self.implied.update(implied)


def hidden(counts: Counts) -> dict[str, Hidden]:
    """The counts that are not to be shown, and why. NotATree where the sums are such that this cannot be promised."""
    _require_tree(counts)
    found: dict[str, Hidden] = {
        name: "small"
        for name, value in counts.values.items()
        if 0 < value < SMALLEST and name not in counts.implied
    }
    found |= dict.fromkeys(_within_small(counts), "untold")
    guarded = [name for name, value in counts.values.items() if 0 < value < SMALLEST]
    while True:
        bounds = could_be(counts, found)
        told = next((name for name in guarded if not _is_open(bounds[name])), None)
        if told is None:
            return _no_more_than_needed(counts, found, guarded)
        further = _next_to_withhold(counts, found, bounds, told)
        if further is not None:
            found[further] = "withheld"
        else:
            # 4 and 4 under 8: that a count is small, or not, already tells it. Of these nothing is told at all.
            found |= dict.fromkeys(_next_untold(counts, found, told), "untold")


def _next_untold(counts: Counts, kept_back: Mapping[str, Hidden], told: str) -> set[str]:
    """The counts nearest to `told` of which something is still told: of its sums the parts, then the totals, then
    those of the sums around them. With all of a tree untold each of its counts is open, so this ends."""
    seen, edge = {told}, {told}
    while True:
        near = [(total, parts) for total, parts in counts.sums if edge.intersection((total, *parts))]
        for names in ({name for _, parts in near for name in parts}, {total for total, _ in near}):
            left = {name for name in names - counts.implied if kept_back.get(name) != "untold"}
            if left:
                return left
        edge = {name for total, parts in near for name in (total, *parts)} - seen
        if not edge:
            raise AssertionError(f"'{told}' is told although nothing is")
        seen |= edge


def _no_more_than_needed(
    counts: Counts, kept_back: dict[str, Hidden], guarded: Sequence[str]
) -> dict[str, Hidden]:
    """The same without what was withheld in vain: a total is worked out from its parts, if they are all shown."""

    def open_ones(found: Mapping[str, Hidden]) -> list[str]:
        bounds = could_be(counts, found)
        return [name for name in guarded if _is_open(bounds[name])]

    safe = open_ones(kept_back)
    withheld = [name for name, reason in kept_back.items() if reason == "withheld"]
    for name in sorted(withheld, key=lambda name: -counts.values[name]):
        fewer = {one: reason for one, reason in kept_back.items() if one != name}
        if open_ones(fewer) == safe:
            kept_back = fewer
    return kept_back


def _within_small(counts: Counts) -> set[str]:
    """The parts of small totals, and theirs."""
    found: set[str] = set()
    for total, parts in _from_the_top(counts):
        if 0 < counts.values[total] < SMALLEST or total in found:
            found.update(parts)
    return found - counts.implied


def _from_the_top(counts: Counts) -> list[tuple[str, tuple[str, ...]]]:
    """The sums, each after the one that its total is a part of."""
    waiting, found = list(counts.sums), list[tuple[str, tuple[str, ...]]]()
    while waiting:
        below = {part for _, parts in waiting for part in parts}
        ready = [one for one in waiting if one[0] not in below]
        found += ready
        waiting = [one for one in waiting if one[0] in below]
    return found


def could_be(counts: Counts, kept_back: Mapping[str, Hidden]) -> dict[str, Bounds]:
    """From where to where each count could lie, by what is shown and the sums."""
    bounds = {name: _known(counts, kept_back, name) for name in counts.values}
    moved = True
    while moved:
        moved = False
        for total, parts in counts.sums:
            for name, narrowed in _narrowed(bounds, total, parts):
                if narrowed != bounds[name]:
                    bounds[name], moved = narrowed, True
    return bounds


def _known(counts: Counts, kept_back: Mapping[str, Hidden], name: str) -> Bounds:
    """What a count could be by itself. One that is withheld is no small one, and zero is shown."""
    reason = kept_back.get(name)
    if name in counts.implied or reason == "untold":
        return (0, ENDLESS)
    if reason == "small":
        return (1, SMALLEST - 1)
    if reason == "withheld":
        return (SMALLEST, ENDLESS)
    return (counts.values[name], counts.values[name])


def _narrowed(bounds: Mapping[str, Bounds], total: str, parts: Sequence[str]) -> Iterable[tuple[str, Bounds]]:
    """What one sum says of its total and of each part."""
    low, high = sum(bounds[part][0] for part in parts), sum(bounds[part][1] for part in parts)
    whole = (max(bounds[total][0], low), min(bounds[total][1], high))
    yield total, whole
    for part in parts:
        mine = bounds[part]
        least, most = whole[0] - (high - mine[1]), whole[1] - (low - mine[0])
        yield part, (max(mine[0], least), min(mine[1], most))


def _is_open(bounds: Bounds) -> bool:
    """Whether it could be any small number."""
    return bounds[0] <= 1 and bounds[1] >= SMALLEST - 1


def _next_to_withhold(
    counts: Counts, kept_back: Mapping[str, Hidden], bounds: Mapping[str, Bounds], told: str
) -> str | None:
    """The count to withhold so that `told` is told less; None where nothing is left.

    What was withheld and is the sum of shown parts is not hidden yet: then one of these. Else, in the sums of `told`,
    a part, or the total; if there is none left, in the sums that are nearest.
    """
    for total, parts in counts.sums:
        if kept_back.get(total) == "withheld" and bounds[total][0] == bounds[total][1]:
            further = _cheapest(counts, kept_back, parts)
            if further is not None and not any(part in kept_back for part in parts):
                return further
    seen, edge = {told}, [told]
    while edge:
        near = [(total, parts) for total, parts in counts.sums if any(n in (total, *parts) for n in edge)]
        for names in ({name for _, parts in near for name in parts}, {total for total, _ in near}):
            further = _cheapest(counts, kept_back, names)
            if further is not None:
                return further
        edge = [name for total, parts in near for name in (total, *parts) if name not in seen]
        seen.update(edge)
    return None


def _cheapest(counts: Counts, kept_back: Mapping[str, Hidden], names: Iterable[str]) -> str | None:
    """Of the counts that can be withheld the one that takes the fewest others with it, and then the smallest."""
    totals = [total for total, parts in counts.sums if not counts.implied.intersection(parts)]
    free = [
        (totals.count(name), counts.values[name], name)
        for name in names
        if _can_be_withheld(counts, kept_back, name)
    ]
    return min(free)[2] if free else None


def _can_be_withheld(counts: Counts, kept_back: Mapping[str, Hidden], name: str) -> bool:
    return name not in kept_back and name not in counts.implied and counts.values[name] >= SMALLEST


def _require_tree(counts: Counts) -> None:
    """Sums and counts as a graph, each sum joined to its counts: no circle may be in it."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while (above := parent.get(node, node)) != node:
            node = above
        return node

    for number, (total, parts) in enumerate(counts.sums):
        for name in (total, *parts):
            one, other = root(f"sum {number}"), root(name)
            if one == other:
                raise NotATree(f"'{name}' is in two sums that already share a count")
            parent[one] = other
