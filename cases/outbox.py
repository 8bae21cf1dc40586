"""The outbox: what has still to be handed over. A row is written with its case and is never forgotten.

    pending --claim--> leased --delivered--> delivered
       ^                  |---retry_at-----> pending (due later)
       |                  |---bury---------> dead --replay--> pending
       +---- lease over --+

A lease that runs out is claimed again, so whatever dies between two steps, the row is delivered at least once,
always under the same id. Times are arguments; nothing here looks at a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import audit
from cases.models import cases, conversations, outbox
from cases.register import draft_record

ERROR_LENGTH = 300
# What is said of a draft begins with this, and its record is the draft as it stands.
DRAFT = "draft."


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until `lease_until`. `attempts` counts the ones that failed before."""

    organisation: str
    id: str
    case_reference: str
    kind: str
    target: str
    attempts: int
    lease_until: datetime
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts for the meters: what is due now, what comes later or is under way, what was given up."""

    due: int
    scheduled: int
    leased: int
    dead: int
    oldest_due_at: datetime | None


_KEY = (outbox.c.organisation, outbox.c.id)
# A CTE and not a subquery: PostgreSQL may run a subquery anew for each row, and then LIMIT would not hold.
_DUE = (
    sa.select(*_KEY)
    .where(
        sa.or_(
            sa.and_(outbox.c.state == "pending", outbox.c.due_at <= bindparam("now")),
            sa.and_(outbox.c.state == "leased", outbox.c.lease_until <= bindparam("now")),
        )
    )
    .order_by(outbox.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    outbox.update()
    .where(sa.tuple_(*_KEY).in_(sa.select(_DUE.c.organisation, _DUE.c.id)))
    .values(state="leased", lease_until=bindparam("until"))
    .returning(*_KEY, outbox.c.case_reference, outbox.c.kind, outbox.c.target, outbox.c.attempts)
)
_RECORD = sa.select(cases.c.record).where(
    cases.c.organisation == bindparam("organisation"), cases.c.reference == bindparam("reference")
)


def claim(conn: Connection, now: datetime, limit: int, lease: timedelta) -> list[Claimed]:
    """Take at most `limit` rows that are due, the longest due first; nobody else gets them until now + lease."""
    until = now + lease
    taken = conn.execute(_CLAIM, {"now": now, "most": limit, "until": until}).all()
    return [
        Claimed(
            organisation=row.organisation,
            id=row.id,
            case_reference=row.case_reference,
            kind=row.kind,
            target=row.target,
            attempts=row.attempts,
            lease_until=until,
            record=_record(conn, row.organisation, row.case_reference, row.kind),
        )
        for row in taken
    ]


def delivered(conn: Connection, item: Claimed, at: datetime) -> None:
    """It has arrived. Settled even when the lease ran out meanwhile: one arrival is enough."""
    row = (outbox.c.organisation == item.organisation, outbox.c.id == item.id)
    conn.execute(
        outbox.update()
        .where(*row)
        .values(state="delivered", delivered_at=at, lease_until=None, last_error=None)
    )
    _audit(conn, audit.DELIVERED, item, at)


def retry_at(conn: Connection, item: Claimed, due_at: datetime, error: str) -> bool:
    """It failed and is due again at `due_at`; False when the lease is no longer ours and nothing was changed."""
    return _settle(conn, item, {"state": "pending", "due_at": due_at, "last_error": error[:ERROR_LENGTH]})


def bury(conn: Connection, item: Claimed, error: str, at: datetime) -> bool:
    """It is given up until somebody replays it; False when the lease is no longer ours."""
    buried = _settle(conn, item, {"state": "dead", "last_error": error[:ERROR_LENGTH]})
    if buried:
        _audit(conn, audit.DEAD, item, at)
    return buried


def release(conn: Connection, items: list[Claimed]) -> None:
    """Give back what was claimed and not tried to the end: due at once, no failure counted."""
    for item in items:
        conn.execute(outbox.update().where(*_ours(item)).values(state="pending", lease_until=None))


def give_back(conn: Connection) -> int:
    """End every lease at once, and say how many there were.

    Only for a process that knows itself alone (SQLite at its start): the leases are those of one that died.
    """
    leased = outbox.update().where(outbox.c.state == "leased")
    return conn.execute(leased.values(state="pending", lease_until=None)).rowcount


def replay(conn: Connection, organisation: str, delivery_id: str, now: datetime) -> bool:
    """Try a dead delivery anew from the start of the table, under its old id; False when it is not dead."""
    dead = (outbox.c.organisation == organisation, outbox.c.id == delivery_id, outbox.c.state == "dead")
    anew = outbox.update().where(*dead).values(state="pending", attempts=0, due_at=now)
    reference = conn.execute(anew.returning(outbox.c.case_reference)).scalar()
    if reference is None:
        return False
    event = audit.Event(audit.REPLAYED, reference, "staff", delivery_id=delivery_id)
    audit.append(conn, organisation, now, [event])
    return True


def waiting(conn: Connection, now: datetime) -> Waiting:
    """How much is in the outbox at `now`."""
    is_due = sa.and_(outbox.c.state == "pending", outbox.c.due_at <= now)
    is_later = sa.and_(outbox.c.state == "pending", outbox.c.due_at > now)
    counts = {
        "due": sa.func.count().filter(is_due),
        "scheduled": sa.func.count().filter(is_later),
        "leased": sa.func.count().filter(outbox.c.state == "leased"),
        "dead": sa.func.count().filter(outbox.c.state == "dead"),
        "oldest_due_at": sa.func.min(outbox.c.due_at).filter(is_due),
    }
    query = sa.select(*(count.label(name) for name, count in counts.items())).where(
        outbox.c.state != "delivered"
    )
    return Waiting(**conn.execute(query).one()._mapping)


def listing(conn: Connection, state: str | None = None) -> list[dict[str, Any]]:
    """The rows as plain values, oldest first, without the records: for the command line and staff."""
    query = sa.select(outbox).order_by(outbox.c.created_at, outbox.c.organisation, outbox.c.id)
    if state is not None:
        query = query.where(outbox.c.state == state)
    return [dict(row._mapping) for row in conn.execute(query)]


def _record(conn: Connection, organisation: str, reference: str, kind: str) -> dict[str, Any]:
    if kind.startswith(DRAFT):
        here = (conversations.c.organisation == organisation, conversations.c.reference == reference)
        return draft_record(conn.execute(sa.select(conversations).where(*here)).one())
    found = conn.execute(_RECORD, {"organisation": organisation, "reference": reference}).scalar_one()
    return dict(found)


def _audit(conn: Connection, action: str, item: Claimed, at: datetime) -> None:
    event = audit.Event(action, item.case_reference, "system", delivery_id=item.id)
    audit.append(conn, item.organisation, at, [event])


def _settle(conn: Connection, item: Claimed, values: dict[str, Any]) -> bool:
    values = {**values, "attempts": item.attempts + 1, "lease_until": None}
    return conn.execute(outbox.update().where(*_ours(item)).values(values)).rowcount == 1


def _ours(item: Claimed) -> tuple[sa.ColumnElement[bool], ...]:
    """Only while the lease is the one that we were given: it may have run out and been given to another."""
    return (
        outbox.c.organisation == item.organisation,
        outbox.c.id == item.id,
        outbox.c.state == "leased",
        outbox.c.lease_until == item.lease_until,
    )
