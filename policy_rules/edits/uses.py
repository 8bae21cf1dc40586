"""Who speaks of a part of a pack, and what becomes of them when it is deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_rules.edits.places import RULES, Document, names, parts

# A list of routes that becomes empty would mean all routes: whatever is limited to a deleted route alone goes with it.
Use = tuple[str, str]


def uses(document: Mapping[str, Any], section: str, name: str) -> list[Use]:
    """The parts that name another one: (section, name) of each."""
    return list(dict.fromkeys(_USES[section](document, name))) if section in _USES else []


def fallout(document: Mapping[str, Any], section: str, name: str) -> list[Use]:
    """The parts that are deleted together with a part, since they speak of nothing else."""
    if section != "routes":
        return []
    return [
        (other, str(part.get("id", "")))
        for other in RULES
        for part in parts(document, other)
        if part.get("routes") == [name]
    ]


def strike_out(document: Document, section: str, name: str) -> None:
    """Take a name out of every list that has it; parts that spoke of it alone go."""
    for other, gone in fallout(document, section, name):
        document[other] = [part for part in document[other] if part.get("id") != gone]
        if not document[other]:
            del document[other]
    if section == "routes":
        _strike_route(document, name)
    elif section == "readings":
        for part in _citing(document):
            _without(part, "readings", name)
    elif section == "facts":
        for example in parts(document, "examples"):
            if isinstance(example.get("facts"), dict):
                example["facts"].pop(name, None)
        document["questions"] = [q for q in parts(document, "questions") if q.get("id") != name]
        if not document["questions"]:
            del document["questions"]


def _strike_route(document: Document, name: str) -> None:
    for section in RULES:
        for part in parts(document, section):
            _without(part, "routes", name)
            _without(part, "opens", name)
    for stated in parts(document, "properties"):
        for under in ("never", "always", "unless"):
            if isinstance(stated.get(under), dict):
                _without(stated[under], "route", name)


def _without(part: dict[str, Any], field: str, name: str) -> None:
    found = part.get(field)
    if isinstance(found, list) and name in found:
        part[field] = [item for item in found if item != name]
        if not part[field]:
            del part[field]


def _citing(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for section in RULES:
        yield from parts(document, section)
    contacts = document.get("contacts")
    if isinstance(contacts, dict):
        yield from (contact for contact in contacts.values() if isinstance(contact, dict))
    if isinstance(document.get("hours"), dict):
        yield document["hours"]


def _of_route(document: Mapping[str, Any], name: str) -> Iterator[Use]:
    for section in RULES:
        for part in parts(document, section):
            if name in (part.get("routes") or ()) or name in (part.get("opens") or ()):
                yield section, str(part.get("id", ""))
    for stated in parts(document, "properties"):
        if any(name in ((stated.get(u) or {}).get("route") or ()) for u in ("never", "always", "unless")):
            yield "properties", str(stated.get("id", ""))


def _of_contact(document: Mapping[str, Any], name: str) -> Iterator[Use]:
    for section in ("routes", "escalations", "clocks"):
        for part in parts(document, section):
            extension = part.get("extension")
            given = extension.get("contact") if isinstance(extension, dict) else None
            if name in (part.get("contact"), given):
                yield section, str(part.get("id", ""))
    for stated in parts(document, "properties"):
        if any(name in ((stated.get(u) or {}).get("contact") or ()) for u in ("never", "always", "unless")):
            yield "properties", str(stated.get("id", ""))


def _of_fact(document: Mapping[str, Any], name: str) -> Iterator[Use]:
    for section in (*RULES, "properties", "impossible", "questions"):
        for part in parts(document, section):
            if name in (part.get("when") or ()):
                yield section, str(part.get("id") or part.get("because", ""))
    found = document.get("facts")
    for other in names(document, "facts"):
        entry = found[other] if isinstance(found, dict) else None
        for special in (entry or {}).get("default_when") or ():
            if name in (special.get("when") or ()):
                yield "facts", other


def _of_reading(document: Mapping[str, Any], name: str) -> Iterator[Use]:
    for section in RULES:
        for part in parts(document, section):
            if name in (part.get("readings") or ()):
                yield section, str(part.get("id", ""))
    contacts = document.get("contacts")
    for key, contact in contacts.items() if isinstance(contacts, dict) else ():
        if isinstance(contact, dict) and name in (contact.get("readings") or ()):
            yield "contacts", key


_USES = {"routes": _of_route, "contacts": _of_contact, "facts": _of_fact, "readings": _of_reading}
