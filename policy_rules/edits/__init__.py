"""Editing a pack by its parts: text in, edits, text out; comments, order and untouched lines stay as they are.

edited(text, [Put(("clocks", "acknowledgement", "amount"), "1")]) -> text
changes(read(old), read(new)) -> which cells differ
conflicts(edits, base, newest) -> which edits meet what somebody else changed
review(text, today, live=...) -> what `hearout check` says of it, each with its cell, and who is treated otherwise
empty_pack(id, name, short_name) -> the text to begin with
"""

from policy_rules.edits.changes import CellChange, Conflict, changes, conflicts
from policy_rules.edits.editing import Add, Edit, Move, Put, Remove, applied, edited, read
from policy_rules.edits.review import Note, Review, review
from policy_rules.edits.starting import empty_pack
from policy_rules.edits.values import EditRefused

__all__ = [
    "Add",
    "CellChange",
    "Conflict",
    "Edit",
    "EditRefused",
    "Move",
    "Note",
    "Put",
    "Remove",
    "Review",
    "applied",
    "changes",
    "conflicts",
    "edited",
    "empty_pack",
    "read",
    "review",
]
