"""What is held of a person as an accessible PDF, from what cases.access gathered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from handoff.letters.pdf import set_pages

LAYOUT = Path(__file__).with_name("held.typ")
TITLE = "What we hold about you"
# How the tables are called for whoever reads the page; another is called by its own name.
TITLES = {
    "outbox": "Who was given a copy, and when",
    "clocks": "Dates that were promised",
    "evidence": "Files",
    "consents": "Consent that was asked for",
    "case_events": "What was done",
    "notes": "Notes",
    "closings": "How it ended",
}
ROLES = {"complainant": "You", "assistant": "Hearout", "staff": "Staff", "system": "Note"}


def as_pdf(held: Mapping[str, Any]) -> bytes:
    """The PDF (PDF/UA-1); the same content gives the same bytes. Raises handoff.letters.pdf.NoLayout."""
    day = str(held["exported_at"])[:10]
    content = {
        "title": TITLE,
        "language": "en",
        "written": f"Written on {day}.",
        "unprintable": "",
        "labels": {"unprintable": "Where this page shows □, the sign itself is in held.json."},
        "sections": [
            {"title": one["reference"], "parts": list(_parts(one))} for one in held["conversations"]
        ],
    }
    return set_pages(LAYOUT, content, day)


def _parts(conversation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for record in conversation["records"]:
        yield {"title": f"Record {record.get('reference')}", "rows": list(rows_of(record))}
    said = [
        [f"{ROLES.get(one['role'], one['role'])}, {one['at'][:16].replace('T', ' ')}", one["text"]]
        for one in conversation["messages"]
    ]
    yield {"title": "What was said", "rows": said}
    for table, rows in conversation["rest"].items():
        title = TITLES.get(table, label_of(table))
        for row in rows:
            yield {"title": title, "rows": list(rows_of(row))}


def rows_of(values: Mapping[str, Any], within: Sequence[str] = ()) -> Iterator[list[str]]:
    """`[label, text]` for each value that is there, those of nested ones under `Outer: inner`."""
    for name, value in values.items():
        path = (*within, label_of(str(name)))
        if value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            yield from rows_of(value, path)
        elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
            for number, one in enumerate(value, 1):
                yield from rows_of(one if isinstance(one, Mapping) else {"": one}, (*path, str(number)))
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield [", ".join(part for part in path if part), text]


def label_of(name: str) -> str:
    """A name of the data as words."""
    return name.replace("_", " ").capitalize()
