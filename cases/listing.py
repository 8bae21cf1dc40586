"""Cases by page, for programs and for staff: the newest first, narrowed by filters, each page after the one before."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import audit, clock_moves, closing
from cases.events import NoSuchCase, Writer
from cases.models import cases, clocks
from cases.prepared import Prepared
from policy_rules.errors import Refusal

MOST = 200
# A write has its instant before it is committed, on a machine whose clock may differ: so far back has to be looked.
OVERLAP = timedelta(minutes=2)
ZONE = ZoneInfo("Europe/London")
LISTED = "cases.listed"
READ, EVENTS_READ, NOTES_READ, FILES_LISTED, FILE_READ = (
    "case.read",
    "events.read",
    "notes.read",
    "evidence.listed",
    "evidence.read",
)
# In the audit trail, where a reference would stand: a page is of many cases.
OF_MANY = "*"


class BadCursor(Refusal):
    kind = "bad-cursor"
    title = "This is no cursor of ours"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None takes all. Days are local and both ends count; `due_before` is a day.
    A case has changed since an instant when it, its clocks, events or notes were written at it or later.

    `search` is a part of the reference, or of the name or e-mail address of who complains or writes for them.
    """

    organisation: str | None = None
    state: str | None = None
    progress: str | None = None
    disposition: str | None = None
    handler: str | None = None
    reference: str | None = None
    received_from: date | None = None
    received_to: date | None = None
    due_before: date | None = None
    updated_since: datetime | None = None
    subject: str | None = None
    search: str | None = None
    restricted: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after this one, None at the end."""

    cases: list[dict[str, Any]]
    next: str | None


_NAMES = (
    "organisation reference conversation_reference state progress version received_at created_at disposition handler"
    " stage acknowledge_by respond_by restricted updated_at"
).split()
_PLACE = (cases.c.created_at, cases.c.organisation, cases.c.reference)


def page(conn: Connection, filters: Filters, limit: int, after: str | None = None) -> Page:
    """At most `limit` cases. `after` is the `next` of the page before; BadCursor (422) when it is not."""
    query = sa.select(*(cases.c[name] for name in _NAMES))
    query = query.where(*_conditions(filters))
    if after is not None:
        query = query.where(sa.tuple_(*_PLACE) < sa.tuple_(*_place_of(after)))
    # One more than is shown tells whether there is another page.
    rows = conn.execute(query.order_by(*(place.desc() for place in _PLACE)).limit(limit + 1)).all()
    shown = rows[:limit]
    due = _next_due(conn, [(row.organisation, row.reference) for row in shown])
    found = [
        # Names of our own: those of a row are SQLAlchemy's, and slow to write.
        {
            **{name: _text(value) for name, value in zip(_NAMES, row, strict=True)},
            "next_due": due.get((row.organisation, row.reference)),
        }
        for row in shown
    ]
    return Page(found, _cursor(shown[-1]) if len(rows) > limit else None)


def count(conn: Connection, filters: Filters, most: int) -> int:
    """How many cases there are; counts no further than `most`."""
    found = sa.select(sa.literal(1)).select_from(cases).where(*_conditions(filters)).limit(most).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(found)).scalar_one())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands, and who may open it."""

    organisation: str
    reference: str
    conversation_id: str
    version: int
    restricted: bool


_FOUND = sa.select(
    *(cases.c[name] for name in ("organisation", "reference", "conversation_id", "version", "restricted"))
).where(cases.c.reference == bindparam("reference"))
_ANYBODYS = Prepared(_FOUND)
_OURS = Prepared(_FOUND.where(cases.c.organisation == bindparam("organisation")))
_WHOLE = Prepared(
    sa.select(cases.c.version, cases.c.progress, cases.c.record).where(
        cases.c.organisation == bindparam("organisation"), cases.c.reference == bindparam("reference")
    )
)


def place(conn: Connection, organisation: str | None, reference: str) -> Place:
    """The case of that reference, of one organisation or of any. NoSuchCase (404)."""
    key = {"organisation": organisation, "reference": reference}
    row = (_ANYBODYS if organisation is None else _OURS).first(conn, key)
    if row is None:
        raise NoSuchCase(f"There is no case {reference[:60]}.", where="reference")
    return Place(*row)


