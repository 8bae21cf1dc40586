"""Checks that need the whole pack: every name that a part refers to exists, and each id stands once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy_rules.clock_names import check_clocks
from policy_rules.errors import hint, nearest
from policy_rules.facts import VOCABULARY
from policy_rules.pack import Condition, Excluded, Limited, Pack

Location = tuple[str | int, ...]
Finding = tuple[Location, str]

SECTIONS = ("routes", "escalations", "clocks", "silent", "duties", "warnings")
BUILT_IN_WARNINGS = ("review_overdue", "stale_contact", "outside_window")


def fact_values(pack: Pack, name: str) -> tuple[str, ...]:
    """Every value of a fact that this pack accepts: the vocabulary's and its own."""
    base = VOCABULARY[name].values if name in VOCABULARY else ()
    own = pack.facts[name].values if name in pack.facts else ()
    return (*base, *(value for value in own if value not in base))


def known_facts(pack: Pack) -> list[str]:
    return [*VOCABULARY, *(name for name in pack.facts if name not in VOCABULARY)]


def _condition(pack: Pack, when: Condition, path: Location) -> Iterator[Finding]:
    known = known_facts(pack)
    for fact, test in when.items():
        here = (*path, fact)
        if fact not in known:
            yield here, f"unknown fact '{fact}'; {hint(fact, known)}"
            continue
        if fact in VOCABULARY and VOCABULARY[fact].is_date:
            yield here, f"'{fact}' is a date; a rule cannot test it."
            continue
        if fact not in pack.facts:
            yield here, f"'{fact}' is tested here but not listed under 'facts'; add it there."
        allowed = fact_values(pack, fact)
        for value in test.values if isinstance(test, Excluded) else test:
            if value not in allowed:
                yield here, f"unknown value '{value}' of {fact}; {hint(value, allowed)}"


def _facts(pack: Pack) -> Iterator[Finding]:
    for name, fact in pack.facts.items():
        here: Location = ("facts", name)
        if name not in VOCABULARY and not fact.values:
            close = nearest(name, VOCABULARY)
            cure = f"did you mean '{close}'?" if close else "list its values."
            yield here, f"'{name}' is not in the vocabulary and has no values; {cure}"
        for what, value in (("default", fact.default), ("dont_know", fact.dont_know)):
            if value is not None and value not in fact_values(pack, name):
                yield here, f"{what} '{value}' is no value of {name}; {hint(value, fact_values(pack, name))}"
        for i, special in enumerate(fact.default_when):
            yield from _condition(pack, special.when, (*here, "default_when", i, "when"))
            if special.value not in fact_values(pack, name):
                yield (*here, "default_when", i), f"'{special.value}' is no value of {name}."
        if name not in pack.ask_order:
            yield here, f"fact '{name}' is not in 'ask_order'; say when it is asked."
    for i, name in enumerate(pack.ask_order):
        if name not in pack.facts:
            yield ("ask_order", i), f"'{name}' is not listed under 'facts'; {hint(name, pack.facts)}"


def _ids(pack: Pack) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for section in (*SECTIONS, "readings", "properties"):
        for i, part in enumerate(getattr(pack, section)):
            if part.id in seen:
                yield (section, i, "id"), f"the id '{part.id}' already names one of the {seen[part.id]}."
            seen.setdefault(part.id, section)


def _limited(pack: Pack) -> Iterator[Finding]:
    routes = [route.id for route in pack.routes]
    for section in SECTIONS:
        for i, part in enumerate(getattr(pack, section)):
            yield from _condition(pack, part.when, (section, i, "when"))
            if isinstance(part, Limited):
                for name in (*part.routes, *getattr(part, "opens", ())):
                    if name not in routes:
                        yield (section, i, "routes"), f"unknown route '{name}'; {hint(name, routes)}"


