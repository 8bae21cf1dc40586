"""Edits of a pack: what an author can do to it, each by the names of its parts, none by the place in a file.

An edit that speaks of something unknown is refused whole; nothing of it is made.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policy_rules.edits import names as words
from policy_rules.edits.cells import Cell, cells, fact_values
from policy_rules.edits.keeping import rewritten
from policy_rules.edits.places import (
    LISTS,
    MAPS,
    NAMED,
    OPEN,
    ORDER,
    SINGLE,
    Document,
    Path,
    find,
    names,
    open_section,
    owner,
    parts,
    put,
)
from policy_rules.edits.uses import strike_out, uses
from policy_rules.edits.values import _NAME, checked, refused, tidy
from policy_rules.facts import VOCABULARY
from policy_rules.loader import read_yaml


@dataclass(frozen=True, slots=True)
class Put:
    """Another value in a cell; None clears it."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Add:
    """A new part: `fields` by their names, `after` the part that it follows (None: at the end, "": at the top)."""

    section: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """A part, and with it what only speaks of it (see `uses.fallout`)."""

    section: str
    name: str


@dataclass(frozen=True, slots=True)
class Move:
    """A part of a list to before another one; None: to the end."""

    section: str
    name: str
    before: str | None


Edit = Put | Add | Remove | Move


