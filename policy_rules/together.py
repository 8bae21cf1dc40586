"""A draft and a version that was published meanwhile, brought together: what the version changed comes into the draft.

Where both changed the same cell, the draft's own value stays, and is named, so that a person looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy_rules.edits import CellChange, Edit, EditRefused, Move, Put, Remove, changes, edited, read
from policy_rules.edits.editing import Add
from policy_rules.edits.places import LISTS, Document, names

MOST = 400


@dataclass(frozen=True, slots=True)
class Together:
    """The text that holds both; `taken` came from the version, `kept` are cells where the draft's own value stayed."""

    text: str
    taken: tuple[CellChange, ...]
    kept: tuple[CellChange, ...]

    def sentence(self, number: int) -> str:
        """What was done, for the history of the draft."""
        taken = f"took over {len(self.taken)} {'change' if len(self.taken) == 1 else 'changes'}"
        said = f"Brought it together with version {number}: {taken}."
        if self.kept:
            listed = "; ".join(" ".join(change.path).replace("_", " ") for change in self.kept[:12])
            said += f" Both had changed these, and this draft's own were kept: {listed}."
        return said


def bring_together(base: str, newest: str, mine: str) -> Together:
    """`mine`, which was made from `base`, with what `newest` changed of it. BrokenPack where one cannot be read."""
    old, new = read(base), read(newest)
    own = changes(old, read(mine))
    text, taken, kept = mine, [], []
    for change in changes(old, new)[:MOST]:
        met = [one for one in own if _meet(one, change)]
        if any(one.now != change.now or one.change != change.change for one in met):
            kept.append(change)
            continue
        if met:
            # Both did the same.
            continue
        try:
            text = edited(text, list(_edits(change, new, read(text))))
            taken.append(change)
        except EditRefused:
            kept.append(change)
    return Together(text, tuple(taken), tuple(kept))


def _meet(mine: CellChange, theirs: CellChange) -> bool:
    if "moved" in (mine.change, theirs.change):
        return mine.path == theirs.path
    short, long = sorted((mine.path, theirs.path), key=len)
    return long[: len(short)] == short


def _edits(change: CellChange, new: Document, here: Document) -> Iterator[Edit]:
    """The edit that makes the change in a document."""
    path = change.path
    if change.change == "changed":
        yield Put(path, change.now)
    elif change.change == "removed":
        yield Remove(path[0], path[1])
    else:
        section, name = path[0], path[1]
        order, there = names(new, section), set(names(here, section))
        place = order.index(name)
        if change.change == "moved":
            yield Move(section, name, next((one for one in order[place + 1 :] if one in there), None))
            return
        fields = dict(change.now) if isinstance(change.now, dict) else {"subject": change.now}
        fields.pop(LISTS.get(section, ""), None)
        before = (
            next((one for one in reversed(order[:place]) if one in there), "") if section in LISTS else None
        )
        yield Add(section, name, fields, before)