def _references(pack: Pack) -> Iterator[Finding]:
    readings = [reading.id for reading in pack.readings]
    cited = {(s, i): p.readings for s in SECTIONS for i, p in enumerate(getattr(pack, s))}
    for (section, i), names in cited.items():
        for name in names:
            if name not in readings:
                yield (section, i, "readings"), f"unknown reading '{name}'; {hint(name, readings)}"
    for key, contact in pack.contacts.items():
        for name in contact.readings:
            if name not in readings:
                yield ("contacts", key, "readings"), f"unknown reading '{name}'; {hint(name, readings)}"
    for name in pack.hours.readings if pack.hours else ():
        if name not in readings:
            yield ("hours", "readings"), f"unknown reading '{name}'; {hint(name, readings)}"
    for i, route in enumerate(pack.routes):
        if route.contact not in pack.contacts:
            cure = hint(route.contact, pack.contacts)
            yield ("routes", i, "contact"), f"unknown contact '{route.contact}'; {cure}"
    for i, escalation in enumerate(pack.escalations):
        if escalation.contact is not None and escalation.contact not in pack.contacts:
            cure = hint(escalation.contact, pack.contacts)
            yield ("escalations", i, "contact"), f"unknown contact '{escalation.contact}'; {cure}"
    if "complaints" not in pack.contacts:
        yield ("contacts",), "a contact named 'complaints' is missing: where complaints are sent."


def _shapes(pack: Pack) -> Iterator[Finding]:
    for i, route in enumerate(pack.routes):
        if route.disposition == "close_no_further_action" and route.handler is not None:
            yield ("routes", i, "handler"), "a closed matter has no handler; remove it."
        if route.disposition != "close_no_further_action" and not route.handler:
            yield ("routes", i), "say who takes it: 'handler' is missing."
        accepted = route.disposition in ("accept", "accept_and_signpost")
        if route.stage is not None and not accepted:
            yield ("routes", i, "stage"), f"a {route.disposition} has no stage; remove it."
    for i, duty in enumerate(pack.duties):
        if (duty.amount is None) != (duty.unit is None):
            yield ("duties", i), "give both 'amount' and 'unit', or neither."
    for i, clock in enumerate(pack.clocks):
        if clock.opens and clock.by != "complainant":
            yield ("clocks", i, "opens"), "only a window of the complainant opens another route."


def _questions_and_examples(pack: Pack) -> Iterator[Finding]:
    for i, question in enumerate(pack.questions):
        yield from _condition(pack, question.when, ("questions", i, "when"))
    known = known_facts(pack)
    for i, example in enumerate(pack.examples):
        for fact, value in example.facts.items():
            here: Location = ("examples", i, "facts", fact)
            if fact not in known:
                yield here, f"unknown fact '{fact}'; {hint(fact, known)}"
            elif (allowed := fact_values(pack, fact)) and value not in allowed:
                yield here, f"unknown value '{value}' of {fact}; {hint(value, allowed)}"
    for i, impossible in enumerate(pack.impossible):
        yield from _condition(pack, impossible.when, ("impossible", i, "when"))


def _properties(pack: Pack) -> Iterator[Finding]:
    kinds = {c.kind for c in pack.clocks} | {s.kind for s in pack.silent} | {"acknowledge", "respond"}
    handlers = {handler for route in pack.routes if (handler := route.handler) is not None}
    allowed: dict[str, Iterable[str]] = {
        "route": [route.id for route in pack.routes],
        "handler": sorted(handlers),
        "contact": pack.contacts,
        "clocks": sorted(kinds),
        "duties": sorted({duty.kind for duty in pack.duties}),
        "warnings": sorted({warning.kind for warning in pack.warnings} | {"conflict"}),
    }
    for i, stated in enumerate(pack.properties):
        yield from _condition(pack, stated.when, ("properties", i, "when"))
        if (stated.never is None) == (stated.always is None):
            yield ("properties", i), "give either 'never' or 'always'."
        for part in ("never", "always", "unless"):
            outcomes = getattr(stated, part)
            if outcomes is None:
                continue
            if not any(getattr(outcomes, field) for field in type(outcomes).model_fields):
                yield ("properties", i, part), f"'{part}' names no outcome; name one."
            for field, names in allowed.items():
                for name in getattr(outcomes, field):
                    if name not in names:
                        here = ("properties", i, part, field)
                        yield here, f"unknown {field.removesuffix('s')} '{name}'; {hint(name, names)}"


def check_names(pack: Pack) -> list[Finding]:
    """Every broken reference of the pack, with the place where it stands."""
    checks = (
        _facts,
        _ids,
        _limited,
        _references,
        _shapes,
        check_clocks,
        _properties,
        _questions_and_examples,
    )
    return [finding for check in checks for finding in check(pack)]
