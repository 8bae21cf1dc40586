"""A section of the rules as a grid: a row for each part, a column for each fact that its rules test, and what follows.

A cell leads to the controls of its fields alone; a row leads to those of the whole part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.console.rules_bench import Opened
from bot.console.rules_words import id_of, key_of, part_title, period_words, shown
from policy_rules.edits import Note, changes
from policy_rules.edits import names as words
from policy_rules.edits.cells import Cell, cells, conditions, testable
from policy_rules.edits.places import LISTS, Path, find, names, parts
from policy_rules.edits.uses import uses

# What a section's cells stand under, beside a column for each fact: the heading, and the fields of a cell.
AFTER: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "routes": (
        ("What is done", ("disposition", "handler")),
        ("Stage", ("stage", "stage_name")),
        ("Where the person turns", ("contact",)),
    ),
    "clocks": (("What", ("kind", "by")), ("Time", ("amount", "unit", "from", "first_day")), ("How firm", ("force",))),
    "silent": (("What is not promised", ("kind",)),),
    "escalations": (("Who is next", ("to", "within")), ("Where the person turns", ("contact",))),
    "duties": (
        ("What must be done", ("kind",)),
        ("Time", ("amount", "unit", "from", "first_day", "with", "if_missed")),
    ),
    "warnings": (("What it warns of", ("kind",)),),
    "contacts": tuple((label, (key,)) for label, key in (
        ("Name", "name"), ("E-mail", "email"), ("Phone", "phone"), ("Letters", "post"), ("Web page", "url"),
        ("Checked on", "checked_on"), ("Out of date", "stale.since"),
    )),
    "readings": (("We take it to mean", ("chosen",)), ("It could mean", ("rival",)), ("Clause", ("clause",))),
    "questions": (("The question", ("text",)), ("Why it is asked", ("why",)), ("Words of the choices", ("labels",))),
    "facts": (
        ("Told apart", ("values",)),
        ("Who is asked", ("asked_of",)),
        ("Where nobody says", ("default", "default_when")),
        ("“I don't know” is", ("dont_know",)),
    ),
}  # fmt: skip
WITH_FACTS = ("routes", "clocks", "silent", "escalations", "duties", "warnings", "impossible", "properties")
WITH_ROUTES = ("clocks", "silent", "escalations", "duties", "warnings")
ORDERED = ("routes", "escalations", "facts")
HELP = {
    "routes": "Read from the top: the first rule that fits a case takes it. The last rule has no conditions and takes "
    "the rest.",
    "clocks": "Every time that the policy promises, or gives to the person. At most one of a kind may fit a case.",
    "silent": "Where the policy gives no time, say so here. Otherwise it looks forgotten.",
    "escalations": "Who is next if the person is not content. Read from the top: the first that fits.",
    "duties": "What must be done besides answering, with or without a day.",
    "warnings": "What staff must see before they act on a case.",
    "facts": "What the rules ask about, in the order in which people are asked. Nobody is asked what can no longer "
    "change anything.",
    "questions": "Your own words for the questions. What you leave open is asked in the shared words.",
    "contacts": "Where people turn. Write down the day on which somebody tried a contact.",
    "readings": "Where the policy can be read in two ways: how you read it, and how else one could.",
    "impossible": "Combinations that cannot be. They are left out of every proof.",
    "properties": "What must hold whatever becomes of the rules. Rules that break it cannot be put in force.",
    "examples": "Cases worked out by hand. Each must come out; rules under which one does not cannot be put in force.",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading and the cells that it shows."""

    label: str
    keys: tuple[str, ...]
    fact: str = ""


@dataclass(slots=True)
class Square:
    """One cell of the grid."""

    id: str
    label: str
    keys: str
    text: str
    open: bool = False
    changed: bool = False
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Row:
    """One part of a section."""

    name: str
    title: str
    id: str
    says: str = ""
    clause: str = ""
    readings: tuple[str, ...] = ()
    squares: list[Square] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    state: str = ""
    share: str = ""
    first: bool = False
    last: bool = False


@dataclass(slots=True)
class Table:
    """A section as it is shown."""

    section: str
    columns: list[Column]
    rows: list[Row]
    removed: list[tuple[str, str]]

    @property
    def ordered(self) -> bool:
        return self.section in ORDERED


def _tested(document: Mapping[str, Any], section: str) -> list[str]:
    used = {fact for part in parts(document, section) for fact in part.get("when") or ()}
    return [fact for fact in testable(document) if fact in used]


def columns_of(document: Mapping[str, Any], section: str) -> list[Column]:
    """The columns of a section: only the facts that some rule of it tests."""
    found = [Column("Only for", ("routes",))] if section in WITH_ROUTES else []
    if section in WITH_FACTS:
        found += [
            Column(words.fact_name(fact), (f"when.{fact}",), fact) for fact in _tested(document, section)
        ]
    return found + [Column(label, keys) for label, keys in AFTER.get(section, ())]


def changed_paths(here: Opened) -> dict[Path, str]:
    """The cells and parts that differ from the rules in force: how they do."""
    return {change.path: change.change for change in changes(here.live.document, here.document)}


