"""What reports count of a case, kept when the case changes and when it is erased, so that an old report stays the same.

`counted` is all that a report ever reads of a record: coded values, no words, no names. When a record is replaced and
one of them changes, what they were stays in report_past. When a conversation is erased, what happened in it, and when,
stays in report_kept, under a random id: no reference, nothing that leads to a person.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases.models import report_kept, report_past

FACTS = ("nature", "subject", "complainant_type")
SENT_ELSEWHERE = ("signpost", "accept_and_signpost")
# What people write where they are asked whether they need anything, and need nothing.
_NOTHING = re.compile(
    r"\W*(no|none|nothing|nope|na|n/a|not? (needed|required|necessary)|i (don'?t|do not) need (any|anything)|dim"
    r"|nac oes)?"
    r"(,? (thanks|thank you|diolch))?\W*",
    re.IGNORECASE,
)


def counted(record: Mapping[str, Any]) -> dict[str, Any]:
    """The coded values of a case record that reports count; the same record always gives the same ones."""
    decision, facts = record.get("decision") or {}, record.get("facts") or {}
    elsewhere = decision.get("disposition") in SENT_ELSEWHERE
    return {
        "state": record.get("state"),
        "channel": record.get("channel"),
        "received_at": record.get("received_at"),
        **{name: facts.get(name) for name in FACTS},
        "stage": decision.get("stage"),
        "sent_to": decision.get("handler") if elsewhere else None,
        "represented": represented(record),
        "adjustments": not _NOTHING.fullmatch(record.get("adjustments") or ""),
        "clocks": [
            [clock["kind"], clock["by"], clock.get("due"), clock.get("amount"), clock.get("unit")]
            for clock in (*decision.get("clocks", ()), *(record.get("statutory_clocks") or ()))
        ],
    }


def represented(record: Mapping[str, Any]) -> str:
    """`self`, or the basis on which somebody else brings it: consent, deceased, unable, none."""
    stands = record.get("representation") or {}
    return str(stands.get("basis") or "none") if stands.get("on_behalf_of") == "other" else "self"


def note(
    conn: Connection,
    organisation: str,
    reference: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    at: datetime,
) -> None:
    """A record takes the place of another: keep what was counted of the one before, if that changes."""
    was = counted(before)
    if was == counted(after):
        return
    here = (report_past.c.organisation == organisation, report_past.c.case_reference == reference)
    last = conn.execute(
        sa.select(sa.func.coalesce(sa.func.max(report_past.c.number), 0)).where(*here)
    ).scalar_one()
    key = {"organisation": organisation, "case_reference": reference, "number": int(last) + 1}
    conn.execute(report_past.insert(), {**key, "until": at, "data": was})


def keep(conn: Connection, organisation: str, histories: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Keep the histories of conversations that are erased now; each under an id that leads nowhere."""
    rows = [
        {"organisation": organisation, "id": uuid.uuid4().hex, "erased_at": at, "history": dict(history)}
        for history in histories
    ]
    if rows:
        conn.execute(report_kept.insert(), rows)


def kept(conn: Connection, organisation: str) -> list[dict[str, Any]]:
    """What is left of the conversations that were erased."""
    query = sa.select(report_kept.c.history).where(report_kept.c.organisation == organisation)
    return list(conn.execute(query.order_by(report_kept.c.id)).scalars())


def kept_count(conn: Connection, organisation: str) -> int:
    """How many conversations were erased: whoever reads page by page sees by it whether one went meanwhile."""
    query = (
        sa.select(sa.func.count()).select_from(report_kept).where(report_kept.c.organisation == organisation)
    )
    return int(conn.execute(query).scalar_one())
