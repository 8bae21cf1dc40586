"""Packs made at random, and what they say of a case worked out the slow and obvious way."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from policy_rules.compiled import CompiledPack
from policy_rules.loader import Lines, LoadedPack, pack_sha256
from policy_rules.names import check_names
from policy_rules.pack import Condition, Excluded, Limited, Pack

Case = dict[str, str]
DISPOSITIONS = ("accept", "refer_internal", "accept_and_signpost")
CONTACTS = ("complaints", "other_body")


def compiled(document: dict[str, Any]) -> CompiledPack:
    """A pack from its document, by way of every check that the loader makes of names."""
    pack = Pack.model_validate(document)
    assert check_names(pack) == []
    return CompiledPack(LoadedPack(pack, pack_sha256(pack), Lines("random.yml")))


def random_document(
    chance: random.Random, facts: int, values: int, routes: int, *, limited: int = 6, density: float = 0.5
) -> dict[str, Any]:
    """A pack of `routes` routes and `limited` further rules; a cell stands with probability `density`."""
    names = {f"f{i}": [f"v{j}" for j in range(values)] for i in range(facts)}
    document: dict[str, Any] = {
        "organisation": {"id": "random", "name": "Random", "short_name": "Random"},
        "source": {"title": "none", "version": "1", "sha256": "0" * 64},
        "calendar": {"nations": ["england"]},
        "contacts": {
            "complaints": {"name": "Random", "email": "a@random.example", "clause": "1", "says": "Here."},
            "other_body": {"name": "Body", "url": "https://body.example", "clause": "2", "says": "There."},
        },
        "facts": {name: {"values": list(v), "default": v[0]} for name, v in names.items()},
        "ask_order": list(names),
        "impossible": [{"when": random_condition(chance, names, 0.6), "because": "it cannot be"}],
        "routes": [_route(chance, i, random_condition(chance, names, density)) for i in range(routes)],
        "escalations": [],
        "clocks": [],
        "duties": [],
        "warnings": [],
        "silent": [],
    }
    for i in range(limited):
        section = ("escalations", "clocks", "duties", "warnings", "clocks", "silent")[i % 6]
        document[section].append(_limited(chance, section, i, document, names))
    return document


def random_condition(chance: random.Random, names: dict[str, list[str]], density: float) -> dict[str, Any]:
    when: dict[str, Any] = {}
    for fact, values in names.items():
        if chance.random() < density:
            some = chance.sample(values, chance.randint(1, max(1, len(values) - 1)))
            when[fact] = {"not": some} if chance.random() < 0.25 else some
    return when


def _route(chance: random.Random, place: int, when: dict[str, Any]) -> dict[str, Any]:
    disposition = chance.choice(DISPOSITIONS)
    accepted = disposition != "refer_internal"
    return {
        "id": f"r{place}",
        "when": when,
        "disposition": disposition,
        "handler": f"Handler {chance.randrange(4)}",
        "stage": chance.choice([None, "stage_1", "stage_2"]) if accepted else None,
        "contact": chance.choice(CONTACTS),
        "clause": "1",
        "says": "So.",
    }


def _limited(
    chance: random.Random, section: str, place: int, document: dict[str, Any], names: dict[str, list[str]]
) -> dict[str, Any]:
    routes = [route["id"] for route in document["routes"]]
    part: dict[str, Any] = {
        "id": f"{section[:4]}{place}",
        "routes": chance.sample(routes, chance.randint(0, min(3, len(routes)))),
        "when": random_condition(chance, names, 0.3),
        "clause": "1",
        "says": "So.",
    }
    if section == "escalations":
        part |= {"to": f"Next {chance.randrange(3)}"}
    elif section == "clocks":
        kind = chance.choice(["acknowledge", "respond"])
        part |= {"kind": kind, "from": "received", "amount": chance.randint(1, 4), "unit": "working_day"}
        part |= {"force": "will"}
    elif section == "duties":
        part |= {"kind": chance.choice(["record", "tell"])}
    elif section == "warnings":
        part |= {"kind": "conflict"}
    else:
        part |= {"kind": chance.choice(["acknowledge", "respond"])}
    return part


# --- the slow and obvious way ------------------------------------------------------------------------------------


def holds(when: Condition, case: Case) -> bool:
    for fact, test in when.items():
        value = case.get(fact)
        if isinstance(test, Excluded):
            if value in test.values:
                return False
        elif value not in test:
            return False
    return True


def all_cases(values: dict[str, list[str]]) -> Iterator[Case]:
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def is_possible(pack: Pack, case: Case) -> bool:
    return not any(holds(impossible.when, case) for impossible in pack.impossible)


def route_of(pack: Pack, case: Case) -> int | None:
    return next((i for i, route in enumerate(pack.routes) if holds(route.when, case)), None)


def applies(pack: Pack, part: Limited, case: Case) -> bool:
    place = route_of(pack, case)
    if part.routes and (place is None or pack.routes[place].id not in part.routes):
        return False
    return holds(part.when, case)


def outcome(pack: Pack, case: Case) -> Any:
    """(disposition, handler, stage, stage name), or None."""
    place = route_of(pack, case)
    if place is None:
        return None
    route = pack.routes[place]
    return (route.disposition, route.handler, route.stage, route.stage_name)


def shown(pack: Pack, case: Case) -> Any:
    """Everything that a Decision shows, dates apart; None where there is none."""
    place = route_of(pack, case)
    if place is None:
        return None
    contact = pack.contacts[pack.routes[place].contact]
    step = next((e for e in pack.escalations if applies(pack, e, case)), None)
    return (
        outcome(pack, case),
        (contact.email, contact.url),
        (step.to, step.within) if step else None,
        sorted((c.kind, c.amount, c.unit, c.force) for c in pack.clocks if applies(pack, c, case)),
        sorted(d.kind for d in pack.duties if applies(pack, d, case)),
        sorted(w.id for w in pack.warnings if applies(pack, w, case)),
    )
