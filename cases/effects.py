"""What each event does: how far the case has come after it, and what becomes of its clocks. No SQL.

An effect takes what happened and gives the progress and the clocks, one for each in the order of `rows`; what it adds
to `data` is kept with the event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from cases import clock_moves
from cases.clock_moves import ClockRow
from cases.told import Closed, Fulfilled, Paused, Prolonged, Told
from policy_rules import statute
from policy_rules.calendar import WorkingCalendar
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import Events, local_date
from policy_rules.errors import Refusal, nearest
from policy_rules.pack import Clock, Event

# What an event answers for; an answer also tells that the complaint was had.
_HAD = ("acknowledge", statute.ACKNOWLEDGE)
STOPS: Mapping[str, tuple[str, ...]] = {
    "acknowledged": _HAD,
    "responded": (*_HAD, "respond", "inform_of_action"),
    "resolved": (*_HAD, "respond", "inform_of_action", "resolve_aim"),
    "recorded": ("written_record",),
}


class CannotHappen(Refusal):
    """The case does not stand so that this could have happened."""

    status = 409
    kind = "event-out-of-order"
    title = "The case does not stand so that this can happen"


class NotAllowed(Refusal):
    kind = "not-in-policy"
    title = "The policy does not allow this"


class BadMoment(Refusal):
    kind = "bad-instant"
    title = "The instant cannot be used"


@dataclass(frozen=True, slots=True)
class CaseAt:
    """A case, locked until the transaction ends."""

    organisation: str
    reference: str
    conversation_id: str
    version: int
    progress: str
    received_at: datetime
    first_told_at: datetime | None
    state: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Happening:
    """What an event has to work with, and what it leaves: `data` is kept with it."""

    case: CaseAt
    rows: list[ClockRow]
    at: datetime
    compiled: CompiledPack
    past: list[dict[str, Any]]
    data: dict[str, Any]

    @property
    def calendar(self) -> WorkingCalendar:
        return self.compiled.calendar

    def rule(self, row: ClockRow) -> Clock:
        return clock_moves.clock_of(row, self.case.record, self.compiled)


Effect = tuple[str, list[ClockRow]]


def _ahead(progress: str, to: str) -> str:
    """The further of two; a letter that was late must not bring a case back."""
    order = ("received", "acknowledged", "responded", "closed")
    return max(progress, to, key=order.index)


def _refuse_when_closed(happening: Happening) -> None:
    if happening.case.progress == "closed":
        raise CannotHappen("The case is closed; reopen it first.", where="kind")


def _acknowledged(happening: Happening, told: Told) -> Effect:
    _refuse_repeated(happening, told.kind)
    rows = _stop(happening, STOPS[told.kind])
    rows = _start(happening, rows, {"acknowledged": happening.at})
    return _ahead(happening.case.progress, "acknowledged"), rows


def _recorded(happening: Happening, told: Told) -> Effect:
    _refuse_repeated(happening, told.kind)
    return happening.case.progress, _stop(happening, STOPS[told.kind])


def _responded(happening: Happening, told: Told) -> Effect:
    _refuse_repeated(happening, told.kind)
    rows = _stop(happening, STOPS[told.kind])
    rows = _start(happening, rows, answered_at(happening.at))
    return _ahead(happening.case.progress, "responded"), rows


def _resolved(happening: Happening, told: Told) -> Effect:
    _refuse_repeated(happening, told.kind)
    exits = [row for row in happening.rows if row.is_open and happening.rule(row).early_exit]
    rows = _stop(happening, (*STOPS[told.kind], *(row.kind for row in exits)))
    taken = {row.kind for row in exits}
    if any(row.state == "met" for row in rows if row.kind in taken):
        # Resolved by its last day, the matter has left the policy: nothing else is owed.
        rows = [
            row if row.kind in taken else clock_moves.stopped(was)
            for row, was in zip(rows, happening.rows, strict=True)
        ]
    return _ahead(happening.case.progress, "responded"), _start(happening, rows, answered_at(happening.at))


def _fulfilled(happening: Happening, told: Told) -> Effect:
    assert isinstance(told, Fulfilled)  # noqa: S101 - tells the type checker what the table below says
    _refuse_when_closed(happening)
    row = _one(happening.rows, told.clock)
    if not row.is_open:
        raise CannotHappen(f"The clock '{row.kind}' is {row.state} already.", where="clock")
    return happening.case.progress, _stop(happening, (told.clock,))


def _closed(happening: Happening, told: Told) -> Effect:
    assert isinstance(told, Closed)  # noqa: S101 - as above
    if happening.case.progress == "closed":
        raise CannotHappen("The case is closed already.", where="kind")
    happening.data["progress_before"] = happening.case.progress
    if not told.closing.answers:
        return "closed", [clock_moves.stopped(row) for row in happening.rows]
    rows = _stop(happening, tuple(row.kind for row in happening.rows))
    if happening.case.progress != "responded":
        rows = _start(happening, rows, answered_at(happening.at))
    return "closed", rows


def _reopened(happening: Happening, told: Told) -> Effect:
    del told
    if happening.case.progress != "closed":
        raise CannotHappen("The case is not closed.", where="kind")
    last = next(event for event in reversed(happening.past) if event["kind"] == "closed")
    ended = {clock["kind"] for clock in last["clocks"] if clock["state"] == "stopped"}
    rows = [
        # One that stood still when the case was closed stood still until now.
        clock_moves.resumed(
            replace(row, state="running"), happening.rule(row), happening.at, happening.calendar
        )
        if row.kind in ended and row.state == "stopped"
        else row
        for row in happening.rows
    ]
    return str(last["data"]["progress_before"]), rows


def _paused(happening: Happening, told: Told) -> Effect:
    assert isinstance(told, Paused)  # noqa: S101 - as above
    _refuse_when_closed(happening)
    may = [row.kind for row in happening.rows if row.by == "organisation" and happening.rule(row).may_stop]
    chosen = told.clocks if told.clocks is not None else tuple(may)
    for kind in chosen:
        _one(happening.rows, kind)
    if not may or (other := next((kind for kind in chosen if kind not in may), None)) is not None:
        named = f"'{other}'" if may else "any of its clocks"
        raise NotAllowed(f"The policy does not let {named} stand still.", where="clocks", allowed=may)
    today = local_date(happening.at, happening.calendar)
    found = [row for row in happening.rows if row.kind in chosen and row.could_move(today)]
    if not found:
        raise CannotHappen("None of these clocks is running.", where="clocks")
    for row in found:
        if row.stops and today <= date.fromisoformat(str(row.stops[-1]["last"])):
            raise BadMoment(f"'{row.kind}' stood still on that day already.", where="at")
    running = {row.kind for row in found}
    return happening.case.progress, [
        clock_moves.paused(row, happening.at, happening.calendar) if row.kind in running else row
        for row in happening.rows
    ]


def _resumed(happening: Happening, told: Told) -> Effect:
    del told
    still = [row for row in happening.rows if row.state == "paused"]
    if not still:
        raise CannotHappen("No clock of this case stands still.", where="kind")
    if any(row.paused_at is not None and happening.at < row.paused_at for row in still):
        raise BadMoment("This would be before the clocks were paused.", where="at")
    return happening.case.progress, [
        clock_moves.resumed(row, happening.rule(row), happening.at, happening.calendar)
        if row.state == "paused"
        else row
        for row in happening.rows
    ]


def _extended(happening: Happening, told: Told) -> Effect:
    assert isinstance(told, Prolonged)  # noqa: S101 - as above
    _refuse_when_closed(happening)
    row = _one(happening.rows, told.clock)
    if not row.could_move(row.due or date.max) or row.stands_since is not None:
        raise CannotHappen(
            f"The clock '{row.kind}' is {row.state}; only one that runs is extended.", where="clock"
        )
    before = [event["data"] for event in happening.past if event["kind"] == told.kind]
    first = next((data["was"] for data in before if data["clock"] == row.kind and "was" in data), None)
    happening.data["was"] = None if row.due is None else row.due.isoformat()
    kept, moved = clock_moves.extended(
        replace(row, state="running"),
        happening.rule(row),
        told.to,
        at=happening.at,
        calendar=happening.calendar,
        reason=told.reason,
        agreed=told.agreed,
        first=_first_day(row, first),
    )
    happening.data["must_tell"] = list(moved.must_tell)
    happening.data["contact"] = moved.contact
    return happening.case.progress, [kept if each.kind == row.kind else each for each in happening.rows]


EFFECTS: Mapping[str, Callable[[Happening, Any], Effect]] = {
    "acknowledged": _acknowledged,
    "recorded": _recorded,
    "responded": _responded,
    "resolved": _resolved,
    "fulfilled": _fulfilled,
    "closed": _closed,
    "reopened": _reopened,
    "paused": _paused,
    "resumed": _resumed,
    "extended": _extended,
}


def _refuse_repeated(happening: Happening, kind: str) -> None:
    """Once is enough until the case is reopened: a second telling would hide when it happened."""
    _refuse_when_closed(happening)
    for event in reversed(happening.past):
        if event["kind"] == "reopened":
            return
        if event["kind"] == kind:
            raise CannotHappen(f"It was told before: {kind} at {event['at']}.", where="kind")


def _first_day(row: ClockRow, told: str | None) -> date | None:
    """What a clock was promised for before its first extension, which may not be what was promised at all."""
    if not row.extensions:
        return None
    return row.promised if told is None else date.fromisoformat(told)


def _stop(happening: Happening, kinds: Sequence[str]) -> list[ClockRow]:
    """What was promised has been done; a clock that stood still has its later day by then."""

    def done(row: ClockRow) -> ClockRow:
        if row.state == "paused":
            row = clock_moves.resumed(row, happening.rule(row), happening.at, happening.calendar)
        return clock_moves.settled(row, happening.at, happening.calendar)

    return [done(row) if row.kind in kinds and row.is_open else row for row in happening.rows]


def _start(happening: Happening, rows: list[ClockRow], more: Events) -> list[ClockRow]:
    """The clocks that waited for what has happened now have their days."""
    case = happening.case
    known: dict[Event, datetime | date] = {
        "received": case.received_at,
        "stage_began": case.received_at,
        "first_told": case.first_told_at or case.received_at,
    }
    events = {**known, **more}
    waits = {*more}
    return [
        clock_moves.started(row, rule, events, happening.calendar)
        if (rule := happening.rule(row)).from_event in waits or rule.or_later in waits
        else row
        for row in rows
    ]


def answered_at(at: datetime) -> Events:
    """What has happened once the answer was there."""
    return {"response_received": at, "response_dated": at, "resolved": at}


def _one(rows: Sequence[ClockRow], kind: str) -> ClockRow:
    """The organisation's clock of that kind; NotAllowed (422) names the nearest one that there is."""
    mine = {row.kind: row for row in rows if row.by == "organisation"}
    found = mine.get(kind)
    if found is None:
        meant = nearest(kind, mine)
        hint = f" Did you mean '{meant}'?" if meant else ""
        raise NotAllowed(
            f"This case has no clock '{kind}' of the organisation.{hint}",
            where="clock",
            found=kind,
            allowed=sorted(mine),
            meant=meant,
        )
    return found
