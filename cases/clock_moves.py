"""What becomes of a case's clocks: met, missed, started, stood still, extended, stopped. Their rows, and nothing else.

A day that was told is never un-told: when another takes its place, the first one stays in `promised`. Instants are
arguments; a promise is kept until its last day is over where the organisation is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases.models import clocks
from cases.prepared import Prepared
from policy_rules.calendar import WorkingCalendar
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import Events, Extended, due, extend, local_date, start_of, window
from policy_rules.errors import ExtensionRefused
from policy_rules.pack import Clock

ClockState = Literal["running", "met", "missed", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One clock of a case, as its row tells of it."""

    kind: str
    by: str
    due: date | None
    from_event: str | None
    clause: str | None
    state: ClockState
    met_at: datetime | None
    paused_at: datetime | None
    promised: date | None
    extensions: int
    extended_reason: str | None
    stops: list[dict[str, str | None]] | None

    @property
    def is_open(self) -> bool:
        """Whether the organisation still owes what the clock promises, late or not."""
        return self.by == "organisation" and self.met_at is None and self.state != "stopped"

    @property
    def stands_since(self) -> date | None:
        """The first day of a standstill that is not over, also of a clock that was ended during it."""
        if not self.stops or self.stops[-1]["last"] is not None:
            return None
        return date.fromisoformat(str(self.stops[-1]["first"]))

    def could_move(self, on: date) -> bool:
        """Whether it ran on that day, also where it has run out since: what was done in time may be told late."""
        ran = self.state == "running" or (self.state == "missed" and self.met_at is None)
        return ran and (self.due is None or on <= self.due)

    def as_json(self) -> dict[str, Any]:
        """The clock as events and the API tell of it."""
        return {
            "kind": self.kind,
            "by": self.by,
            "state": self.state,
            "due": _text(self.due),
            "promised": _text(self.promised),
            "met_at": _text(self.met_at),
            "paused_at": _text(self.paused_at),
            "extensions": self.extensions,
            "extended_reason": self.extended_reason,
            "from": self.from_event,
            "clause": self.clause,
        }


_NOTHING_TO_DO = {
    "from": "received", "amount": 0, "unit": "calendar_day", "first_day": "next", "force": "must"
}  # fmt: skip
_COLUMNS = [clocks.c[name] for name in ClockRow.__dataclass_fields__]
_MOVED = "due state met_at paused_at promised extensions extended_reason stops".split()


_OF_CASE = Prepared(
    sa.select(*_COLUMNS).where(
        clocks.c.organisation == bindparam("in_organisation"), clocks.c.case_reference == bindparam("in_case")
    )
)
_MOVE = (
    clocks.update()
    .where(
        clocks.c.organisation == bindparam("in_organisation"),
        clocks.c.case_reference == bindparam("in_case"),
        clocks.c.kind == bindparam("in_kind"),
    )
    .values({name: bindparam(f"new_{name}") for name in _MOVED})
)


def rows_of(conn: Connection, organisation: str, reference: str) -> list[ClockRow]:
    """The clocks of a case, those with the nearest day first."""
    found = [
        ClockRow(*row) for row in _OF_CASE.rows(conn, {"in_organisation": organisation, "in_case": reference})
    ]
    return sorted(found, key=lambda row: (row.due or date.max, row.kind))


def write(
    conn: Connection, organisation: str, reference: str, before: Sequence[ClockRow], after: Sequence[ClockRow]
) -> list[ClockRow]:
    """Keep what has moved; the rows that did."""
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    for row in moved:
        values = {f"new_{name}": getattr(row, name) for name in _MOVED}
        here = {"in_organisation": organisation, "in_case": reference, "in_kind": row.kind}
        conn.execute(_MOVE, {**here, **values})
    return moved


def settled(row: ClockRow, at: datetime, calendar: WorkingCalendar) -> ClockRow:
    """The clock once what it promised was done at that instant: met by the end of its last day, else missed."""
    in_time = row.due is None or local_date(at, calendar) <= row.due
    return replace(
        row,
        state="met" if in_time else "missed",
        met_at=at,
        paused_at=None,
        stops=_closed(row, local_date(at, calendar)),
    )


def stopped(row: ClockRow) -> ClockRow:
    """The clock once nothing is owed any more; one that was met or missed stays that.

    One that stood still keeps the beginning of it: should it run again, it has the days that were left then.
    """
    return replace(row, state="stopped", paused_at=None) if row.is_open and row.state != "missed" else row


def redated(row: ClockRow, day: date) -> ClockRow:
    """The clock with another last day; the first that was told stays in `promised`."""
    if row.due == day:
        return row
    return replace(row, due=day, promised=row.promised or row.due)


def paused(row: ClockRow, at: datetime, calendar: WorkingCalendar) -> ClockRow:
    """The clock from the local day on from which it stands still."""
    first = local_date(at, calendar).isoformat()
    return replace(
        row, state="paused", paused_at=at, stops=[*(row.stops or []), {"first": first, "last": None}]
    )


def resumed(row: ClockRow, clock: Clock, at: datetime, calendar: WorkingCalendar) -> ClockRow:
    """The clock from the day on which it runs again: for each counted day that it stood still, one day later.

    One that does not stand still is as it was.
    """
    first, until = row.stands_since, local_date(at, calendar)
    if first is None:
        return row
    moved = replace(row, state="running", paused_at=None, stops=_closed(row, until))
    if row.due is None:
        return moved
    stood = (first + timedelta(days=n) for n in range((until - first).days))
    working = clock.unit == "working_day"
    owed = sum(1 for day in stood if day <= row.due and (not working or calendar.is_working(day)))
    # Days beyond the last one count too: until it ran again, the last day had moved on with them.
    owed += _beyond(row.due, first, until, calendar, working=working)
    if not owed:
        return moved
    return redated(moved, calendar.add(row.due, owed, "working_day" if working else "calendar_day"))


