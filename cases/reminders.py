"""Consent that nobody has answered: one or two gentle reminders to whoever writes, then a person takes it up.

No clock waits for it. What is sent tells nothing of the case; the link stays with staff, for the person represented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, outgoing
from cases.models import cases, consents, outbox

REMINDER, UNANSWERED = "letter.reminder", "consent.unanswered"
PAGE = 50


@dataclass(frozen=True, slots=True)
class Patience:
    """When whoever writes is reminded, and when staff are told, counted from the day on which consent was asked for."""

    reminders: Sequence[timedelta] = (timedelta(days=7), timedelta(days=14))
    staff: timedelta = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Chase:
    """What a case's pending consent is due for: the number of a reminder, None when it is for staff."""

    organisation: str
    reference: str
    record: dict[str, Any]
    number: int | None


def to_chase(conn: Connection, organisation: str, now: datetime, patience: Patience) -> list[Chase]:
    """The cases whose pending consent has waited long enough for the next step, the longest waiting first.

    After a long silence of ours only the last step is taken: nobody gets two letters on one day.
    """
    steps: list[tuple[timedelta, int | None]] = [(patience.staff, None)]
    steps += [(after, number) for number, after in reversed(list(enumerate(patience.reminders, 1)))]
    found: list[Chase] = []
    seen: set[str] = set()
    for after, number in steps:
        for row in conn.execute(_waiting(organisation, now - after, number)):
            if row.reference not in seen:
                found.append(Chase(organisation, row.reference, dict(row.record), number))
            seen.add(row.reference)
    return found


def _waiting(organisation: str, since: datetime, number: int | None) -> sa.Select[Any]:
    """Pending since then, with neither this step taken nor a later one."""
    kinds = [outbox.c.kind == UNANSWERED]
    if number is not None:
        kinds.append(sa.and_(outbox.c.kind == REMINDER, outbox.c.detail["number"].as_integer() >= number))
    taken = sa.exists().where(
        outbox.c.organisation == cases.c.organisation,
        outbox.c.case_reference == cases.c.reference,
        sa.or_(*kinds),
    )
    return (
        sa.select(cases.c.reference, cases.c.record)
        .join(
            consents,
            sa.and_(
                consents.c.organisation == cases.c.organisation,
                consents.c.conversation_id == cases.c.conversation_id,
            ),
        )
        .where(
            cases.c.organisation == organisation,
            cases.c.state == "filed",
            cases.c.progress != "closed",
            consents.c.asked_at <= since,
            cases.c.record["representation", "consent"].as_string() == "pending",
            ~taken,
        )
        .order_by(consents.c.asked_at)
        .limit(PAGE)
    )


def chase(conn: Connection, due: Chase, at: datetime, *, can_mail: bool) -> bool:
    """Take the step: a letter to whoever writes, by the way that they chose, or word to staff. False: it was taken."""
    number = due.number
    kind = UNANSWERED if number is None else REMINDER
    to = outgoing.TO_STAFF if number is None else outgoing.way_to(due.record, can_mail=can_mail)
    # Who left no way to be written to is told by staff; the step counts as taken all the same.
    place = (due.organisation, due.reference, kind, to or outgoing.TO_STAFF, at)
    if not outgoing.put(conn, *place, about=str(number or "staff"), detail={"number": number or 0}):
        return False
    audit.append(
        conn,
        due.organisation,
        at,
        [audit.Event(f"consent.chased_{number or 'staff'}", due.reference, "system")],
    )
    return True
