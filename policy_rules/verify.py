"""What is wrong with a pack, proved over every case: gaps, dead rules, double clocks, missing promises.

Findings marked `unsound` make a pack unusable; the others are for its author to mend before publishing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from policy_rules.clock_proofs import hanging
from policy_rules.compiled import CompiledPack, condition_words
from policy_rules.errors import BrokenPack
from policy_rules.limits import Budget, Undecided, too_large
from policy_rules.loader import Lines
from policy_rules.names import SECTIONS
from policy_rules.pack import Limited, Silence
from policy_rules.properties import breaches
from policy_rules.space import Node

# What a person who complains must be told: when they are acknowledged, and when they are answered.
PROMISES = (("acknowledge", ("acknowledge",)), ("respond", ("respond", "inform_of_action")))
OWN_CONTACT = "complaints"
IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend; `example` is a case that shows it (facts not named may be anything)."""

    kind: str
    path: tuple[str | int, ...]
    says: str
    example: dict[str, str] | None = None
    unsound: bool = False

    def as_text(self, lines: Lines) -> str:
        text = lines.say(self.path, self.says)
        if self.example is not None:
            facts = ", ".join(f"{fact}={value}" for fact, value in self.example.items())
            text += f" Example case: {facts or 'any'}."
        return text


def verify(compiled: CompiledPack, budget: Budget | None = None) -> list[Finding]:
    """Every finding, worst first. Exact: a finding comes with a case, and no case is overlooked.

    A pack past the size caps, or not done within the budget (5 seconds if none is given), has the finding
    `undecided` beside what was found so far: what is not proved is not published.
    """
    found: list[Finding] = []
    size = too_large(compiled.pack)
    if size is not None:
        return [_undecided(size)]
    compiled.space.budget = budget or Budget()
    try:
        for check in _CHECKS:
            found += check(compiled)
    except Undecided as stopped:
        found.append(_undecided(str(stopped)))
    finally:
        compiled.space.budget = None
    return sorted(found, key=lambda finding: not finding.unsound)


def _undecided(why: str) -> Finding:
    return Finding("undecided", (), f"undecided: this pack could not be proved; {why}.", unsound=True)


@dataclass(frozen=True, slots=True)
class Shares:
    """How many of the possible cases each route takes; a case is one value for each fact that a rule tests."""

    routes: dict[str, int]
    possible: int
    impossible: int


def shares(compiled: CompiledPack) -> Shares:
    """The exact count of cases of each route."""
    counts = compiled.space.counts(_taken(compiled))
    impossible = counts.pop(IMPOSSIBLE, 0)
    by_route = {route.id: counts.get(i, 0) for i, route in enumerate(compiled.routes)}
    return Shares(by_route, sum(counts.values()), impossible)


def refuse_if_unsound(compiled: CompiledPack) -> None:
    """BrokenPack if some case has no route, two clocks of a kind, or no declared promise."""
    lines = compiled.loaded.lines
    broken = [f.as_text(lines) for f in verify(compiled) if f.unsound]
    if broken:
        raise BrokenPack(broken)


def _possible(compiled: CompiledPack) -> Node:
    space = compiled.space
    return space.negate(space.either(space.condition(i.when) for i in compiled.pack.impossible))


def _witness(compiled: CompiledPack, *nodes: Node) -> dict[str, str] | None:
    return compiled.space.witness(compiled.space.both(_possible(compiled), *nodes))


def _taken(compiled: CompiledPack, *within: Node) -> Node:
    """The diagram of the route's index over the possible cases, or over those of them that lie within."""
    space = compiled.space
    cases = space.both(_possible(compiled), *within)
    return space.choose(cases, compiled.route_root, space.leaf(IMPOSSIBLE))


def _gaps(compiled: CompiledPack) -> Iterator[Finding]:
    case = compiled.space.witness(_taken(compiled), None)
    if case is not None:
        last = len(compiled.routes) - 1
        says = "some cases are taken by no route; end the routes with one that has no 'when'."
        yield Finding("gap", ("routes", last), says, case, unsound=True)
    for i, fact in enumerate(compiled.pack.ask_order):
        if fact in compiled.tested and compiled.default(fact, {}) is None:
            says = f"'{fact}' is tested by rules but has no default; give it one under 'facts'."
            yield Finding("no_default", ("ask_order", i), says, unsound=True)


def _double_clocks(compiled: CompiledPack) -> Iterator[Finding]:
    places = {clock.id: i for i, clock in enumerate(compiled.pack.clocks)}
    roots = compiled.part_roots
    for first, second in combinations(compiled.pack.clocks, 2):
        if first.kind != second.kind:
            continue
        case = _witness(compiled, roots[first.id], roots[second.id])
        if case is not None:
            says = f"'{first.id}' and '{second.id}' are both clocks of the kind '{first.kind}' for the same case."
            yield Finding("double_clock", ("clocks", places[second.id]), says, case, unsound=True)


