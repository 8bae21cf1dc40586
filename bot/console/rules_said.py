"""Versions, differences and replays as the pages on rules say them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bot.console.rendering import local_time
from bot.console.rules_room import ZONE, Timeline
from cases.drafts import Draft
from cases.rulebook import Version
from policy_rules.compiled import CompiledPack
from policy_rules.diff import Difference, Group
from policy_rules.edges import Edge, edges
from policy_rules.replay import DATES, ELSEWHERE, OTHERWISE, Replayed, Worked
from policy_rules.words import plain

MOST_CHANGES, MOST_LINES, MOST_EDGES = 8, 600, 3
STATES = {
    "open": ("Being worked on", ""),
    "submitted": ("Waits for approval", "warn"),
    "withdrawn": ("Given up", ""),
    "published": ("Published", "good"),
}
SORTS = {
    ELSEWHERE: "would have gone elsewhere",
    DATES: "would have had other days",
    OTHERWISE: "would have differed in something else",
}


def day(value: date) -> str:
    """Friday 1 January 2027."""
    return f"{value:%A} {value.day} {value:%B %Y}"


def since(at: datetime | None) -> str:
    """From when a version is in force: a day, or an instant where it began in the middle of one."""
    if at is None:
        return "the beginning"
    here = at.astimezone(ZONE)
    return day(here.date()) if (here.hour, here.minute) == (0, 0) else f"{here:%A} {local_time(at)}"


def version(one: Version, known: Timeline) -> dict[str, Any]:
    """A version for a table or a page."""
    current, coming = known.at(known.now), known.coming
    state = "Was in force"
    if current is not None and one.number == current.number:
        state = "In force"
    elif one.number in {later.number for later in coming}:
        state = "To come"
    elif one.effective_from is not None and one.effective_from > known.now:
        state = "Replaced before it came"
    return {
        "number": one.number,
        "title": one.title,
        "since": since(one.effective_from),
        "state": state,
        "tone": {"In force": "good", "To come": "warn"}.get(state, ""),
        "author": one.author_name,
        "approver": one.approver_name,
        "approved_at": one.approved_at if one.effective_from is not None else None,
        "reason": one.reason,
        "source": one.source,
        "again_of": one.again_of,
        "intact": one.intact,
    }


def draft_row(one: Draft) -> dict[str, Any]:
    """A draft for the list."""
    state, tone = STATES[one.state]
    return {
        "id": one.id,
        "title": one.title,
        "state": state,
        "tone": tone,
        "author": one.author_name,
        "updated_at": one.updated_at,
        "waits": one.state == "submitted",
        "wanted": "when it is approved" if one.effective_on is None else day(one.effective_on),
    }


def difference(found: Difference | None) -> dict[str, Any] | None:
    """Who would be treated differently, whole; None where it was not compared."""
    if found is None:
        return None
    return {
        "undecided": found.undecided,
        "same": found.same_treatment,
        "changed": found.changed,
        "cases": found.cases,
        "groups": [_group(group) for group in (*found.groups, *found.assumed)],
        "facts": [plain(fact) for fact in found.facts],
        "asking": [part.as_text() for part in found.asking],
        "rules": [part.as_text() for part in found.rules],
        "wording": [part.as_text() for part in found.wording],
    }


def _group(group: Group) -> dict[str, Any]:
    changes = [
        {
            "name": plain(change.field).capitalize(),
            "was": change.was,
            "would_be": change.would_be,
            "share": None if change.count == group.count else change.count,
        }
        for change in group.changes
    ]
    example = group.example
    return {
        "says": group.says,
        "count": group.count,
        "changes": changes[:MOST_CHANGES],
        "more": len(changes) - MOST_CHANGES,
        "example": None
        if example is None
        else {
            "facts": facts_words(example.facts),
            "received": f"{day(example.received_at.astimezone(ZONE).date())}",
            "differs": [
                (plain(name).capitalize(), value_words(was), value_words(now))
                for name, (was, now) in example.differs.items()
            ],
        },
    }


def facts_words(facts: Mapping[str, str]) -> str:
    """A case in a line: subject service, channel chat."""
    return ", ".join(f"{plain(name)}: {plain(value)}" for name, value in facts.items())


def value_words(value: Any) -> str:
    """A field of a Decision on one line."""
    if value in (None, [], {}):
        return "none"
    if isinstance(value, list):
        return "; ".join(value_words(item) for item in value)
    if isinstance(value, dict):
        if "kind" in value:
            due = value.get("due") or value.get("last_day")
            return f"{plain(str(value['kind']))} {value_words(due)}" if due else plain(str(value["kind"]))
        return ", ".join(str(inner) for inner in value.values() if inner) or "none"
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-":
        return day(date.fromisoformat(value))
    return plain(str(value))


def replayed(found: Replayed | None, *, may_see: bool) -> dict[str, Any] | None:
    """What a replay found; references only for who may see cases."""
    if found is None:
        return None
    return {
        "cases": found.cases,
        "looked_at": found.looked_at,
        "left": found.cases - found.looked_at,
        "recent": found.recent,
        "unread": found.unread,
        "assumed": found.assumed,
        "seconds": max(found.seconds, 0.1),
        "same": found.same,
        "counts": [
            {"says": says, "all": found.changed[sort], "recent": found.changed_recent[sort]}
            for sort, says in SORTS.items()
        ],
        "kinds": [
            {
                "what": kind.what,
                "count": kind.count,
                "recent": kind.recent,
                "hidden": kind.hidden,
                "references": kind.references if may_see else [],
                "more": kind.count - kind.hidden - len(kind.references),
            }
            for kind in found.kinds
        ],
        "examples": [_worked(one, may_see=may_see) for one in found.examples],
        "may_see": may_see,
    }


def _worked(one: Worked, *, may_see: bool) -> dict[str, Any]:
    return {
        "reference": one.reference if may_see else None,
        "received": day(one.received_on),
        "facts": facts_words(one.facts),
        "fields": one.fields,
    }


def around(
    old: CompiledPack | None, new: CompiledPack | None, found: Difference | None, effective_from: datetime
) -> list[dict[str, Any]]:
    """The days around the change, for the cases that show it: one of each group, or the usual case."""
    if old is None or new is None:
        return []
    groups = [] if found is None else [*found.groups, *found.assumed]
    shown = [(group.who, group.example.facts) for group in groups if group.example is not None]
    tables = []
    for who, facts in shown or [("the usual case", {})]:
        rows = edges(old, new, facts, effective_from)
        names = [name for name in _names(rows) if any(row.days.get(name) for row in rows)]
        if names:
            tables.append({"who": who, "names": names, "rows": [_edge(row, names) for row in rows]})
        if len(tables) == MOST_EDGES:
            break
    return tables


def _names(rows: Iterable[Edge]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.days))


def _edge(row: Edge, names: Sequence[str]) -> dict[str, Any]:
    here = row.received_at.astimezone(ZONE)
    cells = []
    for name in names:
        was, would_be = row.days.get(name, (None, None))
        due, other = (would_be, was) if row.new else (was, would_be)
        cells.append(
            {
                "due": day(due) if due else "No day",
                "other": None if due == other else (day(other) if other else "no day"),
            }
        )
    return {
        "received": f"{day(here.date())} at {here:%H:%M}",
        "what": row.what,
        "rules": "New" if row.new else "Old",
        "new": row.new,
        "cells": cells,
    }


def lines(old: str, new: str) -> list[tuple[str, str]]:
    """The lines of a text that differ, each with `+`, `-`, a space, or `@` for a place further on."""
    found = []
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2):
        if line.startswith(("---", "+++")):
            continue
        sign, text = line[:1], line[1:]
        found.append(("@", "") if sign == "@" else (sign, text))
        if len(found) >= MOST_LINES:
            found.append(("@", "There are more lines; the whole text stands below."))
            break
    return found
