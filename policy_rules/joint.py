"""Two packs over the same facts: each thing that a Decision shows as a diagram, so that packs can be compared."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from policy_rules.calendar import FIRST_YEAR, LAST_YEAR
from policy_rules.compiled import CompiledPack
from policy_rules.facts import VOCABULARY
from policy_rules.limits import Budget
from policy_rules.loader import LoadedPack
from policy_rules.names import SECTIONS, fact_values
from policy_rules.pack import Clock, Duty, Fact, Limited, Pack, Warn
from policy_rules.space import Node, Space, levels_for

DEFAULT_ZONE = "Europe/London"


@dataclass(frozen=True, slots=True)
class Joint:
    """The two packs, each made to know the other's facts and values, and the space that they share."""

    old: CompiledPack
    new: CompiledPack
    space: Space


def _widened(pack: Pack, other: Pack) -> Pack:
    """A pack that knows the other's facts and values too. No rule of its own names those values."""
    facts = dict(pack.facts)
    for name, fact in other.facts.items():
        if name not in facts:
            facts[name] = Fact(values=fact.values, default=fact.default)
        else:
            mine = facts[name]
            known = fact_values(pack, name)
            extra = tuple(value for value in fact_values(other, name) if value not in known)
            if extra:
                facts[name] = mine.model_copy(update={"values": (*(mine.values or known), *extra)})
    order = (*pack.ask_order, *(name for name in other.ask_order if name not in pack.ask_order))
    return pack.model_copy(update={"facts": facts, "ask_order": order})


def join(old: CompiledPack, new: CompiledPack, budget: Budget | None = None) -> Joint:
    """Both packs over one space, in the new pack's asking order."""
    packs = (_widened(old.pack, new.pack), _widened(new.pack, old.pack))
    conditions = [p.when for pack in packs for s in SECTIONS for p in getattr(pack, s)]
    conditions += [impossible.when for pack in packs for impossible in pack.impossible]
    order = [f for f in packs[1].ask_order if f not in VOCABULARY or not VOCABULARY[f].is_date]
    order += [f for f in packs[1].facts if f not in order and f not in packs[1].ask_order]
    space = Space(levels_for([(f, fact_values(packs[1], f)) for f in order], conditions), budget)
    sides = []
    for pack, original in zip(packs, (old, new), strict=True):
        side = CompiledPack(LoadedPack(pack, original.sha256, original.loaded.lines))
        side.space = space
        sides.append(side)
    return Joint(sides[0], sides[1], space)


def possible(joint: Joint) -> Node:
    """The cases that at least one of the packs holds possible."""
    space = joint.space
    sides = []
    for side in (joint.old, joint.new):
        cannot = space.either(space.condition(part.when) for part in side.pack.impossible)
        sides.append(space.negate(cannot))
    return space.either(sides)


def outcome_root(side: CompiledPack) -> Node:
    """What becomes of a case: (disposition, handler, stage, stage name), or None where no route takes it."""
    shown = [(r.disposition, r.handler, r.stage, r.stage_name) for r in side.routes]
    return side.space.map(side.route_root, lambda i: shown[i] if isinstance(i, int) else None)


def aspects(side: CompiledPack, days: str, told: frozenset[str]) -> Iterator[tuple[str, Node]]:
    """Everything else that a Decision shows, by name; () where there is none of it, or no Decision at all.

    `days` names the working days: two packs are given one name only if theirs are the same. `told` are the
    warnings that both packs have, which count as the same though their words may differ.
    """
    space = side.space
    decided = space.map(side.route_root, lambda i: i is not None)
    for name, node in _aspects(side, days, told):
        yield name, space.choose(decided, node, space.leaf(()))


def _aspects(side: CompiledPack, days: str, told: frozenset[str]) -> Iterator[tuple[str, Node]]:
    space, routes = side.space, side.routes
    contacts = {key: (c.email, c.phone, c.post, c.url) for key, c in side.contacts.items()}
    yield (
        "contact",
        space.map(side.route_root, lambda i: contacts[routes[i].contact] if isinstance(i, int) else ()),
    )
    next_steps = [(e.to, e.within) for e in side.pack.escalations]
    yield (
        "escalation",
        space.map(side.escalation_root, lambda i: next_steps[i] if isinstance(i, int) else ()),
    )
    yield "old contacts", space.combine(_stale(side), side.route_root, side.escalation_root)
    yield "review", space.leaf(side.pack.source.next_review or ())
    windows = {key: _window(clock, side, days) for key, clock in side.windows.items()}
    yield (
        "last day",
        space.map(side.route_root, lambda i: windows.get(routes[i].id, ()) if isinstance(i, int) else ()),
    )
    for kind in dict.fromkeys(clock.kind for clock in side.pack.clocks):
        same = [(c, _clock(c, side, days)) for c in side.pack.clocks if c.kind == kind]
        yield f"clock {kind}", _all_of(side, same)
    for kind in dict.fromkeys(duty.kind for duty in side.pack.duties):
        alike = [(d, _duty(d, side, days)) for d in side.pack.duties if d.kind == kind]
        yield f"duty {kind}", _all_of(side, alike)
    for warn_kind in dict.fromkeys(warning.kind for warning in side.pack.warnings):
        yield (
            f"warning {warn_kind}",
            _all_of(side, [(w, _warn(w, told)) for w in side.pack.warnings if w.kind == warn_kind]),
        )


