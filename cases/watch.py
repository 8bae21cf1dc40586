"""Clocks are watched: who handles a case is warned before a promise is due, and told when it was not kept.

Days are arguments. Any number of workers may look at the same time: a warning is given by whoever moves the clock's
row, and its outbox row is named after what it says, so that it is given once whatever dies between two steps.

A bank holiday that is proclaimed later moves a day that was promised already. The day that the policy gives now stands
in `due`, and the first one stays in `promised`. Where the new day is the later one, the person still counts on the
first: warnings go by that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, clock_moves, escalation, events, outgoing
from cases.clock_moves import ClockRow
from cases.closing import ANSWERED
from cases.effects import CaseAt, answered_at
from cases.models import cases, clocks
from cases.record import CaseRecord
from policy_rules.calendar import WorkingCalendar
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import Events, local_date
from policy_rules.decide import NOT_YET_ANSWERED
from policy_rules.pack import Event

DUE_SOON, MISSED = "clock.due_soon", "clock.missed"
REDATED, RAN_OUT = "redated", "missed"
# Days before the last one; this one is the day after it.
PASSED = -1
# A page is one transaction, and turns wait behind it.
PAGE = 20
# An earlier promise is kept beside a later day: so far apart they may lie.
_APART = timedelta(days=31)

_KEPT: sa.ColumnElement[date] = sa.case(
    (sa.and_(clocks.c.recomputed == clocks.c.due, clocks.c.promised < clocks.c.due), clocks.c.promised),
    else_=clocks.c.due,
)
_SAME_CASE = sa.and_(
    cases.c.organisation == clocks.c.organisation, cases.c.reference == clocks.c.case_reference
)


@dataclass(frozen=True, slots=True)
class Due:
    """A promise that runs out: `days` is how many working days before its last one this is told, PASSED after it.

    `day` is the day that the person counts on, `due` the one that the policy gives now.
    """

    organisation: str
    reference: str
    kind: str
    day: date
    due: date
    days: int
    force: str | None
    clause: str | None


def horizons(today: date, warn_days: Sequence[int], calendar: WorkingCalendar) -> dict[int, date]:
    """For each warning, the last day of a clock that it is time for."""
    ahead = {days: calendar.add_working_days(today, days) if days else today for days in warn_days}
    return {PASSED: today - timedelta(days=1), **dict(sorted(ahead.items()))}


def to_warn(conn: Connection, organisation: str, until: Mapping[int, date], most: int = PAGE) -> list[Due]:
    """The promises that it is time to speak of, the most pressing first; `until` is of `horizons`.

    Of a clock that was not looked at for long, only the most pressing is told. One that runs for so few days that it
    would be warned of at once is not warned of.
    """
    found: list[Due] = []
    for days in sorted(until):
        if len(found) < most:
            rows = conn.execute(_to_warn(organisation, days, until[days], most - len(found)))
            seen = {(one.reference, one.kind) for one in found}
            found += [Due(*row) for row in rows if (row.case_reference, row.kind) not in seen]
    return found


def _to_warn(organisation: str, days: int, until: date, most: int) -> sa.Select[Any]:
    kept = clocks.c.due if days == PASSED else _KEPT
    not_told = sa.or_(clocks.c.warned_due.is_(None), clocks.c.warned_due != kept, clocks.c.warned_days > days)
    long_enough = sa.or_(
        clocks.c.unit.in_(("week", "month")),
        sa.and_(clocks.c.unit.in_(("working_day", "calendar_day")), clocks.c.amount > days),
    )
    return (
        sa.select(
            clocks.c.organisation,
            clocks.c.case_reference,
            clocks.c.kind,
            kept,
            clocks.c.due,
            sa.literal(days),
            clocks.c.force,
            clocks.c.clause,
        )
        .join(cases, _SAME_CASE)
        .where(
            clocks.c.organisation == organisation,
            clocks.c.due <= until + (timedelta(0) if days == PASSED else _APART),
            kept <= until,
            clocks.c.by == "organisation",
            clocks.c.state == "running",
            cases.c.state != "withdrawn",
            not_told,
            *([] if days == PASSED else [long_enough]),
        )
        .order_by(clocks.c.due, clocks.c.case_reference, clocks.c.kind)
        .limit(most)
    )


def warn(conn: Connection, found: Sequence[Due], at: datetime) -> int:
    """Tell staff of each, once; how many were told. One whose clock was met or moved since it was read is left out."""
    told: list[audit.Event] = []
    # In one order, so that two workers never wait for each other.
    for one in sorted(found, key=lambda due: (due.reference, due.kind)):
        if _told(conn, one, at):
            kind = MISSED if one.days == PASSED else DUE_SOON
            told.append(audit.Event(kind, one.reference, "system"))
    if told:
        audit.append(conn, found[0].organisation, at, told)
    return len(told)


def _told(conn: Connection, one: Due, at: datetime) -> bool:
    case = events.lock(conn, one.organisation, one.reference)
    passed = one.days == PASSED
    values: dict[str, Any] = {"warned_due": one.day, "warned_days": one.days}
    marked = clocks.update().where(
        clocks.c.organisation == one.organisation,
        clocks.c.case_reference == one.reference,
        clocks.c.kind == one.kind,
        clocks.c.state == "running",
        clocks.c.due == one.due,
        sa.or_(
            clocks.c.warned_due.is_(None), clocks.c.warned_due != one.day, clocks.c.warned_days > one.days
        ),
    )
    if conn.execute(marked.values(values | ({"state": "missed"} if passed else {}))).rowcount != 1:
        return False
    detail = {
        "clock": one.kind,
        "day": one.day.isoformat(),
        "due": one.due.isoformat(),
        "days": one.days,
        "force": one.force,
        "clause": one.clause,
    }
    kind = MISSED if passed else DUE_SOON
    about = f"{one.kind}/{one.day}/{one.days}"
    place = (one.organisation, one.reference, kind, outgoing.TO_STAFF, at)
    outgoing.put(conn, *place, about=about, detail=detail)
    if passed:
        rows = clock_moves.rows_of(conn, one.organisation, one.reference)
        missed = [row for row in rows if row.kind == one.kind]
        _keep(conn, case, RAN_OUT, {"clock": one.kind}, missed, "running", at)
    return True


def calendar_key(calendar: WorkingCalendar) -> str:
    """Names the days off exactly; without closures it is the version that decisions carry."""
    if not calendar.closures:
        return calendar.version
    days = ",".join(sorted(day.isoformat() for day in calendar.closures))
    return f"{calendar.version}#{hashlib.sha256(days.encode()).hexdigest()[:12]}"


def to_recount(conn: Connection, organisation: str, key: str, most: int = PAGE) -> list[str]:
    """The cases with open clocks that were counted with another calendar than `key`."""
    decided = cases.c.record["calendar_version"].as_string()
    other = sa.or_(
        clocks.c.calendar_version != key,
        sa.and_(clocks.c.calendar_version.is_(None), sa.or_(decided.is_(None), decided != key)),
    )
    query = (
        sa.select(clocks.c.case_reference)
        .join(cases, _SAME_CASE)
        .where(
            clocks.c.organisation == organisation,
            clocks.c.due.is_not(None),
            clocks.c.state.in_(("running", "paused")),
            other,
        )
        .distinct()
        .order_by(clocks.c.case_reference)
        .limit(most)
    )
    return list(conn.execute(query).scalars())


def recount(conn: Connection, reference: str, compiled: CompiledPack, at: datetime) -> int:
    """Count a case's open clocks again with the calendar of the pack; how many got another day.

    Days that were agreed (an extension) or shifted (a pause) stay as they were told. An event keeps both days.
    """
    organisation, key = compiled.pack.organisation.id, calendar_key(compiled.calendar)
    case = events.lock(conn, organisation, reference)
    rows = clock_moves.rows_of(conn, organisation, reference)
    known = _known(conn, case)
    # The policy in force at the receipt governs: where its nations were others, this is not its calendar.
    decided = str(case.record.get("calendar_version") or key)
    same = decided.partition("/")[0] == key.partition("/")[0]
    today = local_date(at, compiled.calendar)
    after = [_recounted(row, case, known, compiled, today) if same else row for row in rows]
    moved = clock_moves.write(conn, organisation, reference, rows, after)
    here = (clocks.c.organisation == organisation, clocks.c.case_reference == reference)
    conn.execute(clocks.update().where(*here).values(calendar_version=key))
    for row in moved:
        its = clocks.update().where(*here, clocks.c.kind == row.kind)
        conn.execute(its.values(recomputed=row.due))
    if moved:
        was = {row.kind: row.due for row in rows}
        data = {
            "calendar": key,
            "days": [{"clock": r.kind, "was": _iso(was[r.kind]), "is": _iso(r.due)} for r in moved],
        }
        _keep(conn, case, REDATED, data, moved, "running", at)
        audit.append(conn, organisation, at, [audit.Event("case.redated", reference, "system")])
    return len(moved)


def _recounted(row: ClockRow, case: CaseAt, known: Events, compiled: CompiledPack, today: date) -> ClockRow:
    if row.state != "running" or row.due is None or row.extensions or row.stops:
        return row
    if row.by == "complainant" and row.due < today:
        # Their time is over, and nothing that is found later gives or takes a day of it.
        return row
    rule = clock_moves.clock_of(row, case.record, compiled)
    if rule.or_later is not None:
        # Its event may have moved it already, and then the first day is no longer what is owed.
        return row
    day = clock_moves.day_of(rule, known, compiled.calendar)
    return row if day is None else clock_moves.redated(row, day)


def _known(conn: Connection, case: CaseAt) -> Events:
    """What has happened in the case, as far as clocks run from it."""
    known: dict[Event, datetime | date] = {
        "received": case.received_at,
        "stage_began": case.received_at,
        "first_told": case.first_told_at or case.received_at,
    }
    if (first := _first_of_matter(conn, case)) is not None:
        known["original_received"] = first
    for event in events.listing(conn, case.organisation, case.reference):
        at = datetime.fromisoformat(event["at"])
        if event["kind"] == "acknowledged":
            known["acknowledged"] = at
        elif event["kind"] in ("responded", "resolved") or _answers(event):
            known |= answered_at(at)
    return known


def _first_of_matter(conn: Connection, case: CaseAt) -> datetime | None:
    """The receipt of the matter's first case; None where that was told by somebody and is not known here."""
    record = CaseRecord.model_validate(case.record)
    if record.escalated_from is not None:
        first = escalation.original_received_at(conn, record)
        # The earlier case was erased: what is left begins with this one.
        return None if first == record.received_at else first
    return case.received_at if record.facts.get("stage_reached", "none") in NOT_YET_ANSWERED else None


