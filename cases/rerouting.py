"""A case that went to the wrong door is sent to the right one: decided anew as of its receipt, its first promises kept.

`proposed` shows what would come of it, `reroute` does it. What was done already stays done: a clock that was met or
missed stays that. One that runs gets the day of the new decision, and the first day that was told stays in `promised`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cases import audit, case_row, clock_moves, escalation, events, restricted
from cases.clock_moves import ClockRow
from cases.effects import CannotHappen, CaseAt
from cases.events import Writer
from cases.filing import hand_over
from cases.models import clocks
from cases.record import CaseFiling, CaseRecord, Policy, day
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide, parse_facts
from policy_rules.decision import Decision, Needs
from policy_rules.errors import Refusal

REROUTED = "rerouted"
KIND = f"case.{REROUTED}"
# What of the decision changes for whoever reads the event.
_TOLD = ("disposition", "handler", "stage", "acknowledge_by", "respond_by")


class NothingChanges(Refusal):
    status = 409
    kind = "nothing-changes"
    title = "The case would be where it is"


def proposed(
    record: CaseRecord, changes: Mapping[str, str], compiled: CompiledPack, original: datetime | None = None
) -> Decision:
    """The decision with these facts changed, as of the receipt; `original` is the receipt of the matter's first case.

    Raises UnknownFact and UnknownValue (422), and NothingChanges (409) where each fact is as it was.
    """
    if record.received_at is None:
        raise CannotHappen("What was never received is routed when it is sent.", where="reference")
    known = {name: value for name, value in record.facts.items() if name in compiled.pack.facts}
    facts = parse_facts(compiled, known)
    changed = parse_facts(compiled, dict(changes))
    if all(facts.get(name) == value for name, value in changed.items()):
        raise NothingChanges("Each of these facts is as it was; change at least one.", where="facts")
    decision = decide(
        compiled,
        {**facts, **changed},
        record.received_at,
        assume=True,
        first_told_at=record.first_told_at,
        original_received_at=original,
    )
    if isinstance(decision, Needs):
        raise LookupError(f"no default settles {', '.join(decision.needs)}")
    return decision


def restricts(
    record: CaseRecord, changes: Mapping[str, str], decision: Decision, compiled: CompiledPack
) -> list[str]:
    """Why only those who deal with it may open the case once it is sent there; empty where everybody may."""
    return list(_anew(record, changes, decision, compiled).record.restricted_because)


def reroute(
    conn: Connection,
    case: CaseAt,
    changes: Mapping[str, str],
    reason: str,
    writer: Writer,
    now: datetime,
    compiled: CompiledPack,
    targets: Sequence[str],
) -> dict[str, Any]:
    """Send a locked case where it belongs; the event as JSON, with the case's new version.

    Every target is handed the case again, as `case.rerouted`. Refusals as of `proposed`, and CannotHappen (409) for a
    case that is closed; then nothing is kept.
    """
    if case.progress == "closed":
        raise CannotHappen("The case is closed; reopen it first.", where="reference")
    record = CaseRecord.model_validate(case.record)
    original = escalation.original_received_at(conn, record) if record.escalated_from else None
    decision = proposed(record, changes, compiled, original)
    anew = _anew(record, changes, decision, compiled)
    before = clock_moves.rows_of(conn, case.organisation, case.reference)
    _move_clocks(conn, case, anew, before, compiled, now)
    after = clock_moves.rows_of(conn, case.organisation, case.reference)
    _write(conn, case, anew.record, now)
    event = _keep(conn, case, record, anew.record, before, after, reason, writer, now)
    digest = audit.digest_of(anew.record.as_json(), case.conversation_id)
    actions = (audit.REPLACED, KIND)
    entries = [
        audit.Event(action, case.reference, writer.actor, digest, caller=writer.caller) for action in actions
    ]
    audit.append(conn, case.organisation, now, entries)
    hand_over(conn, case.organisation, case.reference, KIND, tuple(targets), now)
    return {**event, "version": case.version + 1}


def _anew(
    record: CaseRecord, changes: Mapping[str, str], decision: Decision, compiled: CompiledPack
) -> CaseFiling:
    """The record by the new decision. What staff have seen to be so is no longer assumed."""
    changed = parse_facts(compiled, dict(changes))
    told = {
        "facts": {**record.facts, **changed},
        "assumed": list(decision.assumed),
        "decision": decision.as_json(),
        "policy": Policy(version=decision.policy_version, sha256=decision.policy_sha256),
        "calendar_version": decision.calendar_version,
        "flags": list(dict.fromkeys([*record.flags, REROUTED])),
    }
    return restricted.prepared(CaseFiling(record.model_copy(update=told), event=KIND))


def _move_clocks(
    conn: Connection,
    case: CaseAt,
    filing: CaseFiling,
    before: Sequence[ClockRow],
    compiled: CompiledPack,
    at: datetime,
) -> None:
    """Clocks that the new decision has run to its days; those that it has not are owed no more."""
    wanted = {row["kind"]: row for row in filing.clock_rows()}
    had = clock_moves.by_kind(before)
    here = (clocks.c.organisation == case.organisation, clocks.c.case_reference == case.reference)
    kept = filing.record.as_json()

    def again(row: ClockRow) -> ClockRow:
        rule = clock_moves.clock_of(row, kept, compiled)
        return clock_moves.resumed(replace(row, state="running"), rule, at, compiled.calendar)

    after = [
        _moved(again(row) if row.state == "stopped" and row.kind in wanted else row, wanted.get(row.kind))
        for row in before
    ]
    clock_moves.write(conn, case.organisation, case.reference, before, after)
    for kind, row in wanted.items():
        if kind not in had:
            conn.execute(clocks.insert(), row)
        else:
            rule = {name: row[name] for name in ("by", "amount", "unit", "from_event", "first_day", "force")}
            conn.execute(
                clocks.update()
                .where(*here, clocks.c.kind == kind)
                .values(**rule, clause=row["clause"], calendar_version=row["calendar_version"])
            )


def _moved(row: ClockRow, wanted: Mapping[str, Any] | None) -> ClockRow:
    if wanted is None:
        ends = row.by == "complainant" and row.state == "running"
        return replace(row, state="stopped") if ends else clock_moves.stopped(row)
    if row.met_at is not None:
        return row
    if row.extensions or row.stops or wanted["due"] is None:
        # What was agreed with the person, or has begun already, is not taken back.
        return row
    if row.state == "missed" and row.due is not None and wanted["due"] > row.due:
        row = replace(row, state="running")
    if row.due is None:
        return replace(row, due=wanted["due"])
    return clock_moves.redated(row, wanted["due"])


def _write(conn: Connection, case: CaseAt, record: CaseRecord, at: datetime) -> None:
    decision = record.decision or {}
    values = {
        "disposition": decision.get("disposition"),
        "handler": decision.get("handler"),
        "stage": decision.get("stage"),
        "acknowledge_by": day(decision.get("acknowledge_by")),
        "respond_by": day(decision.get("respond_by")),
        "policy_sha256": record.policy.sha256,
    }
    case_row.replace(conn, case.organisation, case.reference, record.as_json(), at, **values)


def _keep(
    conn: Connection,
    case: CaseAt,
    was: CaseRecord,
    now_is: CaseRecord,
    before: Sequence[ClockRow],
    after: Sequence[ClockRow],
    reason: str,
    writer: Writer,
    now: datetime,
) -> dict[str, Any]:
    """The event: why, which facts, and both decisions as far as people ask for them."""
    stood = clock_moves.by_kind(before)
    facts = {
        name: {"was": was.facts.get(name), "is": value}
        for name, value in now_is.facts.items()
        if was.facts.get(name) != value
    }
    event = {
        "kind": REROUTED,
        "at": now,
        "recorded_at": now,
        "by": writer.name,
        "data": {"reason": reason, "facts": facts, "was": _told(was), "is": _told(now_is)},
        "clocks": [
            {**row.as_json(), "was": stood[row.kind].state if row.kind in stood else None}
            for row in after
            if stood.get(row.kind) != row
        ],
    }
    return events.keep(conn, case, event)


def _told(record: CaseRecord) -> dict[str, Any]:
    decision = record.decision or {}
    return {name: decision.get(name) for name in _TOLD}
