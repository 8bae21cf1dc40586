"""The proofs against two that share no code with them: trying every case, and a solver (z3)."""

from __future__ import annotations

import copy
import itertools
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import z3  # type: ignore[import-untyped]

from policy_rules.compiled import CompiledPack
from policy_rules.diff import diff
from policy_rules.pack import Condition, Excluded, Limited, Pack
from policy_rules.verify import Finding, shares, verify
from policy_rules.words import outcome_words
from tests.policy_rules import tables

RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)
# Ten groups of tables, so that workers can share them: 200 in all.
GROUPS, TABLES = 10, 20


def chances(group: int) -> list[random.Random]:
    return [random.Random(1000 * group + table) for table in range(TABLES)]  # noqa: S311 - no secret


def table(chance: random.Random) -> dict[str, Any]:
    facts, values = chance.choice([(3, 2), (3, 3), (4, 3), (2, 4), (4, 2)])
    return tables.random_document(
        chance, facts, values, chance.randint(2, 7), density=chance.choice([0.4, 0.6])
    )


def values_of(pack: Pack) -> dict[str, list[str]]:
    return {name: list(fact.values) for name, fact in pack.facts.items()}


def space_values(compiled: CompiledPack) -> dict[str, list[str]]:
    """The facts of the proof's own space, with all of their values."""
    return {level.fact: [v for g in level.classes for v in g] for level in compiled.space.levels}


def of_kind(found: list[Finding], kind: str) -> set[str | int]:
    return {finding.path[1] for finding in found if finding.kind == kind}


@pytest.mark.parametrize("group", range(GROUPS))
def test_trying_every_case_finds_the_same_gaps_dead_rules_double_clocks_and_counts(group: int) -> None:
    for chance in chances(group):
        compiled = tables.compiled(table(chance))
        pack, found = compiled.pack, verify(compiled)
        cases = [c for c in tables.all_cases(space_values(compiled)) if tables.is_possible(pack, c)]
        taken = Counter(tables.route_of(pack, case) for case in cases)
        assert bool([f for f in found if f.kind == "gap"]) == bool(taken[None])
        dead = {i for i in range(len(pack.routes)) if not taken[i]}
        assert {f.path[1] for f in found if f.kind == "unreachable" and f.path[0] == "routes"} == dead
        counted = shares(compiled)
        assert [counted.routes[route.id] for route in pack.routes] == [
            taken[i] for i in range(len(pack.routes))
        ]
        assert counted.possible == len(cases)
        double = {
            j
            for i, j in itertools.combinations(range(len(pack.clocks)), 2)
            if pack.clocks[i].kind == pack.clocks[j].kind
            and any(
                tables.applies(pack, pack.clocks[i], c) and tables.applies(pack, pack.clocks[j], c)
                for c in cases
            )
        }
        assert of_kind(found, "double_clock") == double
        for finding in found:
            if finding.example is not None:
                case = {**{f: v[0] for f, v in values_of(pack).items()}, **finding.example}
                assert tables.is_possible(pack, case) or finding.kind == "unreachable"


@pytest.mark.parametrize("group", range(GROUPS))
def test_trying_every_case_finds_the_same_needs(group: int) -> None:
    for chance in chances(group):
        document = table(chance)
        # A case that no route takes has no Decision to wait for.
        document["routes"][-1]["when"] = {}
        compiled = tables.compiled(document)
        pack, values = compiled.pack, values_of(compiled.pack)
        known = {f: chance.choice(v) for f, v in values.items() if chance.random() < 0.4}
        cases = [c for c in tables.all_cases(values) if all(c[f] == v for f, v in known.items())]
        shown = {tuple(case.items()): tables.shown(pack, case) for case in cases}
        matters = set()
        for case in cases:
            for fact in values.keys() - known.keys():
                others = ({**case, fact: value} for value in values[fact])
                if len({repr(shown[tuple(other.items())]) for other in others}) > 1:
                    matters.add(fact)
        assert set(compiled.needs(known)) == matters


