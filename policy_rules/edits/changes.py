"""Which cells of two documents of one pack differ, and how two authors' changes are brought together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from policy_rules.edits.editing import Add, Edit, Move, Put, Remove, path_of
from policy_rules.edits.places import LISTS, MAPS, OPEN, ORDER, Path, find, get, names


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell, part or place that differs. `change` is changed, added, removed or moved."""

    path: Path
    change: str
    was: Any = None
    now: Any = None


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[CellChange]:
    """Every cell that differs between two documents, in the order of a pack."""
    return [change for section in ORDER for change in _of_section(section, old, new)]


def _of_section(section: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[CellChange]:
    was, now = old.get(section), new.get(section)
    if was == now and (section not in MAPS or names(old, section) == names(new, section)):
        return
    if section not in LISTS and section not in MAPS:
        if isinstance(was, dict) or isinstance(now, dict):
            yield from _fields((section,), was or {}, now or {}, open_too=False)
        else:
            yield CellChange((section,), "changed", was, now)
        return
    before, after = names(old, section), names(new, section)
    for name in before:
        if name not in after:
            yield CellChange((section, name), "removed", find(old, section, name))
    for name in after:
        first, second = find(old, section, name), find(new, section, name)
        if name not in before:
            yield CellChange((section, name), "added", None, second)
        elif isinstance(first, dict) and isinstance(second, dict):
            yield from _fields((section, name), first, second, open_too=True)
        elif first != second:
            yield CellChange((section, name), "changed", first, second)
    if section in LISTS:
        yield from (CellChange((section, name), "moved") for name in moved(before, after))


def _fields(
    path: Path, was: Mapping[str, Any], now: Mapping[str, Any], *, open_too: bool
) -> Iterator[CellChange]:
    for field in dict.fromkeys([*was, *now]):
        first, second = was.get(field), now.get(field)
        if first == second:
            continue
        mappings = all(value is None or isinstance(value, Mapping) for value in (first, second))
        if open_too and field in OPEN and mappings:
            yield from _fields((*path, field), first or {}, second or {}, open_too=False)
        else:
            yield CellChange((*path, field), "changed", first, second)


def moved(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The names that stand in another order: the fewest that, put elsewhere, make the one list the other."""
    kept = [name for name in before if name in set(after)]
    now = [name for name in after if name in set(before)]
    same = set()
    for block in SequenceMatcher(None, kept, now, autojunk=False).get_matching_blocks():
        same.update(kept[block.a : block.a + block.size])
    return [name for name in now if name not in same]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A cell that two people changed to different values: what it was, theirs and mine."""

    edit: Edit
    theirs: CellChange
    was: Any
    now: Any
    mine: Any


def conflicts(edits: Iterable[Edit], base: Mapping[str, Any], newest: Mapping[str, Any]) -> list[Conflict]:
    """Which of my edits of `base` meet something that was changed since; the others go on top of `newest`."""
    theirs = changes(base, newest)
    found = []
    for edit in edits:
        met = next((change for change in theirs if _meet(edit, change, newest)), None)
        if met is not None:
            path = path_of(edit)
            mine = edit.value if isinstance(edit, Put) else None
            found.append(Conflict(edit, met, get(base, path), get(newest, path), mine))
    return found


def _meet(edit: Edit, change: CellChange, newest: Mapping[str, Any]) -> bool:
    path, other = path_of(edit), change.path
    if isinstance(edit, Add):
        # A name that is taken meanwhile gets a number; nothing is lost.
        return False
    if isinstance(edit, Move):
        return other == path and change.change in ("moved", "removed")
    if isinstance(edit, Remove):
        return other[: len(path)] == path and change.change != "moved" and change.change != "removed"
    if change.change == "moved":
        return False
    within = other[: len(path)] == path or path[: len(other)] == other
    return within and get(newest, path) != edit.value


def as_json(edit: Edit) -> dict[str, Any]:
    """An edit as plain data, for a page that asks which of two values is meant."""
    if isinstance(edit, Put):
        return {"put": list(edit.path), "value": edit.value}
    if isinstance(edit, Add):
        return {"add": [edit.section, edit.name], "fields": dict(edit.fields), "after": edit.after}
    if isinstance(edit, Move):
        return {"move": [edit.section, edit.name], "before": edit.before}
    return {"remove": [edit.section, edit.name]}


def from_json(said: Any) -> Edit:
    """The edit of `as_json`. ValueError for anything else: what it asks for is checked when it is made."""
    if isinstance(said, dict):
        for kind in ("put", "add", "move", "remove"):
            path = said.get(kind)
            if isinstance(path, list) and path and all(isinstance(step, str) for step in path):
                return _edit(kind, tuple(path), said)
    raise ValueError("this is no edit")


def _edit(kind: str, path: Path, said: Mapping[str, Any]) -> Edit:
    if kind == "put":
        return Put(path, said.get("value"))
    if len(path) != 2:
        raise ValueError("this is no edit")
    before, after, fields = said.get("before"), said.get("after"), said.get("fields") or {}
    if not isinstance(fields, dict) or not all(v is None or isinstance(v, str) for v in (before, after)):
        raise ValueError("this is no edit")
    if kind == "add":
        return Add(path[0], path[1], fields, after)
    return Move(path[0], path[1], before) if kind == "move" else Remove(path[0], path[1])