def table(here: Opened, section: str) -> Table:
    """A section of a draft as a grid."""
    document, differs = here.document, changed_paths(here)
    columns = columns_of(document, section)
    ordered = names(document, section)
    if section == "facts":
        asked = document.get("ask_order") or []
        ordered = sorted(ordered, key=lambda name: asked.index(name) if name in asked else len(asked))
    rows = [_row(here, section, name, columns, differs) for name in ordered]
    if rows:
        rows[0].first = rows[-1].last = True
    removed = [
        (path[1], part_title(here.live.document, section, path[1]))
        for path, how in differs.items()
        if path[0] == section and how == "removed" and len(path) == 2
    ]
    return Table(section, columns, rows, removed)


def _row(here: Opened, section: str, name: str, columns: list[Column], differs: Mapping[Path, str]) -> Row:
    document = here.document
    part = find(document, section, name)
    part = part if isinstance(part, dict) else {}
    known = {key_of(cell.path): cell for cell in cells(document, section, name)}
    notes = here.review.at(section, name)
    row = Row(name, part_title(document, section, name), id_of(section, name), notes=notes)
    row.says = str(part.get("says") or part.get("because") or "")
    row.clause = "" if section == "readings" else str(part.get("clause") or "")
    row.readings = tuple(words.title(str(reading)) for reading in part.get("readings") or ())
    row.state = _state(section, name, differs)
    if section == "routes" and here.review.shares is not None:
        taken, all_cases = here.review.shares.routes.get(name, 0), here.review.shares.possible
        row.share = f"{taken:,} of {all_cases:,} combinations"
    for column in columns:
        row.squares.append(_square(section, name, part, column, known, notes, differs))
    return row


def _state(section: str, name: str, differs: Mapping[Path, str]) -> str:
    how = differs.get((section, name))
    if how in ("added", "moved"):
        return {"added": "new", "moved": "moved"}[how]
    return "changed" if any(path[:2] == (section, name) for path in differs) else ""


def _square(
    section: str, name: str, part: Mapping[str, Any], column: Column, known: Mapping[str, Cell], notes: list[Note],
    differs: Mapping[Path, str],
) -> Square:  # fmt: skip
    own = [known[key] for key in column.keys if key in known]
    values = [(cell, _value(part, cell.path)) for cell in own]
    text, is_open = _text(section, part, column, values)
    paths = {(section, name, *cell.path) for cell in own}
    return Square(
        id_of(section, name, *column.keys[0].split(".")),
        column.label,
        ",".join(key_of(cell.path) for cell in own),
        text,
        is_open,
        any(path in paths and how == "changed" for path, how in differs.items()),
        [note for note in notes if note.path in paths],
    )


def _value(part: Mapping[str, Any], path: Path) -> Any:
    found: Any = part
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _text(
    section: str, part: Mapping[str, Any], column: Column, values: list[tuple[Cell, Any]]
) -> tuple[str, bool]:
    """What a cell says, and whether that is what an empty one says."""
    if column.keys[:2] == ("amount", "unit"):
        return period_words(part), not part.get("amount")
    given = [(cell, value) for cell, value in values if value not in (None, [], {}, "")]
    if not given:
        return (shown(*values[0]) if values else "", True)
    if section == "routes" and column.keys[0] == "disposition":
        return "; ".join(shown(cell, value) for cell, value in given), False
    return ", ".join(shown(cell, value) for cell, value in given), False


# --- sections that are no plain grid -----------------------------------------------------------------------------


def other_facts(document: Mapping[str, Any], section: str) -> list[str]:
    """The facts that no rule of the section tests; on a rule's own page they can be."""
    used = set(_tested(document, section))
    return [words.fact_name(fact) for fact in testable(document) if fact not in used]


def sections_of(here: Opened) -> list[dict[str, Any]]:
    """The sections with how many parts each has, and whether something is said of one."""
    found = []
    for section, label in words.SECTIONS.items():
        notes = [note for note in here.review.notes if note.path[:1] == (section,) and not note.advice]
        if section == "facts":
            notes += [
                note for note in here.review.notes if note.path[:1] == ("ask_order",) and not note.advice
            ]
        count = len(names(here.document, section))
        bad = any(note.blocking for note in notes)
        found.append({"id": section, "label": label, "count": count, "notes": len(notes), "bad": bad})
    return found


def used_by(document: Mapping[str, Any], section: str, name: str) -> list[tuple[str, str, str]]:
    """Who speaks of a part: section, name, and both in words."""
    found = uses(document, section, name)
    return [(s, n, f"{words.ONE_OF[s]} “{part_title(document, s, n)}”") for s, n in found]


def when_words(document: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """The condition of a part as a sentence."""
    found = [
        f"{cell.label}: {shown(cell, part['when'][cell.path[-1]])}"
        for cell in conditions(document)
        if isinstance(part.get("when"), Mapping) and cell.path[-1] in part["when"]
    ]
    return "; ".join(found) or "always"


def is_list(section: str) -> bool:
    return section in LISTS
