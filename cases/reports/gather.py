"""Everything that was known at an instant, read page by page, so that nobody's turn waits behind a report.

A page is a consistent view; between two pages things may change, but what was known at `as_of` does not. Only an
erasure could hide a conversation from both lists, or show it in both: then the reading begins again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.models import audit as trail
from cases.models import cases, conversations, report_past
from cases.reports import past
from cases.reports.history import ZONE, History, Matter, live, standing

T = TypeVar("T")
# Store.read_sync: runs a work on one consistent view.
Read = Callable[[Callable[[Connection], T]], T]
PAGE = 100
TRIES = 5


def beginning(day: date) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(day, time(), ZONE)


def matters(read: Read[Any], organisation: str, as_of: datetime, first: date, last: date) -> list[Matter]:
    """What was received from `first` to `last` (local days, both count), as it stood at `as_of`."""
    found = []
    for history in histories(read, organisation, as_of, first, last):
        found += [matter for matter in standing(history, as_of) if first <= matter.day <= last]
    return found


def histories(
    read: Read[Any], organisation: str, as_of: datetime, first: date, last: date, *, steps: bool = False
) -> list[History]:
    """The histories that could say something of these days: of what is there, and of what was erased."""
    for _ in range(TRIES):
        before = read(lambda conn: past.kept_count(conn, organisation))
        found = [*_live(read, organisation, as_of, first, last, steps)]
        kept = read(lambda conn: past.kept(conn, organisation))
        if len(kept) == before:
            return [*found, *kept]
    raise TimeoutError("cases are being erased; make the report when that is done")


def _live(
    read: Read[Any], organisation: str, as_of: datetime, first: date, last: date, steps: bool
) -> Iterator[History]:
    ids = read(lambda conn: _ids(conn, organisation, as_of, first, last, steps))
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        yield from read(partial(_page, organisation, page, as_of, steps))


def _page(
    organisation: str, ids: list[str], as_of: datetime, steps: bool, conn: Connection
) -> list[dict[str, Any]]:
    return live(conn, organisation, ids, as_of=as_of, steps=steps)


def _ids(
    conn: Connection, organisation: str, as_of: datetime, first: date, last: date, opened: bool
) -> list[str]:
    """The conversations in which something was told or received in these days, or may have been by an older record;
    `opened` asks for those too that were only opened in them."""
    begin, end = beginning(first), beginning(last + timedelta(days=1))

    def within(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.and_(column >= begin, column < end)

    received = sa.select(cases.c.conversation_id).where(
        cases.c.organisation == organisation, within(cases.c.received_at)
    )
    changed = (
        sa.select(cases.c.conversation_id)
        .join(
            report_past,
            sa.and_(
                report_past.c.organisation == cases.c.organisation,
                report_past.c.case_reference == cases.c.reference,
            ),
        )
        .where(cases.c.organisation == organisation)
    )
    wanted = [
        within(conversations.c.first_told_at),
        conversations.c.id.in_(received),
        conversations.c.id.in_(changed),
    ]
    if opened:
        wanted.append(within(conversations.c.created_at))
    query = sa.select(conversations.c.id).where(
        conversations.c.organisation == organisation,
        conversations.c.created_at <= as_of,
        sa.or_(*wanted),
    )
    return list(conn.execute(query.order_by(conversations.c.id)).scalars())


def stories_in_trail(conn: Connection, organisation: str, as_of: datetime) -> int:
    """How many stories the audit trail says were stored by then."""
    query = sa.select(sa.func.count(sa.distinct(trail.c.reference))).where(
        trail.c.organisation == organisation, trail.c.action == audit.STORY, trail.c.at <= as_of
    )
    return int(conn.execute(query).scalar_one())


def stories_kept(conn: Connection, organisation: str, as_of: datetime) -> int:
    """How many of them are there: in conversations, or in what is left of those that were erased."""
    here = (
        sa.select(sa.func.count())
        .select_from(conversations)
        .where(conversations.c.organisation == organisation, conversations.c.first_told_at <= as_of)
    )
    erased = sum(
        1
        for history in past.kept(conn, organisation)
        if history["told_at"] and datetime.fromisoformat(history["told_at"]) <= as_of
    )
    return int(conn.execute(here).scalar_one()) + erased
