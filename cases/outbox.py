"""The outbox: what has still to be handed over. A row is written with its case and is never forgotten.

    pending --claim--> leased --delivered--> delivered
       ^                  |---retry_at-----> pending (due later)
       |                  |---bury---------> dead --replay--> pending
       +---- lease over --+

A lease that runs out is claimed again, so whatever dies between two steps, the row is delivered at least once,
always under the same id. Times are arguments; nothing here looks at a clock. What waits for a place that rests or is
disabled is not claimed (see cases.receivers), save for one row that probes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import audit, receivers
from cases.models import cases, conversations, outbox
from cases.models import receivers as places
from cases.register import draft_record

ERROR_LENGTH = 300
# What is said of a draft begins with this, and its record is the draft as it stands.
DRAFT = "draft."


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until `lease_until`. `attempts` counts the ones that failed before.

    `probe`: its place rests, and this delivery is to show whether that can end. `unreadable`: why there is no record;
    one such row must not hold up the others.
    """

    organisation: str
    id: str
    case_reference: str
    kind: str
    target: str
    attempts: int
    lease_until: datetime
    record: dict[str, Any]
    probe: bool = False
    detail: dict[str, Any] | None = None
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class Troubled:
    """A delivery that somebody has to be told of: `kind` is late, dead or disabled (its place wants no more)."""

    kind: Literal["late", "dead", "disabled"]
    organisation: str
    id: str
    case_reference: str
    target: str
    failures: int
    error: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts for the meters: what is due now, what comes later or is under way, what was given up."""

    due: int
    scheduled: int
    leased: int
    dead: int
    oldest_due_at: datetime | None


_KEY = (outbox.c.organisation, outbox.c.id)
# The second line of each: the clock was set back, and the row is from a time that has not come yet.
_IS_DUE = sa.or_(
    sa.and_(outbox.c.state == "pending", outbox.c.due_at <= bindparam("now")),
    sa.and_(outbox.c.state == "pending", outbox.c.attempts == 0, outbox.c.created_at > bindparam("beyond")),
    sa.and_(outbox.c.state == "leased", outbox.c.lease_until <= bindparam("now")),
    sa.and_(outbox.c.state == "leased", outbox.c.lease_until > bindparam("beyond")),
)


def _claiming(which: sa.ColumnElement[bool]) -> Any:
    """The statement that leases what is due of `which`, the longest due first."""
    # A CTE and not a subquery: PostgreSQL may run a subquery anew for each row, and then LIMIT would not hold.
    due = (
        sa.select(*_KEY)
        .where(_IS_DUE, which)
        .order_by(outbox.c.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=outbox)
        .cte("due")
    )
    return (
        outbox.update()
        .where(sa.tuple_(*_KEY).in_(sa.select(due.c.organisation, due.c.id)))
        .values(state="leased", lease_until=bindparam("until"))
        .returning(
            *_KEY, outbox.c.case_reference, outbox.c.kind, outbox.c.target, outbox.c.attempts, outbox.c.detail
        )
    )


_CLAIM = _claiming(sa.not_(receivers.is_blocked()))
_PROBES = receivers.probing(_IS_DUE)
_PROBE = _claiming(
    sa.and_(
        outbox.c.organisation == bindparam("its_organisation"), outbox.c.target == bindparam("its_target")
    )
)
_RECORD = sa.select(cases.c.record).where(
    cases.c.organisation == bindparam("organisation"), cases.c.reference == bindparam("reference")
)


def claim(conn: Connection, now: datetime, limit: int, lease: timedelta) -> list[Claimed]:
    """Take at most `limit` rows that are due, the longest due first; nobody else gets them until now + lease."""
    until = now + lease
    when = {"now": now, "until": until, "beyond": now + 2 * lease}
    taken: list[tuple[sa.Row[Any], bool]] = []
    for place in conn.execute(_PROBES, when).all():
        its = {"its_organisation": place.organisation, "its_target": place.target}
        taken += [(row, True) for row in conn.execute(_PROBE, {**when, **its, "most": 1})]
    if len(taken) < limit:
        rows = conn.execute(_CLAIM, {**when, "most": limit - len(taken)})
        taken += [(row, False) for row in rows]
    return [_claimed(conn, row, until, probe) for row, probe in taken]


def _claimed(conn: Connection, row: sa.Row[Any], until: datetime, probe: bool) -> Claimed:
    record: dict[str, Any] = {}
    unreadable = None
    try:
        record = _record(conn, row.organisation, row.case_reference, row.kind)
    except (sa.exc.NoResultFound, ValueError) as error:
        # Only its name: what it says may hold the complaint's words.
        unreadable = type(error).__name__
    return Claimed(
        organisation=row.organisation,
        id=row.id,
        case_reference=row.case_reference,
        kind=row.kind,
        target=row.target,
        attempts=row.attempts,
        lease_until=until,
        record=record,
        detail=row.detail,
        probe=probe,
        unreadable=unreadable,
    )


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
    values = {"state": "dead", "last_error": error[:ERROR_LENGTH], "alarmed_at": None}
    buried = _settle(conn, item, values)
    if buried:
        _audit(conn, audit.DEAD, item, at)
    return buried


def troubled(conn: Connection, now: datetime, late_after: timedelta, failures: int) -> list[Troubled]:
    """What nobody was told of yet: the dead, what failed `failures` times, what waits for a disabled place, and
    what has been due for `late_after` at a place that rests; by place, the oldest first."""
    joined = outbox.outerjoin(
        places, sa.and_(places.c.organisation == outbox.c.organisation, places.c.target == outbox.c.target)
    )
    kind = sa.case(
        (outbox.c.state == "dead", "dead"), (places.c.state == receivers.DISABLED, "disabled"), else_="late"
    )
    # What was tried is due later than it was at first; then its age counts.
    is_late = sa.or_(
        outbox.c.due_at <= now - late_after,
        sa.and_(outbox.c.attempts > 0, outbox.c.created_at <= now - late_after),
    )
    waits_long = sa.and_(places.c.state == receivers.RESTING, is_late)
    query = (
        sa.select(
            kind.label("kind"),
            *_KEY,
            *(outbox.c[name] for name in ("case_reference", "target")),
            outbox.c.attempts.label("failures"),
            sa.func.coalesce(outbox.c.last_error, places.c.last_error, "").label("error"),
        )
        .select_from(joined)
        .where(
            outbox.c.state.in_(("pending", "leased", "dead")),
            outbox.c.alarmed_at.is_(None),
            sa.or_(
                outbox.c.state == "dead",
                outbox.c.attempts >= failures,
                places.c.state == receivers.DISABLED,
                waits_long,
            ),
        )
        .order_by(outbox.c.organisation, outbox.c.target, outbox.c.created_at, outbox.c.id)
    )
    return [Troubled(**row._mapping) for row in conn.execute(query)]


def alarmed(conn: Connection, items: Sequence[Troubled], at: datetime) -> None:
    """Somebody was told of these."""
    for item in items:
        # One that was given up meanwhile is another matter, of which they have yet to be told.
        state = outbox.c.state == "dead" if item.kind == "dead" else outbox.c.state != "dead"
        row = (outbox.c.organisation == item.organisation, outbox.c.id == item.id, state)
        conn.execute(outbox.update().where(*row).values(alarmed_at=at))


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


def replay(
    conn: Connection, organisation: str, delivery_id: str, now: datetime, *, caller: str | None = None
) -> bool:
    """Try a dead delivery anew from the start of the table, under its old id; False when it is not dead."""
    dead = (outbox.c.organisation == organisation, outbox.c.id == delivery_id, outbox.c.state == "dead")
    anew = outbox.update().where(*dead).values(state="pending", attempts=0, due_at=now, alarmed_at=None)
    reference = conn.execute(anew.returning(outbox.c.case_reference)).scalar()
    if reference is None:
        return False
    event = audit.Event(audit.REPLAYED, reference, "staff", delivery_id=delivery_id, caller=caller)
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
        return draft_record(conn, conn.execute(sa.select(conversations).where(*here)).one())
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
