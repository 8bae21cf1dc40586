"""Properties that a pack states of itself, proved over every case; each breach comes with the case that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy_rules.compiled import CompiledPack
from policy_rules.pack import Limited, Outcomes
from policy_rules.space import Node

# The fields of a route that a property may speak of, as they are called in `Outcomes` and in `Route`.
OF_THE_ROUTE = (
    ("route", "id"),
    ("disposition", "disposition"),
    ("handler", "handler"),
    ("stage", "stage"),
    ("contact", "contact"),
)


@dataclass(frozen=True, slots=True)
class Breach:
    """A property that does not hold (`case` shows it), or that speaks of no possible case (`case` is None)."""

    place: int
    says: str
    case: dict[str, str] | None


def outcome(compiled: CompiledPack, wanted: Outcomes) -> Node:
    """The diagram of the cases in which all of the named outcomes come out."""
    space = compiled.space
    routes = {
        i
        for i, route in enumerate(compiled.routes)
        if all(not (names := getattr(wanted, a)) or getattr(route, b) in names for a, b in OF_THE_ROUTE)
    }
    parts = [space.map(compiled.route_root, lambda i: i in routes)]
    for field in ("clocks", "duties", "warnings"):
        kinds = getattr(wanted, field)
        if kinds:
            listed: tuple[Limited, ...] = getattr(compiled.pack, field)
            applying = (compiled.part_roots[p.id] for p in listed if getattr(p, "kind", None) in kinds)
            parts.append(space.either(applying))
    return space.both(*parts)


def breaches(compiled: CompiledPack, possible: Node) -> Iterator[Breach]:
    """Every stated property that fails in some possible case, or that none could fail."""
    space = compiled.space
    for place, stated in enumerate(compiled.pack.properties):
        bound = space.both(possible, space.condition(stated.when))
        if bound == space.false:
            yield Breach(place, f"'{stated.id}' speaks of no possible case; mend its 'when'.", None)
            continue
        if stated.unless is not None:
            bound = space.both(bound, space.negate(outcome(compiled, stated.unless)))
        if stated.never is not None:
            failing = space.both(bound, outcome(compiled, stated.never))
        else:
            failing = space.both(bound, space.negate(outcome(compiled, stated.always or Outcomes())))
        case = space.witness(failing)
        if case is not None:
            whole = {**case, **{f: v for f, v in compiled.with_defaults(case).items() if f not in case}}
            match = compiled.match(whole)
            taken = f"the route '{match.route.id}'" if match is not None else "no route"
            says = f"'{stated.id}' must hold and does not: {stated.says.rstrip('.')}. Here {taken} takes it."
            yield Breach(place, says, case)
