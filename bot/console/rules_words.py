"""The rules' cells, changes and differences as the workshop's pages say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

from bot.console.cases_words import day
from policy_rules.edits import CellChange
from policy_rules.edits import names as words
from policy_rules.edits.cells import Cell, Sort, cells, contact_options
from policy_rules.edits.places import SINGLE, Path, find
from policy_rules.words import listed

MOST_TOLD = 3


def key_of(path: Path) -> str:
    """The name of a cell in forms and addresses."""
    return ".".join(path)


def id_of(section: str, name: str, *path: str) -> str:
    """The id of a cell on a page: letters, digits and hyphens."""
    text = "-".join((section, name, *path))
    return "c-" + "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in text)


def address(draft: str, section: str, name: str | None = None) -> str:
    """Where a section or a part is edited, after /{org}/staff."""
    here = f"/rules/drafts/{draft}/{section}"
    return here if name is None else f"{here}/{quote(name, safe='')}"


def part_title(document: Mapping[str, Any], section: str, name: str) -> str:
    """What a part is called for people."""
    if section == "contacts":
        return dict(contact_options(document)).get(name) or words.title(name)
    if section in ("facts", "questions"):
        return words.fact_name(name)
    if section in ("examples", "impossible", "officers"):
        return name
    return words.title(name)


def shown(cell: Cell, value: Any) -> str:
    """A value as people read it; what an absent one means."""
    if value is None or value in ([], {}, ""):
        return cell.absent or "not said yet"
    if cell.sort is Sort.CONDITION:
        return _condition(cell, value)
    if cell.sort in (Sort.CHOICES, Sort.ORDER) and isinstance(value, (list, tuple)):
        return listed((cell.name_of(str(item)) for item in value), "and")
    if cell.sort is Sort.CHOICE:
        return cell.name_of(str(value))
    if cell.sort is Sort.YES:
        return "yes" if str(value) == "true" else "no"
    if cell.sort in (Sort.LINES, Sort.DATES) and isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    if cell.sort is Sort.LABELS and isinstance(value, Mapping):
        return "; ".join(f"{cell.name_of(str(k))}: {v}" for k, v in value.items())
    if cell.sort is Sort.DATE:
        return _day(value)
    if cell.sort is Sort.SPECIAL:
        return special(value)
    if cell.sort is Sort.EXPECTED:
        return "as it was worked out"
    return str(value)


def _day(value: Any) -> str:
    try:
        return day(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def _condition(cell: Cell, value: Any) -> str:
    if isinstance(value, Mapping):
        left = value.get("not") or ()
        return f"not {listed((cell.name_of(str(item)) for item in left), 'or')}"
    return listed((cell.name_of(str(item)) for item in value), "or")


def special(value: Any) -> str:
    """`default_when`: from which answers a fact is taken."""
    found = []
    for entry in value if isinstance(value, (list, tuple)) else ():
        when = entry.get("when") or {} if isinstance(entry, Mapping) else {}
        tests = []
        for fact, test in when.items():
            values = test if isinstance(test, list) else (test.get("not") or ())
            named = [words.value_name(fact, str(v)) for v in values]
            denied = "" if isinstance(test, list) else "not "
            tests.append(f"{words.fact_name(fact)} is {denied}{listed(named)}")
        result = entry.get("value") if isinstance(entry, Mapping) else ""
        found.append(f"{listed(tests, 'and')}: {result}")
    return "; ".join(found)


def cell_of(document: Mapping[str, Any], path: Path) -> Cell | None:
    """The cell of a path; None where the document has no such part or field."""
    section = path[0]
    single = section in SINGLE or section == "ask_order"
    name, rest = ("", path[1:]) if single else (path[1] if len(path) > 1 else "", path[2:])
    return next((cell for cell in cells(document, section, name) if cell.path == rest), None)


def change_words(change: CellChange, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """One change in a short sentence: `Acknowledgement, How many: 1, was 2.`"""
    section, path = change.path[0], change.path
    if section in SINGLE or section == "ask_order":
        what = words.ONE_OF[section][:1].upper() + words.ONE_OF[section][1:]
    else:
        there = new if find(new, section, path[1]) is not None else old
        what = f"{part_title(there, section, path[1])} ({words.ONE_OF[section]})"
    if change.change != "changed":
        return f"{what}: {change.change}."
    cell = cell_of(new, path) or cell_of(old, path)
    if cell is None:
        return f"{what}: {words.title(path[-1])} changed."
    if cell.sort in (Sort.LONG, Sort.LABELS, Sort.EXPECTED, Sort.ORDER):
        return f"{what}, {cell.label}: written anew."
    return f"{what}, {cell.label}: {shown(cell, change.now)}, was {shown(cell, change.was)}."


def told(changes: Sequence[CellChange], old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Some changes in a sentence or three."""
    found = [change_words(change, old, new) for change in changes[:MOST_TOLD]]
    more = len(changes) - len(found)
    if more > 0:
        found.append(f"And {more} more.")
    return " ".join(found) or "Nothing that decides anything."


def period_words(part: Mapping[str, Any]) -> str:
    """A time in words: 2 working days, from the day it is received."""
    amount, unit = part.get("amount"), part.get("unit")
    if not amount or not unit:
        if part.get("with"):
            return f"together with: {words.kind_name(str(part['with']))}"
        return "no day"
    one = words.UNITS.get(str(unit), str(unit))
    text = (
        "the same day"
        if str(amount) == "0"
        else f"{amount} {one.removesuffix('s') if str(amount) == '1' else one}"
    )
    event = words.EVENTS.get(str(part.get("from", "received")), str(part.get("from")))
    text += f", from {event}"
    return text + (", that day counted" if part.get("first_day") == "same" and str(amount) != "0" else "")
