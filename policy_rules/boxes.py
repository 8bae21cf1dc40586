"""A set of cases as few boxes: for people, who read "these subjects, in this nation", not diagrams."""

from __future__ import annotations

from heapq import heappop, heappush
from math import prod

from policy_rules.space import Node, Space

Box = dict[str, tuple[str, ...]]
MOST_SPLITS = 60


def cover(space: Space, node: Node, most: int = 3) -> tuple[list[Box], int]:
    """At most `most` boxes that lie within the cases where `node` is True, larger ones sooner, and how many cases
    they leave out. A box names only the facts that it limits; the boxes share no case.

    Parts that are no box are split, largest first, for so many splits; then any box of the largest part has to do.
    """
    if node == space.false:
        return [], 0
    sizes = _Sizes(space)
    found: list[Box] = []
    covered = 0
    total = sizes.of(node, {})
    waiting: list[tuple[int, int, Node, Box]] = [(-total, 0, node, {})]
    for turn in range(1, MOST_SPLITS):
        if not waiting or len(found) == most:
            break
        negative, _, part, box = heappop(waiting)
        whole = {**box, **_spread(space, part)}
        if _cases(space, whole) != -negative:
            if turn < MOST_SPLITS - 1 or found:
                for kid, wider in _split(space, part, box):
                    heappush(waiting, (-sizes.of(kid, wider), turn * 1000 + len(waiting), kid, wider))
                continue
            whole = _some_box(space, part, box, sizes)
        found.append({level.fact: whole[level.fact] for level in space.levels if level.fact in whole})
        covered += _cases(space, whole)
    return found, total - covered


class _Sizes:
    """How many cases a node holds within a box that fixes facts above it; each node is counted once."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._weights = [sum(len(g) for g in level.classes) for level in space.levels]
        self._below: dict[Node, int] = {space.true: 1, space.false: 0}

    def of(self, node: Node, box: Box) -> int:
        above = self._space.levels[: self._space.level[node]]
        widths = zip(above, self._weights, strict=False)
        return self.below(node) * prod(len(box[lv.fact]) if lv.fact in box else width for lv, width in widths)

    def below(self, node: Node) -> int:
        """The cases of the facts from the node's own level on."""
        found = self._below.get(node)
        if found is None:
            space = self._space
            if space.budget is not None:
                space.budget.step()
            depth = space.level[node]
            found = 0
            for kid, group in zip(space.kids[node], space.levels[depth].classes, strict=True):
                found += len(group) * self.below(kid) * prod(self._weights[depth + 1 : space.level[kid]])
            self._below[node] = found
        return found


def _split(space: Space, part: Node, box: Box) -> list[tuple[Node, Box]]:
    """The parts of a part by its first fact, values with the same rest together."""
    level = space.levels[space.level[part]]
    kids: dict[Node, list[str]] = {}
    for kid, group in zip(space.kids[part], level.classes, strict=True):
        if kid != space.false:
            kids.setdefault(kid, []).extend(group)
    return [(kid, {**box, level.fact: tuple(values)}) for kid, values in kids.items()]


def _some_box(space: Space, part: Node, box: Box, sizes: _Sizes) -> Box:
    """One box within a part: the larger half, again and again."""
    while part != space.true:
        part, box = max(_split(space, part, box), key=lambda entry: sizes.of(*entry))
    return box


def all_values(space: Space) -> dict[str, tuple[str, ...]]:
    """Every value of each fact of the space."""
    return {level.fact: tuple(v for group in level.classes for v in group) for level in space.levels}


def _spread(space: Space, node: Node) -> Box:
    """For each fact that limits the cases below a node, the values that some of them have."""
    used: list[set[int]] = [set() for _ in space.levels]
    skipped = [False] * len(space.levels)
    for depth in range(space.level[node]):
        skipped[depth] = True
    seen, stack = {node}, [node]
    while stack:
        n = stack.pop()
        depth = space.level[n]
        for place, kid in enumerate(space.kids[n]):
            if kid == space.false:
                continue
            used[depth].add(place)
            for between in range(depth + 1, space.level[kid]):
                skipped[between] = True
            if kid not in seen:
                seen.add(kid)
                stack.append(kid)
    found: Box = {}
    for level, places, free in zip(space.levels, used, skipped, strict=True):
        if not free and len(places) < len(level.classes):
            found[level.fact] = tuple(v for i, g in enumerate(level.classes) if i in places for v in g)
    return found


def _cases(space: Space, box: Box) -> int:
    sizes = (sum(len(g) for g in level.classes) for level in space.levels)
    return prod(
        len(box[level.fact]) if level.fact in box else size
        for level, size in zip(space.levels, sizes, strict=True)
    )
