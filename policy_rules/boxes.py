"""A set of cases as few boxes: for people, who read "these subjects, in this nation", not diagrams."""

from __future__ import annotations

from math import prod

from policy_rules.space import Node, Space

Box = dict[str, tuple[str, ...]]


def cover(space: Space, node: Node, most: int = 3) -> tuple[list[Box], int]:
    """At most `most` boxes that lie within the cases where `node` is True, larger ones sooner, and how many cases
    they leave out. A box names only the facts that it limits; the boxes share no case.
    """
    found: list[Box] = []
    waiting: list[tuple[Node, Box]] = [(node, {})] if node != space.false else []
    covered = 0
    while waiting and len(found) < most:
        waiting.sort(key=lambda entry: _size(space, *entry))
        part, box = waiting.pop()
        whole = {**box, **_spread(space, part)}
        if _cases(space, whole) == _size(space, part, box):
            found.append(_in_order(space, whole))
            covered += _cases(space, whole)
            continue
        level = space.levels[space.level[part]]
        kids: dict[Node, list[str]] = {}
        for kid, group in zip(space.kids[part], level.classes, strict=True):
            if kid != space.false:
                kids.setdefault(kid, []).extend(group)
        waiting += [(kid, {**box, level.fact: tuple(values)}) for kid, values in kids.items()]
    return found, space.count(node) - covered


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


def _size(space: Space, node: Node, box: Box) -> int:
    """The cases of a node within a box that fixed facts above it."""
    total = space.count(node)
    for level in space.levels:
        if level.fact in box:
            total = total * len(box[level.fact]) // sum(len(g) for g in level.classes)
    return total


def _in_order(space: Space, box: Box) -> Box:
    """The facts in asking order, the values in the order in which their fact lists them."""
    return {fact: box[fact] for fact in (level.fact for level in space.levels) if fact in box}
