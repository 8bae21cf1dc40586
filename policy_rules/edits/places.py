"""Where things stand in a pack's document: sections, their parts by name, and fields by path.

A path is a tuple of names: ("routes", "department", "when", "subject"), ("contacts", "complaints", "email"),
("calendar", "nations"), ("ask_order",).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]
Path = tuple[str, ...]
Part = dict[str, Any]

# Lists of parts and the field that names one; mappings whose keys name them; what there is one of.
LISTS = {
    "routes": "id", "escalations": "id", "clocks": "id", "silent": "id", "duties": "id", "warnings": "id",
    "properties": "id", "readings": "id", "questions": "id", "examples": "name", "impossible": "because",
}  # fmt: skip
MAPS = ("contacts", "facts", "officers")
SINGLE = ("organisation", "source", "calendar", "hours")
RULES = ("routes", "escalations", "clocks", "silent", "duties", "warnings")
# What its author calls a rule is its id; these may not be shared between sections.
NAMED = (*RULES, "readings", "properties")
ORDER = (
    "organisation", "source", "calendar", "hours", "contacts", "facts", "ask_order", "impossible", "officers",
    "routes", "escalations", "clocks", "silent", "duties", "warnings", "properties", "readings", "questions",
    "examples",
)  # fmt: skip
# Fields whose entries are cells of their own.
OPEN = ("when", "extension", "latest", "stale", "never", "always", "unless")
# The order of a part's fields, as the packs are written.
FIELDS = (
    "id", "name", "short_name", "kind", "when", "routes", "opens", "disposition", "handler", "to", "within", "stage",
    "stage_name", "contact", "by", "from", "or_later", "with", "if_missed", "amount", "unit", "first_day", "latest",
    "extension", "may_stop", "early_exit", "discretion", "force", "email", "phone", "post", "url", "checked_on",
    "stale", "values", "asked_of", "default", "dont_know", "default_when", "never", "always", "unless", "title",
    "version", "approved_on", "next_review", "sha256", "nations", "timezone", "closures", "month_end",
    "closes", "days", "bank_holidays", "facts", "received_at", "first_told_at", "original_received_at", "events",
    "expect", "text", "why", "labels", "optional", "clause", "says", "chosen", "rival", "readings", "because", "story",
    "second",
)  # fmt: skip
_RANK = {name: place for place, name in enumerate(FIELDS)}


def identity(item: Any) -> str:
    """What one item of a list is known by."""
    if isinstance(item, Mapping):
        for field in ("id", "name", "because"):
            if isinstance(item.get(field), str):
                return f"{field}:{item[field]}"
    return repr(item)


def parts(document: Mapping[str, Any], section: str) -> list[Part]:
    """The parts of a section that is a list; whatever is none is left out."""
    found = document.get(section)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def names(document: Mapping[str, Any], section: str) -> list[str]:
    """What the parts of a section are called, in order."""
    if section in LISTS:
        return [str(part.get(LISTS[section], "")) for part in parts(document, section)]
    found = document.get(section)
    return [str(name) for name in found] if isinstance(found, dict) else []


def find(document: Mapping[str, Any], section: str, name: str) -> Any:
    """A part by its name; None where there is none."""
    if section in LISTS:
        return next((part for part in parts(document, section) if part.get(LISTS[section]) == name), None)
    found = document.get(section)
    return found.get(name) if isinstance(found, dict) else None


def owner(document: Mapping[str, Any], path: Path) -> tuple[Any, Path]:
    """The part that a path speaks of, and the rest of the path within it; (None, ...) where there is no such part."""
    section = path[0]
    if section in LISTS or section in MAPS:
        if len(path) < 2:
            return document.get(section), ()
        return find(document, section, path[1]), path[2:]
    return document.get(section), path[1:]


def get(document: Mapping[str, Any], path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    found, rest = owner(document, path)
    for step in rest:
        if not isinstance(found, Mapping):
            return None
        found = found.get(step)
    return found


def put(part: Part, rest: Path, value: Any) -> None:
    """Set a field of a part; None takes it away, and what it leaves empty goes with it."""
    if len(rest) == 1:
        if value is None:
            part.pop(rest[0], None)
        else:
            _place(part, rest[0], value)
        return
    inner = part.get(rest[0])
    if not isinstance(inner, dict):
        if value is None:
            return
        inner = {}
        _place(part, rest[0], inner)
    put(inner, rest[1:], value)
    if not inner:
        part.pop(rest[0], None)


def _place(part: Part, name: str, value: Any) -> None:
    """Set a field; a new one has its usual place among the others."""
    if name in part or name not in _RANK:
        part[name] = value
        return
    entries = list(part.items())
    place = next((i for i, (key, _) in enumerate(entries) if _RANK.get(key, 0) > _RANK[name]), len(entries))
    entries.insert(place, (name, value))
    part.clear()
    part.update(entries)


def open_section(document: Document, section: str) -> Any:
    """A section that may be changed; an absent one is made, in its usual place."""
    found = document.get(section)
    if found is None:
        found = [] if section in LISTS or section == "ask_order" else {}
        entries = list(document.items())
        rank = ORDER.index(section)
        place = next(
            (i for i, (key, _) in enumerate(entries) if key in ORDER and ORDER.index(key) > rank),
            len(entries),
        )
        if section in document:
            document[section] = found
            return found
        entries.insert(place, (section, found))
        document.clear()
        document.update(entries)
    return found
