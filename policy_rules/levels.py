"""The facts that rules test, each with its values grouped by what the rules tell apart: the levels of a diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy_rules.pack import Condition, Excluded


@dataclass(frozen=True, slots=True)
class Level:
    """One fact: its value classes (each a tuple of values that no rule tells apart)."""

    fact: str
    classes: tuple[tuple[str, ...], ...]
    class_of: Mapping[str, int]


def accepts(test: Excluded | tuple[str, ...] | None, value: str) -> bool:
    """Whether one cell of a condition holds for a value; no cell holds for every value."""
    if test is None:
        return True
    return value not in test.values if isinstance(test, Excluded) else value in test


def levels_for(
    facts: Sequence[tuple[str, tuple[str, ...]]], conditions: Sequence[Condition]
) -> tuple[Level, ...]:
    """The facts that some condition tests, each with its values grouped by what the conditions tell apart."""
    levels = []
    for fact, values in facts:
        tests = [when[fact] for when in conditions if fact in when]
        if not tests:
            continue
        groups: dict[tuple[bool, ...], list[str]] = {}
        for value in values:
            groups.setdefault(tuple(accepts(test, value) for test in tests), []).append(value)
        classes = tuple(tuple(group) for group in groups.values())
        levels.append(Level(fact, classes, {v: i for i, group in enumerate(classes) for v in group}))
    return tuple(levels)