def read(text: str) -> Document:
    """The document of a pack's text. BrokenPack where it is not YAML."""
    document, _ = read_yaml(text, "draft")
    return document if isinstance(document, dict) else {}


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; EditRefused where one cannot be, BrokenPack where the text is not YAML."""
    was = read(text)
    return rewritten(text, applied(was, edits), was)


def applied(document: Mapping[str, Any], edits: Iterable[Edit]) -> Document:
    """A copy of the document with the edits made."""
    found: Document = copy.deepcopy(dict(document))
    for edit in edits:
        _ONE[type(edit)](found, edit)
    return found


def path_of(edit: Edit) -> Path:
    """What an edit speaks of."""
    return edit.path if isinstance(edit, Put) else (edit.section, edit.name)


def cell_at(document: Mapping[str, Any], path: Path) -> Cell:
    """The cell of a path; EditRefused names the nearest part or field."""
    section = path[0]
    if section not in ORDER:
        raise refused(path, f"The rules have no part '{section[:60]}'.", section, ORDER)
    name = path[1] if len(path) > 1 and (section in LISTS or section in MAPS) else ""
    part, rest = owner(document, path)
    if name and part is None and section != "officers":
        one = words.ONE_OF[section]
        raise refused(path, f"There is no {one} '{name[:60]}'.", name, names(document, section))
    known = {cell.path: cell for cell in cells(document, section, name)}
    found = known.get(rest)
    if found is None:
        near = [c for c in known if c[:1] == rest[:1]] if len(rest) > 1 else list(known)
        allowed = [".".join(c) for c in near or known]
        one = words.ONE_OF[section]
        raise refused(path, f"A {one} has no '{'.'.join(rest)[:60]}'.", ".".join(rest), allowed)
    return found


def _put(document: Document, edit: Put) -> None:
    path = edit.path
    cell = cell_at(document, path)
    value = checked(cell, edit.value, path)
    section = path[0]
    if section in SINGLE:
        _put_single(document, path, value)
    elif section == "ask_order":
        document["ask_order"] = value or []
        if not value:
            raise refused(path, "Name the facts in the order in which they are asked.")
    elif section == "officers":
        found = open_section(document, "officers")
        put(found, (path[1],), value)
        _drop_if_empty(document, "officers")
    else:
        _put_part(document, path, value)


def _put_single(document: Document, path: Path, value: Any) -> None:
    part = open_section(document, path[0])
    if (
        value is None
        and path[0] != "hours"
        and path[-1] not in ("approved_on", "next_review", "closures", "month_end")
    ):
        raise refused(path, "This cannot be left out.")
    if path[0] == "hours" and not part:
        part.update({"id": _free_name(document, "office_hours")})
    put(part, path[1:], value)


def _put_part(document: Document, path: Path, value: Any) -> None:
    section, name, rest = path[0], path[1], path[2:]
    part = find(document, section, name)
    if not isinstance(part, dict):
        part = {}
        open_section(document, section)[name] = part
    if section in LISTS and rest == (LISTS[section],) and value != name:
        if value is None:
            raise refused(path, "It needs words to be known by.")
        _refuse_taken(document, section, value, path)
    kept = len(part)
    put(part, rest, value)
    if section in ("contacts", "readings", "properties", "impossible", "examples") and kept and not part:
        raise refused(path, "Nothing would be left of it; delete it instead.")


def _add(document: Document, edit: Add) -> None:
    section, path = edit.section, (edit.section, edit.name)
    if section not in LISTS and section not in MAPS:
        raise refused(path, f"Nothing can be added to '{section[:60]}'.", section, [*LISTS, *MAPS])
    _check_name(document, section, edit.name, path)
    _refuse_taken(document, section, edit.name, path)
    where = open_section(document, section)
    if section in MAPS:
        _add_entry(document, where, edit)
        return
    part: dict[str, Any] = {LISTS[section]: edit.name}
    place = len(where)
    if edit.after is not None:
        place = _place(document, section, edit.after) + 1 if edit.after else 0
    where.insert(place, part)
    _fill(document, path, edit.fields)


def _add_entry(document: Document, where: dict[str, Any], edit: Add) -> None:
    if edit.section == "officers":
        _put(document, Put(("officers", edit.name), edit.fields.get("subject")))
        return
    where[edit.name] = {}
    if edit.section == "facts" and edit.name not in (document.get("ask_order") or ()):
        open_section(document, "ask_order").append(edit.name)
    _fill(document, (edit.section, edit.name), edit.fields)


def _fill(document: Document, path: Path, fields: Mapping[str, Any]) -> None:
    """The fields of a new part, each through its cell; mappings are taken apart where their cells are."""
    for name, value in fields.items():
        if name == LISTS.get(path[0]):
            continue
        if path[0] == "examples" and name in _OF_EXAMPLES:
            part = find(document, *path)
            put(part, (name,), _OF_EXAMPLES[name](document, value, (*path, name)))
        elif isinstance(value, Mapping) and name in OPEN:
            for inner, item in value.items():
                _put(document, Put((*path, name, inner), item))
        else:
            _put(document, Put((*path, name), value))


def _example_facts(document: Document, value: Any, path: Path) -> dict[str, str]:
    """The facts of an example: known names with known values."""
    known = [*VOCABULARY, *(name for name in names(document, "facts") if name not in VOCABULARY)]
    for fact, said in dict(value).items():
        if fact not in known:
            raise refused((*path, fact), f"There is no fact '{str(fact)[:60]}'.", fact, known)
        allowed = fact_values(document, fact)
        if allowed and said not in allowed:
            raise refused(
                (*path, fact), f"{words.fact_name(fact)} has no value '{str(said)[:60]}'.", said, allowed
            )
    return {str(fact): str(said) for fact, said in dict(value).items()}


def _example_text(document: Document, value: Any, path: Path) -> str:
    return tidy(str(value))


_OF_EXAMPLES = {
    "facts": _example_facts,
    "received_at": _example_text,
    "first_told_at": _example_text,
    "original_received_at": _example_text,
    "events": lambda document, value, path: {str(k): str(v) for k, v in dict(value).items()},
    "second": _example_text,
}


def _remove(document: Document, edit: Remove) -> None:
    path = (edit.section, edit.name)
    if edit.section not in LISTS and edit.section not in MAPS and edit.section != "hours":
        raise refused(
            path, f"Nothing can be deleted from '{edit.section[:60]}'.", edit.section, [*LISTS, *MAPS]
        )
    if edit.section == "hours":
        document.pop("hours", None)
        return
    if find(document, edit.section, edit.name) is None and edit.name not in names(document, edit.section):
        one = words.ONE_OF[edit.section]
        raise refused(
            path, f"There is no {one} '{edit.name[:60]}'.", edit.name, names(document, edit.section)
        )
    _refuse_used(document, edit, path)
    strike_out(document, edit.section, edit.name)
    where = document[edit.section]
    if edit.section in LISTS:
        del where[_place(document, edit.section, edit.name)]
    else:
        del where[edit.name]
        if edit.section == "facts":
            document["ask_order"] = [name for name in document.get("ask_order") or () if name != edit.name]
    _drop_if_empty(document, edit.section)


def _refuse_used(document: Document, edit: Remove, path: Path) -> None:
    """Contacts and facts that rules still use are not taken from under them."""
    used = uses(document, edit.section, edit.name)
    if edit.section == "contacts" and edit.name == "complaints":
        raise refused(path, "This is where complaints are sent. Change it; it cannot be deleted.")
    if edit.section == "routes" and len(parts(document, "routes")) == 1:
        raise refused(path, "It is the only rule that is left. Change it, or add another one first.")
    if edit.section in ("contacts", "facts") and used:
        told = ", ".join(f"{words.ONE_OF[s]} '{n}'" for s, n in used[:6])
        raise refused(path, f"It is still used: {told}. Change those first.")


def _move(document: Document, edit: Move) -> None:
    path = (edit.section, edit.name)
    if edit.section == "ask_order":
        _move_question(document, edit)
        return
    if edit.section not in LISTS:
        raise refused(path, f"Nothing can be moved in '{edit.section[:60]}'.", edit.section, LISTS)
    where = document.get(edit.section) or []
    part = where.pop(_place(document, edit.section, edit.name))
    place = len(where) if edit.before is None else _place(document, edit.section, edit.before)
    where.insert(place, part)


def _move_question(document: Document, edit: Move) -> None:
    order = [name for name in document.get("ask_order") or () if name != edit.name]
    if len(order) == len(document.get("ask_order") or ()):
        raise refused(("ask_order",), f"'{edit.name[:60]}' is not asked.", edit.name, order)
    place = order.index(edit.before) if edit.before in order else len(order)
    document["ask_order"] = [*order[:place], edit.name, *order[place:]]


def _place(document: Document, section: str, name: str) -> int:
    known = names(document, section)
    if name not in known:
        raise refused((section, name), f"There is no {words.ONE_OF[section]} '{name[:60]}'.", name, known)
    wanted = find(document, section, name)
    return next(i for i, part in enumerate(document[section]) if part is wanted)


def _check_name(document: Document, section: str, name: str, path: Path) -> None:
    if section in ("examples", "impossible", "officers"):
        if not name.strip() or not name.isprintable() or len(name) > 300:
            raise refused(path, "Give it a name of at most 300 characters.")
    elif section == "questions" and name in (*names(document, "facts"), *VOCABULARY):
        return
    elif not _NAME.fullmatch(name):
        raise refused(path, "A name begins with a letter and has a-z, 0-9 and _ alone.", name)


def _refuse_taken(document: Document, section: str, name: str, path: Path) -> None:
    sections = NAMED if section in NAMED else (section,)
    for other in sections:
        if name in names(document, other):
            raise refused(path, f"'{name[:60]}' already names a {words.ONE_OF[other]}.", name)


def _free_name(document: Mapping[str, Any], wanted: str) -> str:
    return free_name(document, "routes", wanted)


def free_name(document: Mapping[str, Any], section: str, wanted: str) -> str:
    """The wanted name, or it with a number where it is taken."""
    sections = NAMED if section in NAMED else (section,)
    taken = {name for other in sections for name in names(document, other)}
    hours = document.get("hours")
    if isinstance(hours, dict):
        taken.add(str(hours.get("id")))
    found, number = wanted, 2
    joint = " " if section in ("examples", "impossible") else "_"
    while found in taken:
        found, number = f"{wanted}{joint}{number}", number + 1
    return found


def _drop_if_empty(document: Document, section: str) -> None:
    if not document.get(section) and section not in ("contacts", "facts", "routes"):
        document.pop(section, None)


_ONE: dict[type, Any] = {Put: _put, Add: _add, Remove: _remove, Move: _move}
