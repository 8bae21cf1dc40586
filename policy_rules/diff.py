"""Two packs of one organisation compared over every case: who would be treated differently, and how.

Exact: the groups hold every case whose Decision differs in anything but its reasons, and no other. Where the time
or the size does not allow that, the answer says "undecided" and shows the differences that were met by trying cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from policy_rules import joint as both
from policy_rules.boxes import all_values, cover
from policy_rules.compiled import CompiledPack
from policy_rules.errors import Refusal
from policy_rules.joint import Joint
from policy_rules.limits import Budget, Undecided, too_large
from policy_rules.parts import PartChange, fact_notes, part_changes
from policy_rules.space import Node, Space
from policy_rules.trials import Example, aspect_words, differing_example, trial_groups
from policy_rules.words import Outcome, box_words, capital, outcome_words

MOST_BOXES = 3


class NotComparable(Refusal):
    """Two packs of different organisations."""

    kind = "not-comparable"
    title = "These packs cannot be compared"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs within a group, in words, and for how many of its cases."""

    field: str
    was: str
    would_be: str
    count: int

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "was": self.was, "would_be": self.would_be, "count": self.count}


@dataclass(frozen=True, slots=True)
class Group:
    """Cases with one old and one new outcome. `count` is None where the cases were met by trying, not counted."""

    who: str
    was: str
    would_be: str
    says: str
    count: int | None
    changes: tuple[Change, ...]
    example: Example | None

    def as_json(self) -> dict[str, Any]:
        return {
            "who": self.who,
            "was": self.was,
            "would_be": self.would_be,
            "says": self.says,
            "count": self.count,
            "changes": [change.as_json() for change in self.changes],
            "example": self.example.as_json() if self.example else None,
        }


@dataclass(slots=True)
class Difference:
    """What `hearout diff` found. `changed` of `cases` whole cases differ; both None while undecided."""

    organisation: str
    versions: tuple[str, str]
    hashes: tuple[str, str]
    received_at: datetime
    cases: int | None = None
    changed: int | None = None
    groups: list[Group] = field(default_factory=list)
    assumed: list[Group] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    parts: list[PartChange] = field(default_factory=list)
    undecided: str | None = None

    @property
    def wording(self) -> list[PartChange]:
        """Changed parts that people only read."""
        return [part for part in self.parts if part.wording]

    @property
    def rules(self) -> list[PartChange]:
        """Changed parts that could change what is decided; whether they do is for `groups` to say."""
        return [part for part in self.parts if not part.wording and part.section not in ASKING]

    @property
    def asking(self) -> list[PartChange]:
        """Changed parts that decide what people are asked, and in which order."""
        return [part for part in self.parts if not part.wording and part.section in ASKING]

    @property
    def same_treatment(self) -> bool:
        """Proved that everybody is treated, and asked, as before; words may still differ."""
        return self.undecided is None and not (self.groups or self.assumed or self.facts or self.asking)

    def as_json(self) -> dict[str, Any]:
        return {
            "organisation": self.organisation,
            "old": {"policy_version": self.versions[0], "policy_sha256": self.hashes[0]},
            "new": {"policy_version": self.versions[1], "policy_sha256": self.hashes[1]},
            "received_at": self.received_at.isoformat(),
            "decided": self.undecided is None,
            "undecided": self.undecided,
            "same_treatment": self.same_treatment,
            "cases": self.cases,
            "changed": self.changed,
            "groups": [group.as_json() for group in self.groups],
            "assumed": [group.as_json() for group in self.assumed],
            "facts": list(self.facts),
            "asking": [part.as_json() for part in self.asking],
            "rules": [part.as_json() for part in self.rules],
            "wording": [part.as_json() for part in self.wording],
        }


ASKING = ("facts", "ask_order", "questions")