def _missing_promises(compiled: CompiledPack) -> Iterator[Finding]:
    space, roots = compiled.space, compiled.part_roots
    for promise, kinds in PROMISES:
        clocks = [roots[c.id] for c in compiled.pack.clocks if c.kind in kinds]
        silences = [(s, compiled.applies(s)) for s in compiled.pack.silent if s.kind in kinds]
        neither = space.negate(space.either([*clocks, *(node for _, node in silences)]))
        without = _taken(compiled, neither)
        unpromised = space.outcomes(without)
        for i, route in enumerate(compiled.routes):
            if i in unpromised and route.disposition in ("accept", "accept_and_signpost"):
                case = space.witness(without, i)
                says = f"'{route.id}' accepts a case with no clock to {promise}, and no declared silence."
                yield Finding(f"missing_{promise}", ("routes", i), says, case, unsound=True)
        for silence, node in silences:
            yield from _contradiction(compiled, silence, node)


def _contradiction(compiled: CompiledPack, silence: Silence, node: Node) -> Iterator[Finding]:
    for clock in compiled.pack.clocks:
        if clock.kind == silence.kind:
            case = _witness(compiled, node, compiled.part_roots[clock.id])
            if case is not None:
                place = compiled.pack.silent.index(silence)
                says = f"'{silence.id}' declares silence where the clock '{clock.id}' promises a time."
                yield Finding("contradiction", ("silent", place), says, case)


def _dead_rules(compiled: CompiledPack) -> Iterator[Finding]:
    space = compiled.space
    reached = space.outcomes(_taken(compiled))
    for i, route in enumerate(compiled.routes):
        if i not in reached:
            meets = space.witness(space.both(_possible(compiled), space.condition(route.when)))
            taken = compiled.match(compiled.with_defaults(meets)) if meets is not None else None
            why = f"; '{taken.route.id}' stands above it and takes such cases" if taken else ""
            says = f"'{route.id}' ({condition_words(route.when)}) is never reached{why}."
            yield Finding("unreachable", ("routes", i), says, meets)
    above: Node = space.false
    for i, escalation in enumerate(compiled.pack.escalations):
        applies = compiled.applies(escalation)
        if _witness(compiled, applies, space.negate(above)) is None:
            yield _dead("escalations", i, escalation)
        above = space.either([above, applies])
    for section in ("clocks", "silent", "duties", "warnings"):
        parts: tuple[Limited, ...] = getattr(compiled.pack, section)
        for i, part in enumerate(parts):
            if _witness(compiled, compiled.applies(part)) is None:
                yield _dead(section, i, part)


def _dead(section: str, place: int, part: Limited) -> Finding:
    limits = f" on {', '.join(part.routes)}" if part.routes else ""
    says = f"'{part.id}' ({condition_words(part.when)}{limits}) applies to no case."
    return Finding("unreachable", (section, place), says)


def _destinations(compiled: CompiledPack) -> Iterator[Finding]:
    for i, route in enumerate(compiled.routes):
        if route.disposition == "signpost" and route.contact == OWN_CONTACT:
            says = (
                f"'{route.id}' signposts without a destination: its contact is the organisation's own. "
                "Name the contact of the body that the person is sent to."
            )
            case = compiled.space.witness(_taken(compiled), i)
            yield Finding("no_destination", ("routes", i), says, case)


def _own_judge(compiled: CompiledPack) -> Iterator[Finding]:
    """Nobody answers a complaint about themselves unless the decision says that there is a conflict."""
    space = compiled.space
    conflict = space.either(compiled.part_roots[w.id] for w in compiled.pack.warnings if w.kind == "conflict")
    for i, route in enumerate(compiled.routes):
        subject = compiled.pack.officers.get(route.handler or "")
        if subject is None:
            continue
        about = space.condition({"subject": (subject,)})
        case = space.witness(_taken(compiled, about, space.negate(conflict)), i)
        if case is not None:
            says = f"'{route.id}' gives a complaint about a {subject} to '{route.handler}' with no conflict warning."
            yield Finding("own_judge", ("routes", i), says, case)


def _unused(compiled: CompiledPack) -> Iterator[Finding]:
    pack = compiled.pack
    cited = {name for s in SECTIONS for part in getattr(pack, s) for name in part.readings}
    cited |= {name for contact in pack.contacts.values() for name in contact.readings}
    cited |= set(pack.hours.readings) if pack.hours else set()
    for i, reading in enumerate(pack.readings):
        if reading.id not in cited:
            yield Finding("unused", ("readings", i), f"the reading '{reading.id}' is cited by no rule.")
    used = {route.contact for route in pack.routes} | {e.contact for e in pack.escalations} | {OWN_CONTACT}
    used |= {clock.extension.contact for clock in pack.clocks if clock.extension is not None}
    for key in pack.contacts:
        if key not in used:
            yield Finding("unused", ("contacts", key), f"no rule uses the contact '{key}'.")


def _stated(compiled: CompiledPack) -> Iterator[Finding]:
    for breach in breaches(compiled, _possible(compiled)):
        kind = "property" if breach.case is not None else "idle_property"
        place = ("properties", breach.place)
        yield Finding(kind, place, breach.says, breach.case, unsound=breach.case is not None)


def _hanging(compiled: CompiledPack) -> Iterator[Finding]:
    for found in hanging(compiled, _possible(compiled)):
        yield Finding("hanging", (found.section, found.place), found.says, found.case, found.unsound)


_CHECKS = (
    _gaps,
    _double_clocks,
    _hanging,
    _missing_promises,
    _stated,
    _dead_rules,
    _destinations,
    _own_judge,
    _unused,
)
