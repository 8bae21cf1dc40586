"""How each place that cases go to is faring, kept so that every worker knows it and a restart does not forget it.

    working --several failures in a row--> resting --a probe arrives--> working
       |                                      ^ |--the probe fails--> resting, for longer
       +---------- 410 Gone --> disabled      +-+
                                   +---- somebody says so ----> working

What waits for a place that rests or is disabled is not tried, so it loses none of its attempts. One delivery at a
time probes a resting place. Once anything arrives there, all that had failed before is due at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from cases.models import outbox, receivers

WORKING, RESTING, DISABLED = "working", "resting", "disabled"
ERROR_LENGTH = 300
_ANEW: dict[str, Any] = {"state": WORKING, "failures": 0, "rest_until": None, "failing_since": None}
_INSERT: dict[str, Any] = {
    "sqlite": sqlite.insert(receivers).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(receivers).on_conflict_do_nothing(),
}


@dataclass(frozen=True, slots=True)
class Rests:
    """After `after` failures in a row a place rests for the first of `steps`, after each failed probe for the next."""

    after: int = 3
    steps: tuple[timedelta, ...] = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30))

    def until(self, failures: int, now: datetime, at_least: timedelta | None) -> datetime | None:
        """When to probe after so many failures in a row; None while it is still trusted."""
        if failures < self.after:
            return None
        step = self.steps[min(failures - self.after, len(self.steps) - 1)]
        return now + max(step, at_least or step)


def succeeded(conn: Connection, organisation: str, target: str, at: datetime) -> bool:
    """Something arrived there. True when that ends a rest or a run of failures: then what failed is due at once."""
    here = _here(organisation, target)
    known = conn.execute(sa.select(receivers.c.state, receivers.c.failures).where(*here)).first()
    if known is None:
        _insert(conn, organisation, target)
    recovers = known is not None and known.state != DISABLED and known.failures > 0
    values = {"last_success_at": at, **(_ANEW if recovers else {})}
    conn.execute(receivers.update().where(*here).values(values))
    if recovers:
        _due_now(conn, organisation, target, at)
    return recovers


def failed(
    conn: Connection,
    organisation: str,
    target: str,
    at: datetime,
    error: str,
    rests: Rests,
    *,
    probe: bool = False,
    at_least: timedelta | None = None,
) -> None:
    """A delivery failed by the receiver's fault; `at_least` is how long it asked to be left alone.

    What was under way when the rest began counts no more: only a failed probe makes the rest longer.
    """
    here = _here(organisation, target)
    query = sa.select(receivers).where(*here).with_for_update()
    if (known := conn.execute(query).first()) is None:
        _insert(conn, organisation, target)
        known = conn.execute(query).one()
    values: dict[str, Any] = {"last_error": error[:ERROR_LENGTH]}
    if known.state == WORKING or (known.state == RESTING and probe):
        failures = known.failures + 1
        until = rests.until(failures, at, at_least)
        values |= {
            "failures": failures,
            "failing_since": known.failing_since or at,
            "state": WORKING if until is None else RESTING,
            "rest_until": until,
        }
    conn.execute(receivers.update().where(*here).values(values))


def disable(conn: Connection, organisation: str, target: str, at: datetime, error: str) -> None:
    """It wants no more: nothing is sent there until `revive`."""
    _insert(conn, organisation, target)
    values = {
        "state": DISABLED,
        "rest_until": None,
        "failing_since": sa.func.coalesce(
            receivers.c.failing_since, sa.bindparam("at", at, receivers.c.failing_since.type)
        ),
        "last_error": error[:ERROR_LENGTH],
    }
    conn.execute(receivers.update().where(*_here(organisation, target)).values(values))


def revive(conn: Connection, organisation: str, target: str, now: datetime) -> bool:
    """Trust it again, and try at once what had failed there; False when nothing is known of it."""
    known = conn.execute(receivers.update().where(*_here(organisation, target)).values(_ANEW)).rowcount
    _due_now(conn, organisation, target, now)
    return known > 0


def listing(conn: Connection, organisation: str | None = None) -> list[dict[str, Any]]:
    """Every place that has a row here or in the outbox: its columns, and how many wait and are dead."""
    counts = sa.select(
        outbox.c.organisation,
        outbox.c.target,
        sa.func.count().filter(outbox.c.state.in_(("pending", "leased"))).label("waiting"),
        sa.func.count().filter(outbox.c.state == "dead").label("dead"),
    ).group_by(outbox.c.organisation, outbox.c.target)
    known = sa.select(receivers)
    if organisation is not None:
        counts = counts.where(outbox.c.organisation == organisation)
        known = known.where(receivers.c.organisation == organisation)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    nothing = {column.name: None for column in receivers.c} | {"state": WORKING, "failures": 0}
    for row in [*conn.execute(counts), *conn.execute(known)]:
        entry = found.setdefault((row.organisation, row.target), {**nothing, "waiting": 0, "dead": 0})
        entry.update(row._mapping)
    return [found[key] for key in sorted(found)]


@dataclass(frozen=True, slots=True)
class Measure:
    """How a place is faring, in numbers: `attempts` is how often what waits there was tried, `since` is from when the
    oldest of it waits, None while nothing does."""

    organisation: str
    target: str
    state: str = WORKING
    failures: int = 0
    last_success_at: datetime | None = None
    waiting: int = 0
    dead: int = 0
    attempts: int = 0
    since: datetime | None = None


def measures(conn: Connection) -> list[Measure]:
    """Each place that has a row here, or something in the outbox that is not delivered. Names no case."""
    waits = outbox.c.state.in_(("pending", "leased"))
    # What is planned for later waits from then; what was tried, from when it was written.
    begun = sa.case((outbox.c.attempts > 0, outbox.c.created_at), else_=outbox.c.due_at)
    counts = (
        sa.select(
            outbox.c.organisation,
            outbox.c.target,
            sa.func.count().filter(waits).label("waiting"),
            sa.func.count().filter(outbox.c.state == "dead").label("dead"),
            sa.func.coalesce(sa.func.sum(outbox.c.attempts).filter(waits), 0).label("attempts"),
            sa.type_coerce(sa.func.min(begun).filter(waits), outbox.c.due_at.type).label("since"),
        )
        .where(outbox.c.state.in_(("pending", "leased", "dead")))
        .group_by(outbox.c.organisation, outbox.c.target)
    )
    known = sa.select(
        *(receivers.c[name] for name in ("organisation", "target", "state", "failures", "last_success_at"))
    )
    found: dict[tuple[str, str], Measure] = {}
    for row in [*conn.execute(counts), *conn.execute(known)]:
        key = (row.organisation, row.target)
        found[key] = replace(found.get(key, Measure(*key)), **row._mapping)
    return [found[key] for key in sorted(found)]


def is_blocked() -> sa.ColumnElement[bool]:
    """Of an outbox row: its place rests or is disabled."""
    return sa.exists().where(_of_row(), receivers.c.state != WORKING)


def probing(due: sa.ColumnElement[bool]) -> Any:
    """The statement that takes the resting places (organisation, target) whose time has come and for which an outbox
    row is `due`, each for one caller. Parameters: `now`, and `until`, when others may have them."""
    ready = receivers.update().where(
        receivers.c.state == RESTING,
        receivers.c.rest_until <= sa.bindparam("now"),
        sa.exists().where(_of_row(), due),
    )
    return ready.values(rest_until=sa.bindparam("until")).returning(
        receivers.c.organisation, receivers.c.target
    )


def _of_row() -> sa.ColumnElement[bool]:
    return sa.and_(receivers.c.organisation == outbox.c.organisation, receivers.c.target == outbox.c.target)


def _here(organisation: str, target: str) -> tuple[sa.ColumnElement[bool], ...]:
    return receivers.c.organisation == organisation, receivers.c.target == target


def _insert(conn: Connection, organisation: str, target: str) -> None:
    """A row of its own, unless it has one: another worker may have been quicker."""
    row = {"organisation": organisation, "target": target, "state": WORKING, "failures": 0}
    conn.execute(_INSERT[conn.dialect.name], row)


def _due_now(conn: Connection, organisation: str, target: str, now: datetime) -> None:
    """Only what has failed before: what is planned for later stays planned."""
    waiting = (
        outbox.c.organisation == organisation,
        outbox.c.target == target,
        outbox.c.state == "pending",
        outbox.c.attempts > 0,
        outbox.c.due_at > now,
    )
    conn.execute(outbox.update().where(*waiting).values(due_at=now))