def edited(chance: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    """The same pack after one to three slips of an author's hand."""
    changed = copy.deepcopy(document)
    names = {name: fact["values"] for name, fact in changed["facts"].items()}
    for _ in range(chance.randint(1, 3)):
        slip = chance.randrange(6)
        routes = changed["routes"]
        rule = chance.choice([*routes, *changed["clocks"], *changed["duties"]])
        if slip == 0:
            routes.insert(0, routes.pop(chance.randrange(len(routes))))
        elif slip == 1 and rule["when"]:
            del rule["when"][chance.choice(list(rule["when"]))]
        elif slip == 2:
            rule["when"] = tables.random_condition(chance, names, 0.5)
        elif slip == 3:
            chance.choice(changed["clocks"])["amount"] += 1
        elif slip == 4:
            fact = chance.choice(list(names))
            names[fact].append(f"v{len(names[fact])}")
        else:
            chance.choice(routes)["handler"] = "Somebody else"
    return changed


@pytest.mark.parametrize("group", range(GROUPS))
def test_trying_every_case_counts_the_same_differences(group: int) -> None:
    for chance in chances(group):
        document = table(chance)
        old, new = tables.compiled(document), tables.compiled(edited(chance, document))
        found = diff(old, new, RECEIVED)
        assert found.undecided is None
        tested = set(space_values(old)) | set(space_values(new))
        values = {f: v for f, v in values_of(new.pack).items() if f in tested}
        groups: Counter[tuple[Any, Any]] = Counter()
        possible = changed = 0
        for case in tables.all_cases(values):
            if not (tables.is_possible(old.pack, case) or tables.is_possible(new.pack, case)):
                continue
            possible += 1
            if tables.shown(old.pack, case) != tables.shown(new.pack, case):
                changed += 1
                groups[tables.outcome(old.pack, case), tables.outcome(new.pack, case)] += 1
        assert (found.cases, found.changed) == (possible, changed)
        assert sorted(g.count or 0 for g in found.groups) == sorted(groups.values())
        for (was, would_be), count in groups.items():
            pairs = [
                (outcome_words(was, [], stage=s), outcome_words(would_be, [], stage=s)) for s in (False, True)
            ]
            assert any(g.count == count and (g.was, g.would_be) in pairs for g in found.groups)


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_example_of_a_difference_is_one(group: int) -> None:
    for chance in chances(group)[:8]:
        document = table(chance)
        old, new = tables.compiled(document), tables.compiled(edited(chance, document))
        for each in diff(old, new, RECEIVED).groups:
            assert each.example is not None
            case = each.example.facts
            assert each.example.differs, each
            assert tables.shown(old.pack, case) != tables.shown(new.pack, case)


# --- z3 ----------------------------------------------------------------------------------------------------------


class Solver:
    """One pack as formulas: a fact is a small bit vector, a value its place in the fact's list."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.values = values_of(pack)
        self.variables = {fact: z3.BitVec(fact, 4) for fact in self.values}
        self.solver = z3.Solver()
        for fact, values in self.values.items():
            self.solver.add(z3.ULT(self.variables[fact], len(values)))

    def condition(self, when: Condition, swap: dict[str, Any] | None = None) -> Any:
        cells = []
        for fact, test in when.items():
            variable = (swap or {}).get(fact, self.variables[fact])
            names = test.values if isinstance(test, Excluded) else test
            within = z3.Or([variable == self.values[fact].index(name) for name in names])
            cells.append(z3.Not(within) if isinstance(test, Excluded) else within)
        return z3.And(cells)

    def takes(self, place: int, swap: dict[str, Any] | None = None) -> Any:
        above = [z3.Not(self.condition(r.when, swap)) for r in self.pack.routes[:place]]
        return z3.And(*above, self.condition(self.pack.routes[place].when, swap))

    def applies(self, part: Limited, swap: dict[str, Any] | None = None) -> Any:
        here = self.condition(part.when, swap)
        if not part.routes:
            return here
        on = [self.takes(i, swap) for i, route in enumerate(self.pack.routes) if route.id in part.routes]
        return z3.And(here, z3.Or(on))

    def possible(self) -> Any:
        return z3.And([z3.Not(self.condition(i.when)) for i in self.pack.impossible])

    def some(self, *formulas: Any) -> bool:
        return bool(self.solver.check(*formulas) == z3.sat)


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_solver_finds_the_same_gaps_dead_rules_and_double_clocks(group: int) -> None:
    for chance in chances(group):
        compiled = tables.compiled(table(chance))
        pack, found = compiled.pack, verify(compiled)
        solver = Solver(pack)
        possible = solver.possible()
        none = z3.And([z3.Not(solver.condition(route.when)) for route in pack.routes])
        assert bool([f for f in found if f.kind == "gap"]) == solver.some(possible, none)
        dead = {i for i in range(len(pack.routes)) if not solver.some(possible, solver.takes(i))}
        assert {f.path[1] for f in found if f.kind == "unreachable" and f.path[0] == "routes"} == dead
        double = {
            j
            for i, j in itertools.combinations(range(len(pack.clocks)), 2)
            if pack.clocks[i].kind == pack.clocks[j].kind
            and solver.some(possible, solver.applies(pack.clocks[i]), solver.applies(pack.clocks[j]))
        }
        assert of_kind(found, "double_clock") == double


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_solver_finds_the_same_needs(group: int) -> None:
    """A fact matters if two cases that differ in it alone come out differently."""
    for chance in chances(group):
        compiled = tables.compiled(table(chance))
        pack = compiled.pack
        solver = Solver(pack)
        known = {f: chance.choice(v) for f, v in solver.values.items() if chance.random() < 0.4}
        fixed = [solver.variables[f] == solver.values[f].index(v) for f, v in known.items()]
        matters = set()
        for fact in solver.values.keys() - known.keys():
            swap = {fact: z3.BitVec("other", 4)}
            bound = z3.ULT(swap[fact], len(solver.values[fact]))
            if solver.some(*fixed, bound, _differs(solver, swap)):
                matters.add(fact)
        assert set(compiled.needs(known)) == matters


def _differs(solver: Solver, swap: dict[str, Any]) -> Any:
    pack = solver.pack
    seen: dict[Any, list[int]] = {}
    for i, route in enumerate(pack.routes):
        look = (route.disposition, route.handler, route.stage, route.stage_name, route.contact)
        seen.setdefault(look, []).append(i)
    tests = [
        z3.Or([solver.takes(i) for i in same]) != z3.Or([solver.takes(i, swap) for i in same])
        for same in seen.values()
    ]
    for i, step in enumerate(pack.escalations):
        above = pack.escalations[:i]
        first = [
            z3.And(solver.applies(step, s), *[z3.Not(solver.applies(e, s)) for e in above])
            for s in (None, swap)
        ]
        tests.append(first[0] != first[1])
    for part in (*pack.clocks, *pack.duties, *pack.warnings):
        tests.append(solver.applies(part) != solver.applies(part, swap))
    return z3.Or(tests)


def test_there_are_at_least_two_hundred_tables() -> None:
    assert GROUPS * TABLES >= 200
