"""Advice on a pack that is sound: an order that would ask fewer questions, choices that make no difference, and
how many cases each route takes. Advice is never a finding: an author may have good reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policy_rules.compiled import CompiledPack
from policy_rules.facts import VOCABULARY
from policy_rules.levels import accepts
from policy_rules.limits import Budget, Undecided, too_large
from policy_rules.names import fact_values
from policy_rules.questions import PERSON_FACTS, needs_of_person
from policy_rules.verify import shares
from policy_rules.words import listed

# A better order is worth a line only if it saves this many questions a person, on average.
MARGIN = 0.1
SOME_DAY = "2026-12-01"
Known = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shorter:
    """An asking order that asks fewer facts: on average over all answers, each as likely as another, and of one
    person (`facts`), for whom it saves most.
    """

    order: tuple[str, ...]
    asks: float
    asked_now: float
    facts: dict[str, str]
    questions: tuple[str, ...]
    questions_now: tuple[str, ...]

    def as_text(self) -> str:
        person = ", ".join(f"{fact}={value}" for fact, value in self.facts.items())
        return (
            f"'ask_order' asks {self.asked_now:.2f} facts of a person on average; the order "
            f"{listed(self.order, 'then')} would ask {self.asks:.2f}. Example: {person or 'any'} is asked "
            f"{listed(self.questions_now, 'and') or 'nothing'} now, and would be asked "
            f"{listed(self.questions, 'and') or 'nothing'}."
        )


class Interview:
    """The facts that a person is asked under any order, with what the rules need worked out once."""

    def __init__(self, compiled: CompiledPack, budget: Budget | None = None) -> None:
        self._compiled = compiled
        self._budget = budget
        self._relevant: dict[Known, frozenset[str]] = {}
        self._choices: dict[str, tuple[tuple[str, float], ...]] = {}

    def order(self) -> tuple[str, ...]:
        """The facts whose place matters: those that a complainant may be asked before the questions about them."""
        asked = {f for f in self._compiled.tested if self._compiled.asked_of(f) == "complainant"}
        asked |= {"previous_response_at"} if self._compiled.windows else set()
        return tuple(f for f in self._compiled.pack.ask_order if f in asked and f not in PERSON_FACTS)

    def relevant(self, known: Known) -> frozenset[str]:
        """The facts that could be asked next."""
        found = self._relevant.get(known)
        if found is None:
            if self._budget is not None:
                self._budget.look()
            needs = needs_of_person(self._compiled, dict(known), ())
            found = self._relevant[known] = frozenset(needs).difference(PERSON_FACTS)
        return found

    def choices(self, fact: str) -> tuple[tuple[str, float], ...]:
        """Answers that make a difference, each with its share of the answers offered."""
        found = self._choices.get(fact)
        if found is None:
            found = self._choices[fact] = tuple(self._grouped(fact))
        return found

    def _grouped(self, fact: str) -> Iterator[tuple[str, float]]:
        if fact in VOCABULARY and VOCABULARY[fact].is_date:
            yield SOME_DAY, 1.0
            return
        pack = self._compiled.pack
        offered = pack.facts[fact].values or fact_values(pack, fact)
        level = next(level for level in self._compiled.space.levels if level.fact == fact)
        implied = [special.when for own in pack.facts.values() for special in own.default_when]
        groups: dict[object, list[str]] = {}
        for value in offered:
            key = (level.class_of[value], tuple(accepts(when.get(fact), value) for when in implied))
            groups.setdefault(key, []).append(value)
        for values in groups.values():
            yield values[0], len(values) / len(offered)

    def expected(self, order: Sequence[str]) -> float:
        """How many facts a person is asked on average."""
        memo: dict[Known, float] = {}

        def asked(known: Known) -> float:
            found = memo.get(known)
            if found is None:
                relevant = self.relevant(known)
                fact = next((f for f in order if f in relevant), None)
                found = 0.0
                if fact is not None:
                    rest = (share * asked(known | {(fact, v)}) for v, share in self.choices(fact))
                    found = 1 + sum(rest)
                memo[known] = found
            return found

        return asked(frozenset())

    def people(self, order: Sequence[str]) -> Iterator[dict[str, str]]:
        """One person for every way through the interview."""
        waiting: list[Known] = [frozenset()]
        while waiting:
            known = waiting.pop()
            relevant = self.relevant(known)
            fact = next((f for f in order if f in relevant), None)
            if fact is None:
                yield dict(known)
            else:
                waiting += [known | {(fact, value)} for value, _ in self.choices(fact)]

    def asked(self, order: Sequence[str], person: dict[str, str]) -> tuple[str, ...]:
        """The facts that one person is asked, who answers what `person` says, else the first choice."""
        known: Known = frozenset()
        found: list[str] = []
        while True:
            relevant = self.relevant(known)
            fact = next((f for f in order if f in relevant), None)
            if fact is None:
                return tuple(found)
            found.append(fact)
            known |= {(fact, person.get(fact, self.choices(fact)[0][0]))}


def shorter_order(compiled: CompiledPack, budget: Budget | None = None) -> Shorter | None:
    """A better order by more than the margin, found by moving one fact at a time; None if there is none.

    Undecided when the time runs out.
    """
    interview = Interview(compiled, budget or Budget())
    now = best = interview.order()
    asked_now = least = interview.expected(now)
    improved = True
    while improved:
        improved = False
        for order in _moves(best):
            asks = interview.expected(order)
            if asks < least - 1e-9:
                best, least, improved = order, asks, True
    if asked_now - least <= MARGIN:
        return None

    def saved(person: dict[str, str]) -> int:
        return len(interview.asked(now, person)) - len(interview.asked(best, person))

    person = max(interview.people(now), key=saved)
    facts = {fact: person[fact] for fact in now if fact in person}
    return Shorter(best, least, asked_now, facts, interview.asked(best, person), interview.asked(now, person))


def _moves(order: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for place, fact in enumerate(order):
        rest = order[:place] + order[place + 1 :]
        for other in range(len(order)):
            if other != place:
                yield (*rest[:other], fact, *rest[other:])


def idle_choices(compiled: CompiledPack) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Facts with choices that people are offered and that no rule tells apart."""
    for level in compiled.space.levels:
        offered = compiled.pack.facts[level.fact].values if level.fact in compiled.pack.facts else ()
        for group in level.classes:
            same = tuple(value for value in offered if value in group)
            if len(same) > 1:
                yield level.fact, same


def advice(compiled: CompiledPack, budget: Budget | None = None) -> list[str]:
    """Every piece of advice as a sentence with file and line, and the routes with the cases that they take."""
    lines = compiled.loaded.lines
    size = too_large(compiled.pack)
    if size is not None:
        return [lines.say((), f"advice: none, because {size}.")]
    found = []
    taken = shares(compiled)
    for i, route in enumerate(compiled.routes):
        cases = taken.routes[route.id]
        share = f"{100 * cases / taken.possible:.1f}%" if taken.possible else "none"
        says = f"'{route.id}' takes {cases:,} of {taken.possible:,} cases ({share})."
        found.append(lines.say(("routes", i), says))
    for fact, same in idle_choices(compiled):
        found.append(lines.say(("facts", fact), f"advice: no rule tells apart {fact} {listed(same, 'and')}."))
    try:
        better = shorter_order(compiled, budget)
        if better is not None:
            found.append(lines.say(("ask_order",), f"advice: {better.as_text()}"))
    except Undecided as stopped:
        found.append(lines.say(("ask_order",), f"advice on 'ask_order': undecided, because {stopped}."))
    return found
