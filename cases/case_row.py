"""The row of a case. Every writer comes through here, so what stands beside its record never differs from it.

`restricted` is copied out of the record into a column of its own, since lists are narrowed by it. Whoever writes a case
moves its version and `updated_at` too: who asks what has changed since then finds it. What reports counted of a record
that is replaced stays in report_past.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases.models import cases
from cases.reports import past

_HERE = (cases.c.organisation == bindparam("in_organisation"), cases.c.reference == bindparam("in_case"))
_RECORD = sa.select(cases.c.record).where(*_HERE).with_for_update()
_MOVE = cases.update().where(*_HERE).values(version=cases.c.version + 1, updated_at=bindparam("moved_at"))
_PROGRESS = _MOVE.values(progress=bindparam("new_progress"))


def add(
    conn: Connection,
    organisation: str,
    reference: str,
    record: Mapping[str, Any],
    at: datetime,
    **columns: Any,
) -> None:
    """A case that was not there before; `columns` are its others, beside those that follow from the record."""
    key = {"organisation": organisation, "reference": reference, "created_at": at, "updated_at": at}
    conn.execute(cases.insert(), {**key, **_of(record), **columns})


def replace(
    conn: Connection,
    organisation: str,
    reference: str,
    record: Mapping[str, Any],
    at: datetime,
    *also: sa.ColumnElement[bool],
    **columns: Any,
) -> bool:
    """Put another record in its place, and `columns` with it; False when there is no such case that is `also` so."""
    key = {"in_organisation": organisation, "in_case": reference}
    # Locked, so that of two writers the second keeps what the first has made of it.
    before = conn.execute(_RECORD.where(*also), key).scalar()
    if before is None:
        return False
    past.note(conn, organisation, reference, before, record, at)
    moved = _MOVE.where(*also).values(**_of(record), **columns)
    return conn.execute(moved, {**key, "moved_at": at}).rowcount > 0


def move(conn: Connection, organisation: str, reference: str, progress: str, at: datetime) -> None:
    """Something beside the record has changed: an event, a note, a clock."""
    given = {"in_organisation": organisation, "in_case": reference, "moved_at": at}
    conn.execute(_PROGRESS, {**given, "new_progress": progress})


def _of(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"record": dict(record), "restricted": bool(record["restricted"])}
