"""A pack made ready to decide: bit masks for whole cases, decision diagrams for partial ones.

Each rule is one bit. A fact's value names the rules that it leaves alive; what survives every fact has matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from policy_rules.calendar import WorkingCalendar
from policy_rules.deadlines import BEFORE_RECEIPT, PROMISED_BY
from policy_rules.facts import VOCABULARY
from policy_rules.loader import LoadedPack
from policy_rules.names import fact_values, known_facts
from policy_rules.pack import Clock, Condition, Duty, Escalation, Limited, Pack, Route, Silence, Warn
from policy_rules.space import Node, Restricted, Space, accepts, levels_for


@dataclass(frozen=True, slots=True)
class Match:
    """What applies to one whole case."""

    route: Route
    escalation: Escalation | None
    clocks: tuple[Clock, ...]
    silences: tuple[Silence, ...]
    duties: tuple[Duty, ...]
    warnings: tuple[Warn, ...]
    window: Clock | None


class CompiledPack:
    """A loaded pack with everything that can be worked out once."""

    def __init__(self, loaded: LoadedPack) -> None:
        self.loaded = loaded
        self.pack: Pack = loaded.pack
        self.sha256 = loaded.sha256
        spec = self.pack.calendar
        self.calendar = WorkingCalendar(spec.nations, spec.timezone, frozenset(spec.closures), spec.month_end)
        self.routes = self.pack.routes
        self.limited: tuple[Limited, ...] = (
            *self.pack.escalations,
            *self.pack.clocks,
            *self.pack.silent,
            *self.pack.duties,
            *self.pack.warnings,
        )
        rules: list[Route | Limited] = [*self.routes, *self.limited]
        self._conditions = [rule.when for rule in rules]
        self._everything = (1 << len(rules)) - 1
        self._route_bits = (1 << len(self.routes)) - 1
        self.tested = [f for f in self._order() if any(f in when for when in self._conditions)]
        self._masks = {f: self._mask_of(f) for f in self.tested}
        self._by_route = [self._limited_on(route.id) for route in self.routes]
        self.contacts = self.pack.contacts
        # What JSON callers may say: "other" stands for whatever the pack does not tell apart.
        self.accepted = {name: fact_values(self.pack, name) for name in known_facts(self.pack)}
        self._needs_cache: dict[frozenset[tuple[str, str]], tuple[str, ...]] = {}

    def _order(self) -> list[str]:
        asked = [f for f in self.pack.ask_order if f not in VOCABULARY or not VOCABULARY[f].is_date]
        return [*asked, *(f for f in self.pack.facts if f not in self.pack.ask_order)]

    def _mask_of(self, fact: str) -> dict[str, int]:
        masks = {}
        for value in fact_values(self.pack, fact):
            alive = [1 << i for i, when in enumerate(self._conditions) if accepts(when.get(fact), value)]
            masks[value] = sum(alive)
        return masks

    def _limited_on(self, route_id: str) -> int:
        start = len(self.routes)
        return sum(
            1 << (start + i) for i, p in enumerate(self.limited) if not p.routes or route_id in p.routes
        )

    # --- whole cases -------------------------------------------------------------------------------------

    def alive(self, facts: Mapping[str, str]) -> int:
        """The bits of the rules whose conditions hold for a whole case."""
        alive = self._everything
        for fact, masks in self._masks.items():
            alive &= masks[facts[fact]]
        return alive

    def match(self, facts: Mapping[str, str]) -> Match | None:
        """The rules that apply to a whole case; None where no route takes it."""
        alive = self.alive(facts)
        first = alive & self._route_bits
        if not first:
            return None
        index = (first & -first).bit_length() - 1
        applying = (alive & self._by_route[index]) >> len(self.routes)
        found: list[Limited] = []
        while applying:
            low = applying & -applying
            found.append(self.limited[low.bit_length() - 1])
            applying ^= low
        route = self.routes[index]
        return Match(
            route=route,
            escalation=next((p for p in found if isinstance(p, Escalation)), None),
            clocks=tuple([p for p in found if isinstance(p, Clock)]),
            silences=tuple([p for p in found if isinstance(p, Silence)]),
            duties=tuple([p for p in found if isinstance(p, Duty)]),
            warnings=tuple([p for p in found if isinstance(p, Warn)]),
            window=self.windows.get(route.id),
        )

    @cached_property
    def windows(self) -> dict[str, Clock]:
        """Route id -> the complainant's window that leads to it."""
        return {route: clock for clock in self.pack.clocks for route in clock.opens}

    @cached_property
    def waits(self) -> bool:
        """Whether some clock runs from an event that is itself promised."""
        return any(clock.from_event in PROMISED_BY for clock in self.pack.clocks)

    @cached_property
    def limits(self) -> bool:
        """Whether some window of the complainant's was running before they complained."""
        return any(c.by == "complainant" and c.from_event in BEFORE_RECEIPT for c in self.pack.clocks)

    @cached_property
    def early_exits(self) -> tuple[Clock, ...]:
        """The clocks by whose last day a matter that is resolved leaves the policy."""
        return tuple(clock for clock in self.pack.clocks if clock.early_exit)

    # --- partial cases -----------------------------------------------------------------------------------

    @cached_property
    def space(self) -> Space:
        facts = [(f, fact_values(self.pack, f)) for f in self._order()]
        conditions = [*self._conditions, *(i.when for i in self.pack.impossible)]
        # Whose complaint would be about its own handler must be told apart, whether or not a rule does so.
        conditions += [{"subject": (subject,)} for subject in self.pack.officers.values()]
        conditions += [stated.when for stated in self.pack.properties]
        return Space(levels_for(facts, conditions))

    @cached_property
    def route_root(self) -> Node:
        """The diagram of the route's index; None where no route takes the case."""
        return self.space.decision_list([(i, route.when) for i, route in enumerate(self.routes)], None)

    def applies(self, part: Limited) -> Node:
        """The diagram of whether a limited part applies: its condition holds and its route is chosen."""
        space = self.space
        holds = space.condition(part.when)
        if not part.routes:
            return holds
        wanted = {i for i, route in enumerate(self.routes) if route.id in part.routes}
        return space.both(holds, space.map(self.route_root, lambda i: i in wanted))

    @cached_property
    def escalation_root(self) -> Node:
        space = self.space
        rules = [(i, self.applies(e)) for i, e in enumerate(self.pack.escalations)]
        return space.first_match(rules, None)

    @cached_property
    def window_root(self) -> Node:
        ids = [route.id for route in self.routes]
        return self.space.map(self.route_root, lambda i: i is not None and ids[int(str(i))] in self.windows)

    @cached_property
    def part_roots(self) -> dict[str, Node]:
        """The diagrams of clocks, duties and warnings, by id: the parts that a Decision shows."""
        parts: tuple[Limited, ...] = (*self.pack.clocks, *self.pack.duties, *self.pack.warnings)
        return {part.id: self.applies(part) for part in parts}

    @cached_property
    def outcome_root(self) -> Node:
        """The route as a Decision shows it: two routes that differ only in their reasons count as one."""
        shown = [(r.disposition, r.handler, r.stage, r.stage_name, r.contact) for r in self.routes]
        return self.space.map(
            self.route_root, lambda i: None if i is None else shown.index(shown[int(str(i))])
        )

    @cached_property
    def _outcome_roots(self) -> list[Node]:
        return [self.outcome_root, self.escalation_root, *self.part_roots.values()]

    def under(self, known: Mapping[str, str], roots: list[Node]) -> Restricted:
        """Diagrams with the known facts fixed."""
        fixed = {}
        for depth, level in enumerate(self.space.levels):
            value = known.get(level.fact)
            if value is not None:
                fixed[depth] = level.class_of[value]
        return Restricted(self.space, roots, fixed)

    def needs(self, known: Mapping[str, str]) -> tuple[str, ...]:
        """The unknown facts that can still change the outcome, in asking order."""
        if all(fact in known for fact in self.tested) and not self.windows:
            return ()
        key = frozenset((f, v) for f, v in known.items() if f in self._masks)
        found = self._needs_cache.get(key)
        if found is None:
            found = self._work_out_needs(dict(key))
            if len(self._needs_cache) >= 4096:
                self._needs_cache.clear()
            self._needs_cache[key] = found
        return tuple(f for f in found if f not in known)

    def _work_out_needs(self, known: Mapping[str, str]) -> tuple[str, ...]:
        view = self.under(known, [*self._outcome_roots, self.window_root])
        relevant = view.support(view.roots[:-1])
        if True in view.outcomes(view.roots[-1]):
            relevant.add("previous_response_at")
        return tuple(fact for fact in self.pack.ask_order if fact in relevant)

    # --- defaults ----------------------------------------------------------------------------------------

    def asked_of(self, fact: str) -> str:
        own = self.pack.facts[fact].asked_of if fact in self.pack.facts else None
        return own or (VOCABULARY[fact].asked_of if fact in VOCABULARY else "complainant")

    def default(self, fact: str, known: Mapping[str, str]) -> str | None:
        """What `assume` takes for an unknown fact; None for a date, and where no default is declared."""
        own = self.pack.facts.get(fact)
        if own is not None:
            for special in own.default_when:
                if all(f in known and accepts(test, known[f]) for f, test in special.when.items()):
                    return special.value
            if own.default is not None:
                return own.default
        return VOCABULARY[fact].default if fact in VOCABULARY else None

    def with_defaults(self, known: Mapping[str, str]) -> dict[str, str]:
        """A whole case: what is known, and a default for each other fact that the rules test."""
        whole = dict(known)
        late = [f for f in self.tested if f not in whole and self.pack.facts[f].default_when]
        for fact in [*(f for f in self.tested if f not in whole and f not in late), *late]:
            value = self.default(fact, whole)
            if value is not None:
                whole[fact] = value
        return whole


def condition_words(when: Condition) -> str:
    """A condition in plain words, for findings."""
    cells = []
    for fact, test in when.items():
        values = test if isinstance(test, tuple) else test.values
        cells.append(f"{fact} {'is' if isinstance(test, tuple) else 'is not'} {' or '.join(values)}")
    return " and ".join(cells) or "always"
