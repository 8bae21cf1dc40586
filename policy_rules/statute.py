"""What the law promises a complainant beside the policy: the one place where statutory clocks stand.

A policy pack never holds these, and they change nothing in a Decision: they are added when a case is filed, under kinds
of their own, so that the policy's shorter promise stays the one that is shown. The reading: docs/decisions/0015.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ACKNOWLEDGE = "statutory_acknowledge"
_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Statute:
    """A promise that the law makes to whoever complains about `subject`, of complaints received from `since` on."""

    kind: str
    subject: str
    since: date
    days: int
    clause: str

    def due(self, received_at: datetime) -> date:
        """The last day, in London: the day of receipt is day 0, and a day off does not move it."""
        return received_at.astimezone(_LONDON).date() + timedelta(days=self.days)


STATUTES = (
    Statute(
        kind=ACKNOWLEDGE,
        subject="data_protection",
        since=date(2026, 6, 19),
        days=30,
        clause="Data Protection Act 2018, section 164A (Data (Use and Access) Act 2025, section 103)",
    ),
)


def statutory_clocks(facts: Mapping[str, Any], received_at: datetime) -> list[dict[str, Any]]:
    """The clocks that the law adds to a complaint with these facts, each in the shape of a Decision's clocks."""
    if facts.get("nature") not in ("complaint", "appeal", None):
        return []
    received_on = received_at.astimezone(_LONDON).date()
    return [
        {
            "kind": statute.kind,
            "by": "organisation",
            "due": statute.due(received_at).isoformat(),
            "amount": statute.days,
            "unit": "calendar_day",
            "from": "received",
            "first_day": "next",
            "force": "must",
            "clause": statute.clause,
        }
        for statute in STATUTES
        if facts.get("subject") == statute.subject and received_on >= statute.since
    ]