def _answers(event: Mapping[str, Any]) -> bool:
    """Whether a closing was itself the answer, so that the complainant's own time began with it."""
    if event["kind"] != "closed" or event["data"].get("progress_before") == "responded":
        return False
    return bool(event["data"]["closing"]["outcome"] in ANSWERED)


def _keep(
    conn: Connection,
    case: CaseAt,
    kind: str,
    data: dict[str, Any],
    moved: Sequence[ClockRow],
    was: str,
    at: datetime,
) -> None:
    """An event of our own beside those that are told, and the case's next version; `case` was locked just now."""
    event = {
        "kind": kind,
        "at": at,
        "recorded_at": at,
        "by": "Hearout",
        "data": data,
        "clocks": [{**row.as_json(), "was": was} for row in moved],
    }
    events.keep(conn, case, event)
    events.advance(conn, case, at)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def open_clocks(
    conn: Connection,
    organisation: str,
    restricted: bool,
    most: int = 5000,
    first: date | None = None,
    last: date | None = None,
) -> list[dict[str, Any]]:
    """An organisation's promises that are still owed, the nearest day first, for a calendar.

    `restricted` is whether those of restricted cases are among them; `first` and `last` are days that both count.
    """
    query = (
        sa.select(
            clocks.c.case_reference,
            clocks.c.kind,
            clocks.c.due,
            clocks.c.promised,
            clocks.c.state,
            clocks.c.force,
            clocks.c.clause,
            _KEPT.label("day"),
            cases.c.handler,
            cases.c.stage,
            cases.c.version,
            cases.c.created_at,
        )
        .join(cases, _SAME_CASE)
        .where(*_still_owed(organisation, restricted), *_between(first, last))
        .order_by(clocks.c.due, clocks.c.case_reference, clocks.c.kind)
        .limit(most)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


def count_owed(
    conn: Connection, organisation: str, restricted: bool, today: date, until: date
) -> tuple[int, int, int]:
    """How many promises are late, due today, and due after it up to `until`: all of them, however many."""
    day = _KEPT
    query = (
        sa.select(
            sa.func.count().filter(day < today),
            sa.func.count().filter(day == today),
            sa.func.count().filter(day > today),
        )
        .select_from(clocks.join(cases, _SAME_CASE))
        .where(*_still_owed(organisation, restricted), *_between(None, until))
    )
    late, now, coming = conn.execute(query).one()
    return int(late), int(now), int(coming)


def _still_owed(organisation: str, restricted: bool) -> tuple[sa.ColumnElement[bool], ...]:
    open_to_all = ~sa.func.coalesce(cases.c.record["restricted"].as_boolean(), sa.false())
    return (
        clocks.c.organisation == organisation,
        clocks.c.by == "organisation",
        clocks.c.due.is_not(None),
        clocks.c.met_at.is_(None),
        clocks.c.state.in_(("running", "missed")),
        cases.c.state != "withdrawn",
        # A promise that was missed stays so when the case is closed without an answer; nobody owes it any more.
        cases.c.progress != "closed",
        *(() if restricted else (open_to_all,)),
    )


def _between(first: date | None, last: date | None) -> Iterator[sa.ColumnElement[bool]]:
    """By the day that the person counts on; the other condition on each is what an index can be used for."""
    day = _KEPT
    if first is not None:
        yield from (clocks.c.due >= first, day >= first)
    if last is not None:
        yield from (clocks.c.due <= last + _APART, day <= last)


def standing(conn: Connection, organisation: str, reference: str) -> list[dict[str, Any]]:
    """The clocks of a case as a letter tells of them: `due` is the day that the person may count on, ISO."""
    names = ("kind", "by", "promised", "state", "force", "extensions", "extended_reason", "met_at")
    query = (
        sa.select(*(clocks.c[name] for name in names), _KEPT.label("due"))
        .where(clocks.c.organisation == organisation, clocks.c.case_reference == reference)
        .order_by(clocks.c.due, clocks.c.kind)
    )
    found = [dict(row._mapping) for row in conn.execute(query)]
    days = ("due", "promised", "met_at")
    return [{**row, **{name: row[name] and row[name].isoformat() for name in days}} for row in found]


def today_of(now: datetime, calendar: WorkingCalendar) -> date:
    """The local day of an instant."""
    return local_date(now, calendar)
