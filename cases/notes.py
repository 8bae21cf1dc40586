"""What staff and case systems write beside a case. Append-only; the complainant is not shown it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import audit, repeats
from cases.effects import CaseAt
from cases.events import Writer, advance, lock, require_version
from cases.models import notes
from cases.prepared import Prepared

WROTE = "note.written"
_LAST = Prepared(
    sa.select(sa.func.coalesce(sa.func.max(notes.c.number), 0)).where(
        notes.c.organisation == bindparam("in_organisation"), notes.c.case_reference == bindparam("in_case")
    )
)


def tell(
    conn: Connection,
    request: repeats.Request,
    seen: Collection[int] | None,
    text: str,
    by: str | None,
    writer: Writer,
    now: datetime,
) -> repeats.Answer:
    """`add` once, however often the request is sent; `seen` are the versions that the writer has seen."""
    case = lock(conn, request.organisation, request.reference)

    def do() -> tuple[int, dict[str, Any]]:
        require_version(case, seen)
        return 201, add(conn, case, text, by, writer, now)

    return repeats.once(conn, request, now, do)


def add(
    conn: Connection, case: CaseAt, text: str, by: str | None, writer: Writer, at: datetime
) -> dict[str, Any]:
    """Keep a note of a locked case; the note without its text, with the case's new version."""
    here = {"in_organisation": case.organisation, "in_case": case.reference}
    last = (_LAST.first(conn, here) or (0,))[0]
    note = {"number": last + 1, "by": by or writer.name, "at": at}
    key = {"organisation": case.organisation, "case_reference": case.reference}
    conn.execute(notes.insert(), {**key, **note, "text": text})
    version = advance(conn, case, at)
    entry = audit.Event(WROTE, case.reference, writer.actor, caller=writer.caller)
    audit.append(conn, case.organisation, at, [entry])
    return {**note, "at": at.isoformat(), "version": version}


def listing(conn: Connection, organisation: str, reference: str) -> list[dict[str, Any]]:
    """The notes of a case as JSON, the first one first."""
    query = (
        sa.select(notes.c.number, notes.c.text, notes.c.by, notes.c.at)
        .where(notes.c.organisation == organisation, notes.c.case_reference == reference)
        .order_by(notes.c.number)
    )
    return [{**row._asdict(), "at": row.at.isoformat()} for row in conn.execute(query)]


def erase(conn: Connection, organisation: str, reference: str) -> None:
    """Forget the notes of a case that is erased."""
    here = (notes.c.organisation == organisation, notes.c.case_reference == reference)
    conn.execute(notes.delete().where(*here))
