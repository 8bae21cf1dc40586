"""The board's report: what was received in a period, counted, beside the period before. Pure functions of matters.

Every table is about what was received in the period, as it stood at `as_of`. What it is out of is its total: everything
received; what was taken up (filed, informal, sent elsewhere); what was filed; what was answered. docs/reports.md has
each definition in a sentence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from cases.closing import ANSWERED, CAUSES, FOUND, OUTCOMES, REMEDIES
from cases.reports.hiding import SMALLEST, Counts, Hidden, hidden
from cases.reports.history import ZONE, Clock, Matter
from cases.reports.lessons import Lesson
from cases.reports.period import Period
from cases.reports.reconcile import STATES, Reconciliation

TAKEN_UP = ("filed", "signposted", "informal")
NOT_KNOWN = "not_known"
# A tenth of fewer is one or two people.
ENOUGH_FOR_A_TENTH = 20
CLOCK_STATES = ("kept", "late", "not_kept", "running", "stopped")


@dataclass(frozen=True, slots=True)
class Cell:
    """A count as it may be shown: `value` None where it is `hidden`."""

    value: int | None
    hidden: Hidden | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A count in both periods."""

    id: str
    now: Cell
    before: Cell


@dataclass(frozen=True, slots=True)
class Table:
    """Counts that make up a total; `several` says that one matter may be in more than one row."""

    id: str
    rows: tuple[Row, ...]
    total: Row
    several: bool = False

    @property
    def untold(self) -> bool:
        """Whether the period has too few for anything to be said."""
        return self.total.now.value != 0 and all(row.now.hidden == "untold" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Promise:
    """How one kind of clock was kept: a count for each of CLOCK_STATES, and of those that have come due the share kept,
    in per cent, in both periods. `amounts` are what was promised, as (amount, unit)."""

    kind: str
    amounts: tuple[tuple[int | None, str | None], ...]
    counts: dict[str, Row]
    total: Row
    share: float | None
    share_before: float | None


@dataclass(frozen=True, slots=True)
class Times:
    """Calendar days from receipt to the first answer; None where too few were answered for it to tell of nobody."""

    median: float | None
    nine_in_ten: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that stands in the report."""

    organisation: str
    period: Period
    as_of: datetime
    reconciliation: Reconciliation
    tables: dict[str, Table]
    promises: tuple[Promise, ...]
    times: Times
    times_before: Times
    lessons: tuple[Lesson, ...] = ()


@dataclass(slots=True)
class _Side:
    """One of the two periods: its matters, what is counted of them, and what of it is hidden."""

    matters: Sequence[Matter]
    counts: Counts = field(default_factory=Counts)
    hidden: dict[str, Hidden] = field(default_factory=dict)

    def cell(self, name: str) -> Cell:
        """A count as it may be shown; what was counted nowhere is zero, unless zeros are untold there."""
        reason = self.hidden.get(name)
        return Cell(None, reason) if reason else Cell(self.counts.values.get(name, 0))


def report(
    organisation: str,
    period: Period,
    as_of: datetime,
    matters: Iterable[Matter],
    reconciliation: Reconciliation,
    lessons: Sequence[Lesson] = (),
) -> Report:
    """The report on what was received in the period; `matters` hold the period before it too."""
    found = list(matters)
    now = _side([matter for matter in found if matter.day in period])
    before = _side([matter for matter in found if matter.day in period.before])
    kinds = sorted({c.kind for side in (now, before) for m in side.matters for c in _promises_of(m)})
    for side in (now, before):
        for kind in kinds:
            _count_clock(side, kind)
        side.hidden = hidden(side.counts)
    return Report(
        organisation=organisation,
        period=period,
        as_of=as_of,
        reconciliation=reconciliation,
        tables={made.id: made for made in _tables(now, before)},
        promises=tuple(_promise(kind, now, before) for kind in kinds),
        times=_times(now),
        times_before=_times(before),
        lessons=tuple(lessons),
    )


def _side(matters: Sequence[Matter]) -> _Side:
    """Everything but the clocks counted, with the sums that hold between the counts."""
    side = _Side([matter for matter in matters if matter.state in STATES])
    states = Counter(matter.state for matter in side.matters)
    count, total = states.__getitem__, side.counts.total
    recorded = count("filed") + count("informal")
    taken = recorded + count("signposted")
    total(
        "received",
        {"taken_up": taken, **{f"state.{name}": count(name) for name in ("withdrawn", "draft", "abandoned")}},
    )
    total("taken_up", {"recorded": recorded, "state.signposted": count("signposted")}, implied=["recorded"])
    total("recorded", {"state.filed": count("filed"), "state.informal": count("informal")})
    here = [matter for matter in side.matters if matter.state in TAKEN_UP]
    for table in ("subject", "nature", "channel", "complainant_type"):
        _part(side, "taken_up", table, (getattr(matter, table) for matter in here))
    _part(side, "state.signposted", "sent_to", (m.sent_to for m in here if m.state == "signposted"))
    _count_filed(side, [matter for matter in here if matter.state == "filed"])
    return side


def _count_filed(side: _Side, filed: Sequence[Matter]) -> None:
    total = side.counts.total
    _part(side, "state.filed", "stage", (matter.stage for matter in filed))
    _part(side, "state.filed", "represented", (matter.represented for matter in filed))
    asked: dict[bool | None, str] = {True: "asked", False: "none"}
    _part(side, "state.filed", "adjustments", (asked.get(m.adjustments) for m in filed))
    had = sum(matter.answered_at is not None for matter in filed)
    total("state.filed", {"answered": had, "not_answered": len(filed) - had}, implied=["not_answered"])
    ends = Counter(matter.outcome for matter in filed)
    decided, without = (
        {f"outcome.{name}": ends[name] for name in OUTCOMES if (name in ANSWERED) is answered}
        for answered in (True, False)
    )
    with_answer, with_none = sum(decided.values()), sum(without.values())
    ended = {"decided": with_answer, "ended_without": with_none, "outcome.open": ends[None]}
    total("state.filed", ended, implied=["ended_without"])
    total("ended_without", without)
    found = sum(ends[name] for name in FOUND)
    other = {name: value for name, value in decided.items() if name.partition(".")[2] not in FOUND}
    total("decided", {"found": found, **other})
    total("found", {f"outcome.{name}": ends[name] for name in OUTCOMES if name in FOUND})
    _part(side, "found", "cause", (matter.cause for matter in filed if matter.outcome in FOUND))
    answers = [matter for matter in filed if matter.outcome in ANSWERED]
    for remedy in REMEDIES:
        _one_of(side, "decided", f"remedy.{remedy}", sum(remedy in matter.remedies for matter in answers))
    failures = sum(matter.failure_in_assessment for matter in answers)
    _one_of(side, "decided", "failure_in_assessment", failures)


def _part(side: _Side, total: str, table: str, values: Iterable[str | None]) -> None:
    """A total parted by a value; what has none is `not_known`."""
    counted = Counter(value or NOT_KNOWN for value in values)
    if counted:
        side.counts.total(total, {f"{table}.{value}": number for value, number in sorted(counted.items())})


def _one_of(side: _Side, total: str, name: str, value: int) -> None:
    """A count of some among a total: the others can be worked out, and are guarded."""
    rest = side.counts.values[total] - value
    side.counts.total(total, {name: value, f"{name}.others": rest}, implied=[f"{name}.others"])


def _promises_of(matter: Matter) -> list[Clock]:
    return list(matter.clocks) if matter.state in ("filed", "informal") else []


def _count_clock(side: _Side, kind: str) -> None:
    states = Counter(c.state for matter in side.matters for c in _promises_of(matter) if c.kind == kind)
    name = f"clock.{kind}"
    side.counts.total(name, {f"{name}.{state}": states[state] for state in CLOCK_STATES})
    _one_of(side, "recorded", name, sum(states.values()))


def _tables(now: _Side, before: _Side) -> Iterable[Table]:
    yield _table("received", "received", [f"state.{name}" for name in STATES], now, before)
    for name in ("subject", "nature", "channel", "complainant_type"):
        yield _table(name, "taken_up", _ids(name, now, before), now, before)
    yield _table("sent_to", "state.signposted", _ids("sent_to", now, before), now, before)
    for name in ("stage", "represented", "adjustments"):
        yield _table(name, "state.filed", _ids(name, now, before), now, before)
    yield _table("outcome", "state.filed", [f"outcome.{name}" for name in (*OUTCOMES, "open")], now, before)
    yield _table("remedy", "decided", [f"remedy.{name}" for name in REMEDIES], now, before, several=True)
    causes = [f"cause.{name}" for name in (*CAUSES, NOT_KNOWN)]
    present = set(_ids("cause", now, before))
    yield _table("cause", "found", [name for name in causes if name in present], now, before)
    yield _table("answered", "state.filed", ["answered"], now, before, several=True)
    yield _table("assessment", "decided", ["failure_in_assessment"], now, before, several=True)


def _ids(table: str, now: _Side, before: _Side) -> list[str]:
    """The rows of a table whose values come from the cases: those that are shown as the largest first, then the hidden
    by name, so that their place says nothing. Where a period has too few to tell, its values are not named."""
    named = {
        name
        for side in (now, before)
        for name in side.counts.values
        if name.startswith(f"{table}.") and side.hidden.get(name) != "untold"
    }

    def place(name: str) -> tuple[bool, bool, int, str]:
        cell = now.cell(name)
        return name.endswith(f".{NOT_KNOWN}"), cell.value is None, -(cell.value or 0), name

    return sorted(named, key=place)


def _table(
    table: str, total: str, ids: Sequence[str], now: _Side, before: _Side, *, several: bool = False
) -> Table:
    rows = tuple(_row(name, total, now, before) for name in ids)
    return Table(table, rows, _row(total, total, now, before), several)


def _row(name: str, total: str, now: _Side, before: _Side) -> Row:
    cells = [
        Cell(None, "untold") if _is_untold(side, name, total) else side.cell(name) for side in (now, before)
    ]
    return Row(name, *cells)


def _is_untold(side: _Side, name: str, total: str) -> bool:
    """Whether even a zero would say too much: where the total is of few."""
    return name != total and 0 < side.counts.values.get(total, 0) < SMALLEST


def _promise(kind: str, now: _Side, before: _Side) -> Promise:
    name = f"clock.{kind}"
    amounts = {(c.amount, c.unit) for matter in now.matters for c in _promises_of(matter) if c.kind == kind}
    return Promise(
        kind=kind,
        amounts=tuple(sorted(amounts, key=lambda one: (one[1] or "", one[0] or 0))),
        counts={state: _row(f"{name}.{state}", name, now, before) for state in CLOCK_STATES},
        total=_row(name, name, now, before),
        share=_share(now, name),
        share_before=_share(before, name),
    )


def _share(side: _Side, name: str) -> float | None:
    """Of the promises that have come due, the share that was kept in time, in per cent; None where that would tell a
    count that is hidden, and where none has come due."""
    cells = [side.cell(f"{name}.{state}") for state in ("kept", "late", "not_kept")]
    if any(cell.value is None for cell in cells):
        return None
    due = sum(cell.value or 0 for cell in cells)
    return round(100 * (cells[0].value or 0) / due, 1) if due else None


def _times(side: _Side) -> Times:
    days = sorted(
        (m.answered_at.astimezone(ZONE).date() - m.day).days
        for m in side.matters
        if m.state == "filed" and m.answered_at is not None
    )
    if len(days) < SMALLEST or side.cell("answered").value is None:
        return Times(None, None)
    tenth = days[math.ceil(len(days) * 0.9) - 1] if len(days) >= ENOUGH_FOR_A_TENTH else None
    return Times(float(median(days)), tenth)
