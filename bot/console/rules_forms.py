"""A form of the workshop: controls for the cells of a part, and the edits that what was sent asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.console.rules_words import id_of, key_of, shown
from policy_rules.edits import Edit, EditRefused, Put
from policy_rules.edits.cells import Cell, Sort, own_values
from policy_rules.edits.places import SINGLE, Document, Path
from policy_rules.edits.values import cell_default, checked, refused

Said = Callable[[str], str]


@dataclass(slots=True)
class Field:
    """One control: what is chosen or typed now. `first` are the options that stand before the others."""

    cell: Cell
    key: str
    id: str
    chosen: list[str] = field(default_factory=list)
    text: str = ""
    excludes: bool = False
    new: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    usual: tuple[str, ...] = ()
    reads: str = ""

    @property
    def main(self) -> list[tuple[str, str]]:
        """The options that are usually ticked here, and those that are."""
        if not self.usual:
            return list(self.cell.options)
        return [o for o in self.cell.options if o[0] in self.usual or o[0] in self.chosen]

    @property
    def rest(self) -> list[tuple[str, str]]:
        return [] if not self.usual else [o for o in self.cell.options if o not in self.main]


def field_of(document: Document, section: str, name: str, cell: Cell, value: Any) -> Field:
    """The control of a cell with a value of the pack."""
    made = Field(cell, key_of(cell.path), id_of(section, name, *cell.path), reads=shown(cell, value))
    if cell.sort is Sort.CONDITION:
        made.usual = tuple(own_values(document, cell.path[-1]))
        made.excludes = isinstance(value, Mapping)
        values = value.get("not") if isinstance(value, Mapping) else value
        made.chosen = [str(item) for item in values or ()]
    elif cell.sort is Sort.CHOICES:
        made.chosen = [str(item) for item in value or ()]
    elif cell.sort is Sort.LABELS:
        made.labels = {str(k): str(v) for k, v in (value or {}).items()}
    elif cell.sort in (Sort.LINES, Sort.DATES):
        made.text = "\n".join(map(str, value or ()))
    elif cell.sort is Sort.CHOICE:
        made.chosen = [str(value)] if value is not None else []
    elif cell.sort is Sort.YES:
        made.text = str(value) if value is not None else cell_default(cell)
    else:
        made.text = "" if value is None or not isinstance(value, str) else value
    return made


def typed(sent: Any, made: Field) -> Field:
    """The control as it was sent: what was typed stays, right or wrong."""
    key, cell = made.key, made.cell

    def said(name: str) -> str:
        value = sent.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    if cell.sort in (Sort.CONDITION, Sort.CHOICES):
        made.chosen = [str(item) for item in sent.getlist(key) if item]
        made.excludes = said(f"{key}~how") == "not"
        made.new = said(f"{key}~new")
    elif cell.sort is Sort.CHOICE:
        made.chosen = [said(key)] if said(key) else []
        made.new = said(f"{key}~new")
    elif cell.sort is Sort.LABELS:
        names = [*cell.values, *made.labels]
        made.labels = {name: said(f"{key}~{name}") for name in dict.fromkeys(names)}
        made.new = said(f"{key}~new")
    elif cell.sort is Sort.YES:
        made.text = "true" if said(key) else "false"
    else:
        made.text = said(key)
    return made


def value_of(made: Field) -> Any:
    """What a control asks to be written; None clears the cell. What is wrong with it the cell says."""
    cell = made.cell
    if cell.sort is Sort.CONDITION:
        return {"not": made.chosen} if made.excludes and made.chosen else made.chosen or None
    if cell.sort is Sort.CHOICES:
        news = [part.strip() for part in made.new.split(",") if part.strip()] if cell.free else []
        return [*made.chosen, *news] or None
    if cell.sort is Sort.CHOICE:
        if cell.free and made.new:
            return made.new
        return made.chosen[0] if made.chosen else None
    if cell.sort in (Sort.LINES, Sort.DATES):
        return [line.strip() for line in made.text.splitlines() if line.strip()] or None
    if cell.sort is Sort.LABELS:
        found = {name: words for name, words in made.labels.items() if words}
        for line in made.new.splitlines() if cell.free else ():
            name, _, words = line.partition(":")
            found[name.strip()] = words.strip()
        return found or None
    return made.text or None


def same(one: Any, other: Any) -> bool:
    """Whether two values say the same: a tick-list has no order."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping) and set(one) == {"not"} == set(other):
        return same(one["not"], other["not"])
    return bool(one == other) or (not one and not other)


def path_in(section: str, name: str, cell: Cell) -> Path:
    """The whole path of a cell of a part."""
    if section in SINGLE or section == "ask_order":
        return (section, *cell.path)
    return (section, name, *cell.path)


@dataclass(slots=True)
class Asked:
    """What a form asks for: the edits, or what is wrong with it by the id of the control."""

    edits: list[Edit] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    values: dict[Path, Any] = field(default_factory=dict)


def asked(section: str, name: str, fields: Iterable[Field], was: Callable[[Cell], Any]) -> Asked:
    """The edits of a form that was sent. `was` gives what stood in a cell when the page was made."""
    found = Asked()
    for made in fields:
        cell, path = made.cell, path_in(section, name, made.cell)
        if cell.sort in (Sort.EXPECTED, Sort.SPECIAL, Sort.ORDER):
            continue
        wanted = value_of(made)
        before = was(cell)
        if cell.sort is Sort.YES and (wanted == cell_default(cell)) and not before:
            continue
        if same(wanted, before):
            found.values[cell.path] = before
            continue
        strange = [
            value for value in made.chosen if value not in cell.values and value not in _values(before)
        ]
        if strange:
            # A new word is written into the field for new words, never sent as if it had been a choice.
            found.errors[made.id] = refused(
                path, f"{cell.label}: '{strange[0][:60]}' is not among the choices.", strange[0], cell.values
            ).detail
            continue
        try:
            value = checked(cell, _in_order(wanted, before), path)
        except EditRefused as refusal:
            found.errors[made.id] = refusal.detail
            continue
        found.values[cell.path] = value
        if not same(value, before):
            found.edits.append(Put(path, value))
    return found


def _values(value: Any) -> list[str]:
    """The single values of what stands in a cell."""
    found = value.get("not") if isinstance(value, Mapping) else value
    return [str(item) for item in found] if isinstance(found, list) else [str(found)]


def _in_order(wanted: Any, before: Any) -> Any:
    """A tick-list in the order in which it stood, what is new behind it."""
    if isinstance(wanted, Mapping) and isinstance(before, Mapping) and set(wanted) == {"not"}:
        return {"not": _in_order(wanted["not"], before.get("not"))}
    if isinstance(wanted, list) and isinstance(before, list):
        return [
            *(item for item in before if item in wanted),
            *(item for item in wanted if item not in before),
        ]
    return wanted


def grouped(fields: Sequence[Field]) -> list[tuple[str, list[Field]]]:
    """The controls under the headings of their cells."""
    groups: dict[str, list[Field]] = {}
    for made in fields:
        groups.setdefault(made.cell.group, []).append(made)
    return list(groups.items())
