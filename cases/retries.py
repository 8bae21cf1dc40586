"""Trying again what was given up or waits: for a person who has mended the cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import outbox as deliveries
from cases import receivers
from cases.models import outbox
from cases.models import receivers as places


@dataclass(frozen=True, slots=True)
class Retried:
    """How many dead deliveries are tried anew, how many that waited are due now, and the places that are trusted
    again, as organisation/target. `unknown` are ids that name no delivery which could be tried."""

    dead: int
    waiting: int
    places: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def retry(conn: Connection, ids: Sequence[str], now: datetime, *, caller: str | None = None) -> Retried:
    """These deliveries. One that waits for a place which rests or is disabled brings that place back too.

    `caller` is who asks for it, to the audit trail.
    """
    rows, unknown = [], []
    for delivery_id in ids:
        row = conn.execute(_OPEN.where(outbox.c.id == delivery_id)).first()
        if row is None:
            unknown.append(delivery_id)
        else:
            rows.append(row)
    return _tried(conn, rows, now, tuple(unknown), caller=caller)


def retry_all(
    conn: Connection, now: datetime, organisation: str | None = None, target: str | None = None
) -> Retried:
    """All that is dead or waits after a failure, and each place that rests or is disabled; within the limits."""
    query = _OPEN.where(sa.or_(outbox.c.state == "dead", outbox.c.attempts > 0, receivers.is_blocked()))
    blocked = sa.select(places.c.organisation, places.c.target).where(places.c.state != receivers.WORKING)
    if organisation is not None:
        query = query.where(outbox.c.organisation == organisation)
        blocked = blocked.where(places.c.organisation == organisation)
    if target is not None:
        query = query.where(outbox.c.target == target)
        blocked = blocked.where(places.c.target == target)
    also = [(row.organisation, row.target) for row in conn.execute(blocked)]
    return _tried(conn, conn.execute(query).all(), now, (), also)


_OPEN = sa.select(
    outbox.c.organisation, outbox.c.id, outbox.c.target, outbox.c.state, outbox.c.due_at, outbox.c.attempts
).where(outbox.c.state.in_(("pending", "dead")))


def _tried(
    conn: Connection,
    rows: Sequence[Any],
    now: datetime,
    unknown: tuple[str, ...],
    also: Sequence[tuple[str, str]] = (),
    caller: str | None = None,
) -> Retried:
    dead = waiting = 0
    for row in rows:
        if row.state == "dead":
            dead += deliveries.replay(conn, row.organisation, row.id, now, caller=caller)
            continue
        here = (outbox.c.organisation == row.organisation, outbox.c.id == row.id, outbox.c.state == "pending")
        # What is planned and was never tried keeps its time.
        due = min(row.due_at, now) if row.attempts else row.due_at
        waiting += conn.execute(outbox.update().where(*here).values(due_at=due)).rowcount
    revived = []
    for place in dict.fromkeys([*((row.organisation, row.target) for row in rows), *also]):
        state = sa.select(places.c.state).where(
            places.c.organisation == place[0], places.c.target == place[1]
        )
        if conn.execute(state).scalar() in (receivers.RESTING, receivers.DISABLED):
            receivers.revive(conn, *place, now)
            revived.append("/".join(place))
    return Retried(dead, waiting, tuple(revived), unknown)
