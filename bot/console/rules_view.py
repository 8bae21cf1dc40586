"""What stands around every page of a draft: its name, its sections, what is said of it, and who saved meanwhile."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from bot.console.rules_bench import Bench, Opened
from bot.console.rules_table import sections_of
from bot.console.rules_words import address, cell_of, change_words, id_of, key_of, part_title
from bot.console.site import Visit
from policy_rules.diff import Change, Difference
from policy_rules.edits import Note, changes, read
from policy_rules.edits import names as words
from policy_rules.edits.places import SINGLE

STATES = {
    "open": ("Draft", ""),
    "submitted": ("Waits for approval", "warn"),
    "published": ("Published", "good"),
    "withdrawn": ("Given up", ""),
}
FIRST_GROUPS = 3


async def frame(visit: Visit, bench: Bench, here: Opened, section: str) -> dict[str, Any]:
    """The values that every page of a draft needs."""
    draft = here.draft
    state, tone = STATES[draft.state]
    return {
        "title": draft.title,
        "draft": draft,
        "base": f"{visit.home}/rules/drafts/{draft.id}",
        "state": state,
        "tone": tone,
        "may_edit": here.may_edit,
        "sections": sections_of(here),
        "section": section,
        "blocking": len(here.review.blocking),
        "warned": len(here.review.warnings),
        "ready": here.review.can_be_submitted,
        "saved": visit.request.query_params.get("saved") is not None,
        "merged": await merged(visit, bench, here),
        "words": words,
    }


async def merged(visit: Visit, bench: Bench, here: Opened) -> list[str]:
    """What others saved between the page that was sent and what is kept now, in words."""
    since, until = (visit.request.query_params.get(name, "") for name in ("since", "until"))
    if not (since.isdecimal() and until.isdecimal()) or len(since + until) > 12:
        return []
    steps = [step for step in await bench.history(here.draft) if int(since) <= step.number <= int(until)]
    found = []
    for before, after in pairwise(steps):
        if after.by != visit.account.id:
            old, new = read(before.text), read(after.text)
            found += [
                f"{after.by_name}: {change_words(change, old, new)}" for change in changes(old, new)[:6]
            ]
    return found


def panel(here: Opened) -> dict[str, Any]:
    """What is to be mended, and who would be treated differently."""
    notes = [entry(here, note) for note in here.review.notes]
    return {
        "to_mend": [note for note in notes if note["tone"] == "bad"],
        "to_look_at": [note for note in notes if note["tone"] == "warn"],
        "advice": [note for note in notes if not note["tone"]],
        "differs": difference(here.review.difference),
        "compared": here.review.difference is not None,
        "holds": here.review.compiled is not None,
        "wrong_examples": [note.path[1] for note in here.review.notes if note.kind == "example"],
    }


def entry(here: Opened, note: Note) -> dict[str, Any]:
    """A note with where it leads."""
    return {
        "says": note.says,
        "case": note.case,
        "facts": note.facts,
        "kind": note.kind,
        "tone": "bad" if note.blocking else "" if note.advice else "warn",
        "where": where_words(here, note),
        "link": link(here, note),
    }


def where_words(here: Opened, note: Note) -> str:
    """The place that a note speaks of."""
    path = note.path
    if not path:
        return ""
    if path[0] in SINGLE or path[0] == "ask_order":
        one = words.ONE_OF[path[0]]
        return one[:1].upper() + one[1:]
    if len(path) < 2 or path[0] not in words.SECTIONS:
        return words.SECTIONS.get(path[0], words.title(path[0]))
    return f"{words.SECTIONS[path[0]]}: {part_title(here.document, path[0], path[1])}"


def link(here: Opened, note: Note) -> str:
    """Where the cell of a note is, after /{org}/staff: its place in the grid, or the form of its part."""
    path, draft = note.path, here.draft.id
    if not path:
        return address(draft, "checks")
    section = path[0]
    if section in SINGLE or section == "officers":
        return address(draft, "policy") + f"#{id_of('policy', '', *path[:2])}"
    if section == "ask_order":
        return address(draft, "facts")
    if section not in words.SECTIONS:
        return address(draft, "checks")
    if len(path) < 2:
        return address(draft, section)
    if len(path) == 2:
        return f"{address(draft, section)}#{id_of(section, path[1])}"
    cell = cell_of(here.document, path)
    if cell is None:
        return address(draft, section, path[1])
    return (
        f"{address(draft, section, path[1])}#{id_of(section, path[1], *cell.path)}"
        if key_of(cell.path)
        else ""
    )


def _term(change: Change) -> str:
    """One thing that differs for a group: Acknowledge it: 1 working day, was 2 working days."""
    sort, _, kind = change.field.partition(" ")
    name = words.kind_name(kind) if sort == "clock" else words.title(kind if sort == "duty" else change.field)
    return f"{name}: {change.would_be}, was {change.was}."


def difference(found: Difference | None) -> dict[str, Any] | None:
    """Who would be treated differently, in a few lines; None where it was not worked out."""
    if found is None:
        return None
    asked = [part.as_text() for part in found.asking]
    return {
        "same": found.same_treatment,
        "undecided": found.undecided,
        "changed": found.changed,
        "cases": found.cases,
        "groups": [
            {"says": group.says, "changes": [_term(change) for change in group.changes[:2]]}
            for group in found.groups[:FIRST_GROUPS]
        ],
        "more": max(0, len(found.groups) - FIRST_GROUPS),
        "assumed": [group.says for group in found.assumed],
        "facts": found.facts,
        "asked": len(asked),
        "rules": [part.as_text() for part in found.rules],
        "wording": len(found.wording),
    }
