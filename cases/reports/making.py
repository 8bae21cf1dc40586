"""One report, made: read what was known, count it, say whether it adds up. The same arguments give the same report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.events import Writer
from cases.models import conversations, report_kept
from cases.reports import lessons, measures
from cases.reports.gather import Read, matters
from cases.reports.history import ZONE
from cases.reports.measures import Report
from cases.reports.period import Period
from cases.reports.reconcile import reconcile

EXPORTED = "report.exported"


def make(read: Read[Any], organisation: str, period: Period, as_of: datetime) -> Report:
    """The board's report. `read` is Store.read_sync; it is called for a page at a time, best from a thread."""
    found = matters(read, organisation, as_of, period.before.first, period.last)
    sums = reconcile(read, organisation, as_of, period, found)
    learned = read(lambda conn: lessons.published(conn, organisation, period, as_of))
    return measures.report(organisation, period, as_of, found, sums, learned)


def exported(
    conn: Connection,
    organisation: str,
    file: str,
    period: Period,
    as_of: datetime,
    sha256: str,
    writer: Writer,
    at: datetime,
) -> None:
    """Keep in the audit trail that a file went out: which, of what days, as of when, by whom, and its SHA-256."""
    what = f"{file} {period.first}/{period.last} {as_of.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    event = audit.Event(EXPORTED, what, writer.actor, sha256, caller=writer.caller)
    audit.append(conn, organisation, at, [event])


def first_day(conn: Connection, organisation: str) -> date | None:
    """The local day on which the first conversation began; None before there was one."""
    query = sa.select(sa.func.min(conversations.c.created_at)).where(
        conversations.c.organisation == organisation
    )
    began = conn.execute(query).scalar()
    opened = report_kept.c.history["opened_at"].as_string()
    erased = conn.execute(
        sa.select(sa.func.min(opened)).where(report_kept.c.organisation == organisation)
    ).scalar()
    known = [began] if began is not None else []
    known += [datetime.fromisoformat(erased)] if erased else []
    return min(known).astimezone(ZONE).date() if known else None