def diff(
    old: CompiledPack, new: CompiledPack, received_at: datetime, budget: Budget | None = None
) -> Difference:
    """Who would be treated differently under the new pack; `received_at` dates the worked examples.

    NotComparable for packs of two organisations. The budget is 5 seconds unless one is given.
    """
    if old.pack.organisation.id != new.pack.organisation.id:
        ids = f"{old.pack.organisation.id} and {new.pack.organisation.id}"
        raise NotComparable(f"These are packs of two organisations: {ids}.", where="organisation")
    found = Difference(
        new.pack.organisation.id,
        (old.pack.source.version, new.pack.source.version),
        (old.sha256, new.sha256),
        received_at,
        facts=fact_notes(old.pack, new.pack),
        parts=part_changes(old.pack, new.pack),
    )
    size = next((why for side in (old, new) if (why := too_large(side.pack)) is not None), None)
    joined = both.join(old, new, budget or Budget())
    try:
        if size is not None:
            raise Undecided(size)
        _Comparison(joined, found).run()
    except Undecided as stopped:
        found.undecided = str(stopped)
        joined.space.budget = None
        if not found.groups:
            found.groups = [
                _tried(joined, *outcomes, example)
                for outcomes, example in trial_groups(joined, received_at).items()
            ]
    return found


def _tried(joined: Joint, was: Outcome, would_be: Outcome, example: Example) -> Group:
    names = _proper_names(joined)
    old, new = _two_outcomes(was, would_be, names)
    says = f"A case that was tried: was {old}, would be {new}." if old != new else f"A case that was {old}."
    return Group("a case that was tried", old, new, says, None, (), example)


def _two_outcomes(was: Outcome, would_be: Outcome, names: Iterable[str]) -> tuple[str, str]:
    names = list(names)
    old, new = outcome_words(was, names), outcome_words(would_be, names)
    if old == new and was != would_be:
        old, new = outcome_words(was, names, stage=True), outcome_words(would_be, names, stage=True)
    return old, new


def _proper_names(joined: Joint) -> set[str]:
    found = set()
    for side in (joined.old, joined.new):
        found |= {side.pack.organisation.name, side.pack.organisation.short_name}
    return found


