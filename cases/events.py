"""What becomes of a case after it was filed: events, told by case systems and staff, which stop its clocks.

    received --acknowledged--> acknowledged --responded--> responded --closed--> closed --reopened--> (where it was)

An event is kept for good, says what became of each clock, and moves the case to its next version. `record` is one
transaction: the case is locked, so that of two writers the second sees what the first did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import audit, case_row, clock_moves, closing, repeats
from cases.effects import EFFECTS, BadMoment, CaseAt, Happening
from cases.models import case_events, cases
from cases.prepared import Prepared
from cases.references import UnknownReference
from cases.told import Closed, Reopened, Told
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import local_date
from policy_rules.errors import Refusal

# Clocks of other machines run a little ahead of ours.
AHEAD = timedelta(minutes=2)


class NoSuchCase(UnknownReference):
    title = "No such case"


class Moved(Refusal):
    """The case is not at the version that the writer has seen."""

    status = 412
    kind = "case-has-moved"
    title = "The case has changed since you read it"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the name that is kept with what they write, and the id that the audit trail keeps of them."""

    name: str
    actor: audit.Actor
    caller: str | None = None


_COLUMNS = [cases.c[name] for name in CaseAt.__dataclass_fields__]
_HERE = (cases.c.organisation == bindparam("in_organisation"), cases.c.reference == bindparam("in_case"))
_LOCK = Prepared(sa.select(*_COLUMNS).where(*_HERE).with_for_update())
_PARTS = ("number", "kind", "at", "recorded_at", "by", "data", "clocks")
_PAST = Prepared(
    sa.select(*(case_events.c[name] for name in _PARTS))
    .where(
        case_events.c.organisation == bindparam("in_organisation"),
        case_events.c.case_reference == bindparam("in_case"),
    )
    .order_by(case_events.c.number)
)


def lock(conn: Connection, organisation: str, reference: str) -> CaseAt:
    """The case, and nobody else's until the transaction ends. NoSuchCase (404)."""
    row = _LOCK.first(conn, {"in_organisation": organisation, "in_case": reference})
    if row is None:
        raise NoSuchCase(f"There is no case {reference[:60]}.", where="reference")
    return CaseAt(*row)


def require_version(case: CaseAt, seen: Collection[int] | None) -> None:
    """Moved (412) when the case is at none of the versions that its writer has seen; None asks for none."""
    if seen is not None and case.version not in seen:
        raise Moved(
            f"The case is at version {case.version} now. Read it again, and decide anew.", where="if-match"
        )


def advance(conn: Connection, case: CaseAt, at: datetime, progress: str | None = None) -> int:
    """Move a locked case to its next version, and return that."""
    case_row.move(conn, case.organisation, case.reference, progress or case.progress, at)
    return case.version + 1


def tell(
    conn: Connection,
    request: repeats.Request,
    seen: Collection[int] | None,
    told: Told,
    writer: Writer,
    now: datetime,
    compiled: CompiledPack,
) -> repeats.Answer:
    """`record` once, however often the request is sent; `seen` are the versions that the writer has seen."""
    case = lock(conn, request.organisation, request.reference)

    def do() -> tuple[int, dict[str, Any]]:
        require_version(case, seen)
        return 201, record(conn, case, told, writer, now, compiled)

    return repeats.once(conn, request, now, do)


def record(
    conn: Connection, case: CaseAt, told: Told, writer: Writer, now: datetime, compiled: CompiledPack
) -> dict[str, Any]:
    """Keep the event and what it does to the clocks; the event as JSON, with the case's new version and progress.

    `case` is locked. Refusals say what stands in the way; then nothing is kept.
    """
    at = told.at or now
    _check_moment(case, at, now, compiled)
    rows = clock_moves.rows_of(conn, case.organisation, case.reference)
    past = listing(conn, case.organisation, case.reference)
    data = told.model_dump(mode="json", exclude={"kind", "at", "by"})
    happening = Happening(case, rows, at, compiled, past, data)
    progress, after = EFFECTS[told.kind](happening, told)
    moved = clock_moves.write(conn, case.organisation, case.reference, rows, after)
    was = clock_moves.by_kind(rows)
    by = told.by or writer.name
    if isinstance(told, Closed):
        closing.write(conn, case.organisation, case.reference, told.closing, by, at)
    elif isinstance(told, Reopened):
        closing.remove(conn, case.organisation, case.reference)
    event = keep(
        conn,
        case,
        {
            "number": len(past) + 1,
            "kind": told.kind,
            "at": at,
            "recorded_at": now,
            "by": by,
            "data": happening.data,
            "clocks": [{**row.as_json(), "was": was[row.kind].state} for row in moved],
        },
    )
    version = advance(conn, case, now, progress)
    entry = audit.Event(f"case.{told.kind}", case.reference, writer.actor, caller=writer.caller)
    audit.append(conn, case.organisation, now, [entry])
    return {**event, "version": version, "progress": progress}


def keep(conn: Connection, case: CaseAt, event: Mapping[str, Any]) -> dict[str, Any]:
    """Write an event of a locked case as it is given, under the next number unless it has one; the event as JSON."""
    numbered = {"number": _next_number(conn, case), **event} if "number" not in event else dict(event)
    key = {"organisation": case.organisation, "case_reference": case.reference}
    conn.execute(case_events.insert(), {**key, **numbered})
    return _shown(numbered)


def _next_number(conn: Connection, case: CaseAt) -> int:
    past = (case_events.c.organisation == case.organisation, case_events.c.case_reference == case.reference)
    return (
        int(conn.execute(sa.select(sa.func.count()).select_from(case_events).where(*past)).scalar_one()) + 1
    )


def listing(conn: Connection, organisation: str, reference: str) -> list[dict[str, Any]]:
    """The events of a case as JSON, the first one first."""
    rows = _PAST.rows(conn, {"in_organisation": organisation, "in_case": reference})
    return [_shown(dict(zip(_PARTS, row, strict=True))) for row in rows]


def erase(conn: Connection, organisation: str, reference: str) -> None:
    """Forget the events of a case that is erased, and how it ended."""
    here = (case_events.c.organisation == organisation, case_events.c.case_reference == reference)
    conn.execute(case_events.delete().where(*here))
    closing.remove(conn, organisation, reference)


def _shown(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value := event[name], datetime) else value for name in _PARTS
    }


def _check_moment(case: CaseAt, at: datetime, now: datetime, compiled: CompiledPack) -> None:
    if at > now + AHEAD:
        raise BadMoment("An event is told once it has happened; this lies ahead.", where="at")
    received = min(case.received_at, case.first_told_at or case.received_at)
    if local_date(at, compiled.calendar) < local_date(received, compiled.calendar):
        raise BadMoment(
            f"The complaint came on {local_date(received, compiled.calendar)}; this would be before it.",
            where="at",
        )