def whole(conn: Connection, here: Place) -> dict[str, Any]:
    """A case as JSON: the record, its clocks, how far it has come and how it ended. NoSuchCase (404)."""
    row = _WHOLE.first(conn, {"organisation": here.organisation, "reference": here.reference})
    if row is None:
        # Erased since it was found.
        raise NoSuchCase(f"There is no case {here.reference}.", where="reference")
    version, progress, record = row
    ended = closing.find(conn, here.organisation, here.reference) if progress == "closed" else None
    return {
        "organisation": here.organisation,
        "reference": here.reference,
        "version": version,
        "progress": progress,
        "clocks": [clock.as_json() for clock in clock_moves.rows_of(conn, here.organisation, here.reference)],
        "closing": ended,
        "record": record,
    }


def opened(conn: Connection, here: Place, action: str, writer: Writer, at: datetime) -> None:
    """Keep in the audit trail that somebody read of a case."""
    event = audit.Event(action, here.reference, writer.actor, caller=writer.caller)
    audit.append(conn, here.organisation, at, [event])


def listed(conn: Connection, organisations: Iterable[str], writer: Writer, at: datetime) -> None:
    """Keep in the trail of each organisation that its cases were listed."""
    for organisation in sorted(set(organisations)):
        event = audit.Event(LISTED, OF_MANY, writer.actor, caller=writer.caller)
        audit.append(conn, organisation, at, [event])


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found = [
        cases.c[name] == value
        for name in ("organisation", "state", "progress", "disposition", "handler")
        if (value := getattr(filters, name)) is not None
    ]
    if filters.reference is not None:
        found.append(cases.c.reference.contains(filters.reference.upper(), autoescape=True))
    if filters.received_from is not None:
        found.append(cases.c.received_at >= _begin(filters.received_from))
    if filters.received_to is not None:
        found.append(cases.c.received_at < _begin(filters.received_to + timedelta(days=1)))
    if filters.due_before is not None:
        owed = sa.select(sa.true()).where(
            clocks.c.organisation == cases.c.organisation,
            clocks.c.case_reference == cases.c.reference,
            clocks.c.due < filters.due_before,
            *_owed(),
        )
        found.append(owed.exists())
    if filters.updated_since is not None:
        found.append(cases.c.updated_at >= filters.updated_since)
    if filters.subject is not None:
        found.append(cases.c.record[("facts", "subject")].as_string() == filters.subject)
    if filters.search is not None:
        found.append(_named(filters.search))
    if not filters.restricted:
        found.append(sa.not_(cases.c.restricted))
    return found


def _named(text: str) -> sa.ColumnElement[bool]:
    """Whether the reference, a name or the e-mail address has the text in it, in small letters or large."""
    people = (("complainant", "name"), ("complainant", "email"), ("representation", "representative_name"))
    places = [cases.c.reference, *(cases.c.record[path].as_string() for path in people)]
    return sa.or_(*(place.icontains(text, autoescape=True) for place in places))


def _owed() -> tuple[sa.ColumnElement[bool], ...]:
    """What the organisation has promised and not done yet."""
    return clocks.c.by == "organisation", clocks.c.met_at.is_(None), clocks.c.state != "stopped"


def _next_due(conn: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The nearest day that is still owed in each case."""
    if not keys:
        return {}
    organisations, references = sorted({key[0] for key in keys}), [key[1] for key in keys]
    query = (
        sa.select(clocks.c.organisation, clocks.c.case_reference, clocks.c.kind, clocks.c.due)
        .where(
            clocks.c.organisation.in_(organisations),
            clocks.c.case_reference.in_(references),
            clocks.c.due.is_not(None),
            *_owed(),
        )
        .order_by(clocks.c.due.desc(), clocks.c.kind)
    )
    return {
        (row.organisation, row.case_reference): {"kind": row.kind, "due": row.due.isoformat()}
        for row in conn.execute(query)
    }


def _cursor(row: Any) -> str:
    place = json.dumps([row.created_at.isoformat(), row.organisation, row.reference], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place_of(cursor: str) -> tuple[Any, ...]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, organisation, reference = json.loads(text)
        created = datetime.fromisoformat(at)
        if not (isinstance(organisation, str) and isinstance(reference, str) and created.tzinfo is not None):
            raise ValueError
        if "\x00" in organisation + reference:
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadCursor("Send the 'next' of the page before, as it came.", where="cursor") from None
    return tuple(
        sa.literal(value, column.type)
        for value, column in zip((created, organisation, reference), _PLACE, strict=True)
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