def _beyond(last: date, first: date, until: date, calendar: WorkingCalendar, *, working: bool) -> int:
    """How many counted days it stood still after its last day; none before it stood still at all."""
    if first > last:
        return 0
    after = (last + timedelta(days=n) for n in range(1, (until - last).days))
    return sum(1 for day in after if not working or calendar.is_working(day))


def extended(
    row: ClockRow,
    clock: Clock,
    to: date,
    *,
    at: datetime,
    calendar: WorkingCalendar,
    reason: str,
    agreed: bool,
    first: date | None = None,
) -> tuple[ClockRow, Extended]:
    """The clock with the day to which its policy lets it be moved; ExtensionRefused (422) says why it does not.

    `first` is the day that it had before it was ever extended; its own, where it was not.
    """
    if row.due is None:
        raise ExtensionRefused(f"'{row.kind}' has no day yet that could be moved.", where="clock")
    told = [first or row.due, *([row.due] * row.extensions)]
    moved = extend(
        clock, told, to, on=local_date(at, calendar), calendar=calendar, reason=reason, agreed=agreed
    )
    kept = replace(redated(row, moved.due), extensions=row.extensions + 1, extended_reason=reason or None)
    return kept, moved


def started(row: ClockRow, clock: Clock, events: Events, calendar: WorkingCalendar) -> ClockRow:
    """The clock once the event that it waits for has happened; one that has its day keeps it or gets a later one.

    One that stands still gets its day too, and stands still from the first day that would have counted.
    """
    if row.state not in ("running", "paused") or row.met_at is not None:
        return row
    day, start = day_of(clock, events, calendar), start_of(clock, events, calendar)
    if day is None or start is None or (row.due is not None and (row.state == "paused" or day <= row.due)):
        return row
    if row.due is not None:
        return redated(row, day)
    if (stands := row.stands_since) is not None:
        begins = local_date(start, calendar) + timedelta(days=0 if clock.first_day == "same" else 1)
        row = replace(
            row, stops=[*(row.stops or [])[:-1], {"first": max(stands, begins).isoformat(), "last": None}]
        )
    return replace(row, due=day)


def day_of(clock: Clock, events: Events, calendar: WorkingCalendar) -> date | None:
    """The last day of a clock; of a window that can be read in two ways, the safe one."""
    start = start_of(clock, events, calendar)
    if start is None or clock.latest is None:
        return due(clock, events, calendar)
    return window(clock, local_date(start, calendar), calendar).last_day


def clock_of(row: ClockRow, record: Mapping[str, Any], compiled: CompiledPack) -> Clock:
    """The rule of a clock, from the pack that decided the case if it is the one in use, else from the record.

    A clock for which a later decision has no place is kept, and nothing may be done with it any more.
    """
    decision = record.get("decision") or {}
    listed = [*decision.get("clocks", ()), *(record.get("statutory_clocks") or ())]
    told = next((clock for clock in listed if clock["kind"] == row.kind), None)
    if told is None:
        return _rebuilt({**_NOTHING_TO_DO, "kind": row.kind, "by": row.by, "clause": row.clause or row.kind})
    if decision.get("policy_sha256") == compiled.sha256:
        for clock in compiled.pack.clocks:
            if _is_told(clock, told):
                return clock
    return _rebuilt(told)


def _is_told(clock: Clock, told: Mapping[str, Any]) -> bool:
    same = (
        clock.kind,
        clock.by,
        clock.from_event,
        clock.amount,
        clock.unit,
        clock.first_day,
        clock.force,
        clock.clause,
    )
    return same == tuple(told[name] for name in "kind by from amount unit first_day force clause".split())


def _rebuilt(told: Mapping[str, Any]) -> Clock:
    """A clock as far as a decision tells of it: all that its days need."""
    names = "kind by from amount unit first_day force clause or_later".split()
    fields: dict[str, Any] = {name: told[name] for name in names if told.get(name) is not None}
    fields |= {name: bool(told.get(name)) for name in ("may_stop", "early_exit", "discretion")}
    if (allowed := told.get("extension")) is not None:
        kept = {name: allowed[name] for name in "amount unit times needs_reason needs_consent".split()}
        must_tell = tuple(allowed["must_tell"])
        fields["extension"] = {
            **kept,
            "must_tell": must_tell,
            "clause": told["clause"],
            "says": told["clause"],
        }
    return Clock.model_validate({"id": told["kind"], "says": told["clause"], **fields})


def by_kind(rows: Iterable[ClockRow]) -> dict[str, ClockRow]:
    """The clocks of one case by their kind."""
    return {row.kind: row for row in rows}


def _closed(row: ClockRow, until: date) -> list[dict[str, str | None]] | None:
    """The stops, the open one ended on the day before `until`."""
    if not row.stops or row.stops[-1]["last"] is not None:
        return row.stops
    last = until - timedelta(days=1)
    first = date.fromisoformat(cast(str, row.stops[-1]["first"]))
    ended = [] if last < first else [{**row.stops[-1], "last": last.isoformat()}]
    return [*row.stops[:-1], *ended]


def _text(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()
