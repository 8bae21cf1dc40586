"""One report, made: read what was known, count it, say whether it adds up. The same arguments give the same report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cases.reports import lessons, measures
from cases.reports.gather import Read, matters
from cases.reports.measures import Report
from cases.reports.period import Period
from cases.reports.reconcile import reconcile


def make(read: Read[Any], organisation: str, period: Period, as_of: datetime) -> Report:
    """The board's report. `read` is Store.read_sync; it is called for a page at a time, best from a thread."""
    found = matters(read, organisation, as_of, period.before.first, period.last)
    sums = reconcile(read, organisation, as_of, period, found)
    learned = read(lambda conn: lessons.published(conn, organisation, period, as_of))
    return measures.report(organisation, period, as_of, found, sums, learned)