class _Comparison:
    """One exact comparison. `run` fills the Difference step by step, so that what it has when stopped is true."""

    def __init__(self, joined: Joint, found: Difference) -> None:
        self.joined, self.found = joined, found
        self.space: Space = joined.space
        self.values = all_values(joined.space)
        self.names = _proper_names(joined)
        same = both.same_days(joined.old, joined.new)
        self._days = ("", "" if same else "the new calendar")

    def run(self) -> None:
        space, found = self.space, self.found
        possible = both.possible(self.joined)
        roots = [both.outcome_root(side) for side in (self.joined.old, self.joined.new)]
        moved = space.choose(possible, space.differing(*roots), space.leaf(None))
        differences = dict(self._differences(possible))
        touched = space.either(self._where(node) for node in (moved, *differences.values()))
        found.cases, found.changed = space.count(possible), space.count(touched)
        self._groups(moved, differences)
        stays = space.both(touched, space.negate(self._where(moved)))
        self._groups(
            space.choose(stays, space.map(roots[1], lambda o: (o, o)), space.leaf(None)), differences
        )
        found.groups.sort(key=lambda group: -(group.count or 0))
        self._defaults(possible, roots[1])

    def _where(self, node: Node) -> Node:
        return self.space.map(node, lambda pair: pair is not None)

    def _differences(self, possible: Node) -> Iterator[tuple[str, Node]]:
        """Aspect -> (old, new) where it differs in a possible case. An aspect that a pack lacks is empty there."""
        space = self.space
        told = frozenset(w.id for w in self.joined.old.pack.warnings)
        told &= {w.id for w in self.joined.new.pack.warnings}
        sides = [
            dict(both.aspects(side, days, told))
            for side, days in zip((self.joined.old, self.joined.new), self._days, strict=True)
        ]
        empty = space.leaf(())
        for name in dict.fromkeys([*sides[0], *sides[1]]):
            pair = space.differing(sides[0].get(name, empty), sides[1].get(name, empty))
            shown = space.choose(possible, pair, space.leaf(None))
            if shown != space.leaf(None):
                yield name, shown

    def _groups(self, pairs: Node, differences: dict[str, Node]) -> None:
        """One group for each (old, new) pair of outcomes of a diagram, larger ones first."""
        counts = self.space.counts(pairs)
        for pair in sorted((p for p in counts if isinstance(p, tuple)), key=lambda p: -counts[p]):
            cases = self.space.map(pairs, lambda p, pair=pair: p == pair)  # type: ignore[misc]
            self.found.groups.append(self._group(cases, counts[pair], pair[0], pair[1], differences))

    def _group(
        self, cases: Node, count: int, was: Outcome, would_be: Outcome, differences: dict[str, Node]
    ) -> Group:
        space = self.space
        old, new = _two_outcomes(was, would_be, self.names)
        changes: list[Change] = []
        shown = cases
        for name, pairs in differences.items():
            here = space.choose(cases, pairs, space.leaf(None))
            for pair, number in space.counts(here).items():
                if isinstance(pair, tuple):
                    before, after = aspect_words(name, pair[0], pair[1])
                    changes.append(Change(name, before, after, number))
            # The example shows as many of the common changes as one case can.
            where = self._where(here)
            if 2 * space.count(where) > count:
                narrower = space.both(shown, where)
                shown = narrower if narrower != space.false else shown
        changes.sort(key=lambda change: -change.count)
        who = self._who(cases)
        if was != would_be:
            says = f"{capital(who)}: was {old}, would be {new}."
        else:
            says = f"{capital(who)}: still {new}, on other terms."
        example = differing_example(self.joined, self._natural(shown), self.found.received_at)
        return Group(who, old, new, says, count, tuple(changes), example)

    def _who(self, cases: Node) -> str:
        found, rest = cover(self.space, cases, MOST_BOXES)
        words = "; or ".join(box_words(box, self.values) for box in found)
        if not found or rest:
            words += f"; and others ({rest:,} combinations)"
        return words

    def _natural(self, cases: Node) -> dict[str, str]:
        """A case that lies in the diagram, as near to the new pack's defaults as it can be."""
        side, space = self.joined.new, self.space
        usual = side.with_defaults({})
        found: dict[str, str] = {}
        node = cases
        while space.level[node] < space.bottom:
            level = space.levels[space.level[node]]
            open_kids = [i for i, kid in enumerate(space.kids[node]) if kid != space.false]
            preferred = level.class_of.get(usual.get(level.fact, ""))
            place = preferred if preferred in open_kids else open_kids[0]
            group = level.classes[place]
            found[level.fact] = usual[level.fact] if usual.get(level.fact) in group else group[0]
            node = space.kids[node][place]
        for level in space.levels:
            found.setdefault(level.fact, usual.get(level.fact, level.classes[0][0]))
        return found

    def _defaults(self, possible: Node, outcomes: Node) -> None:
        """Whoever leaves a fact open is decided by its default: where that changed, so may the decision."""
        for level in self.space.levels:
            fact = level.fact
            was, now = self.joined.old.default(fact, {}), self.joined.new.default(fact, {})
            if was == now or was is None or now is None:
                continue
            told = frozenset(w.id for w in self.joined.new.pack.warnings)
            roots = [outcomes, *dict(both.aspects(self.joined.new, "", told)).values()]
            pairs = [
                self.space.differing(
                    both.fixed(self.space, root, fact, was), both.fixed(self.space, root, fact, now)
                )
                for root in roots
            ]
            where = self.space.both(self.space.either(self._where(pair) for pair in pairs), possible)
            if where != self.space.false:
                self.found.assumed.append(self._assumed(fact, was, now, where))

    def _assumed(self, fact: str, was: str, now: str, where: Node) -> Group:
        case = self._natural(where)
        case.pop(fact, None)
        count = self.space.count(where) // len(self.values[fact])
        says = f"Where {fact} is not known it was taken as {was}, and would be taken as {now}."
        example = differing_example(self.joined, case, self.found.received_at)
        return Group(f"cases where {fact} is not known", was, now, says, count, (), example)