def _all_of(side: CompiledPack, parts: Iterable[tuple[Limited, Hashable]]) -> Node:
    """The signatures of the parts that apply, as a sorted tuple; () where none does."""
    node = side.space.leaf(())
    for part, signature in parts:

        def add(have: Hashable, applies: Hashable, signature: Hashable = signature) -> Hashable:
            before = have if isinstance(have, tuple) else ()
            return tuple(sorted((*before, signature), key=repr)) if applies is True else before

        node = side.space.combine(add, node, side.part_roots[part.id])
    return node


def _stale(side: CompiledPack) -> Callable[[Hashable, Hashable], Hashable]:
    """From which days on the contacts shown carry a warning, for a route's and an escalation's index."""

    def dates(route: Hashable, escalation: Hashable) -> Hashable:
        keys = [side.routes[route].contact] if isinstance(route, int) else []
        if isinstance(escalation, int):
            further = side.pack.escalations[escalation].contact
            keys += [further] if further is not None else []
        bodies = [side.contacts[key] for key in keys]
        return tuple((b.stale.since if b.stale else b.checked_on) for b in bodies if b.stale or b.checked_on)

    return dates


# Where a part applies is in its diagram; what it is called, and why, is wording.
_APART = ("id", "clause", "says", "readings", "routes", "when", "opens", "kind")


def _clock(clock: Clock, side: CompiledPack, days: str) -> Hashable:
    return (*_terms(clock), *_counting(clock, side, days))


def _window(clock: Clock, side: CompiledPack, days: str) -> Hashable:
    kept = ("amount", "unit", "first_day", "latest", "discretion")
    return (*(term for term in _terms(clock) if term[0] in kept), *_counting(clock, side, days))


def _duty(duty: Duty, side: CompiledPack, days: str) -> Hashable:
    if duty.amount is None:
        # Without a period a duty has no date of its own, whatever it would run from.
        return tuple(term for term in _terms(duty) if term[0] not in ("from_event", "first_day"))
    return (*_terms(duty), *_counting(duty, side, days))


def _terms(part: Any) -> tuple[tuple[str, Hashable], ...]:
    """Every field of a part that says what it is, as pairs; a field that stands at its default is left out.

    Fields are taken as they come, so that one which is added to the model is compared from the first day.
    """
    found: list[tuple[str, Hashable]] = []
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        if name not in _APART and value != info.default:
            found.append((name, _terms(value) if isinstance(value, BaseModel) else value))
    return tuple(found)


def _counting(part: Clock | Duty, side: CompiledPack, days: str) -> tuple[tuple[str, Hashable], ...]:
    """The calendar as far as it changes this part's dates; the usual zone goes without saying."""
    inner = (getattr(part, "latest", None), getattr(part, "extension", None))
    units = {part.unit, *(period.unit for period in inner if period is not None)}
    found: list[tuple[str, Hashable]] = []
    if "working_day" in units and days:
        found.append(("days", days))
    if "month" in units:
        found.append(("month_end", side.pack.calendar.month_end))
    if side.calendar.zone.key != DEFAULT_ZONE:
        found.append(("zone", side.calendar.zone.key))
    return tuple(found)


def _warn(warning: Warn, told: frozenset[str]) -> Hashable:
    return warning.id if warning.id in told else warning.says


def same_days(old: CompiledPack, new: CompiledPack) -> bool:
    """Whether two calendars count the same days in every year that is known, in the same zone."""
    if old.pack.calendar == new.pack.calendar:
        return True
    if old.calendar.zone.key != new.calendar.zone.key:
        return False
    weekdays = [
        {day for day in side.calendar.days_off(year) if day.weekday() < 5}
        for side in (old, new)
        for year in range(FIRST_YEAR, LAST_YEAR + 1)
    ]
    half = len(weekdays) // 2
    return weekdays[:half] == weekdays[half:]


def fixed(space: Space, node: Node, fact: str, value: str) -> Node:
    """A diagram with one fact fixed: what it says of a case once that fact has this value."""
    depth = next((i for i, level in enumerate(space.levels) if level.fact == fact), None)
    if depth is None:
        return node
    place = space.levels[depth].class_of[value]
    memo: dict[Node, Node] = {}

    def walk(n: Node) -> Node:
        if space.level[n] > depth:
            return n
        if space.level[n] == depth:
            return space.kids[n][place]
        found = memo.get(n)
        if found is None:
            found = memo[n] = space.node(space.level[n], tuple(walk(kid) for kid in space.kids[n]))
        return found

    return walk(node)
