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
from cases.reports.hiding import SMALLEST, Bounds, Counts, Hidden, could_be, hidden
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
    """A count in both periods; `share` is what it is of its total, in whole per cent, where that tells nothing more."""

    id: str
    now: Cell
    before: Cell
    share: int | None = None


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
    upheld: float | None
    upheld_before: float | None
    lessons: tuple[Lesson, ...] = ()


@dataclass(slots=True)
class _Side:
    """One of the two periods: its matters, what is counted of them, and what of it is hidden."""

    matters: Sequence[Matter]
    counts: Counts = field(default_factory=Counts)
    hidden: dict[str, Hidden] = field(default_factory=dict)
    bounds: dict[str, Bounds] = field(default_factory=dict)

    def keep_back(self) -> None:
        """Say what is hidden, and what could be worked out all the same."""
        self.hidden = hidden(self.counts)
        self.bounds = could_be(self.counts, self.hidden)

    def could_be(self, name: str) -> Bounds:
        """From where to where a count could lie by what is shown."""
        return self.bounds.get(name, (0, 0))

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
    now, before = (
        _side([matter for matter in found if matter.day in days], days) for days in (period, period.before)
    )
    kinds = sorted({c.kind for side in (now, before) for m in side.matters for c in _promises_of(m)})
    for side in (now, before):
        for kind in kinds:
            _count_clock(side, kind)
        side.keep_back()
    return Report(
        organisation=organisation,
        period=period,
        as_of=as_of,
        reconciliation=reconciliation,
        tables={made.id: made for made in _tables(now, before)},
        promises=tuple(_promise(kind, now, before) for kind in kinds),
        times=_times(now),
        times_before=_times(before),
        upheld=_share(now, ["found"], ["decided"], 0),
        upheld_before=_share(before, ["found"], ["decided"], 0),
        lessons=tuple(lessons),
    )


def _side(matters: Sequence[Matter], period: Period) -> _Side:
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
    if period.months:
        in_month = Counter(_month(period, matter) for matter in side.matters)
        total("received", {f"month.{number:02d}": in_month[number] for number in range(period.months)})
    here = [matter for matter in side.matters if matter.state in TAKEN_UP]
    for table in ("subject", "nature", "channel", "complainant_type"):
        _part(side, "taken_up", table, (getattr(matter, table) for matter in here))
    _part(side, "state.signposted", "sent_to", (m.sent_to for m in here if m.state == "signposted"))
    _count_filed(side, [matter for matter in here if matter.state == "filed"])
    return side


def _month(period: Period, matter: Matter) -> int:
    """Which month of the period it was received in, the first one being 0."""
    return (matter.day.year - period.first.year) * 12 + matter.day.month - period.first.month


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
    months = sorted({n for side in (now, before) for n in side.counts.values if n.startswith("month.")})
    if months:
        yield _table("month", "received", months, now, before)
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
    """The rows of a table whose values come from the cases: those that are shown, the largest first, then the hidden by
    name, so that their place says nothing, then those without any. A period that has too few to tell names none."""
    named = {
        name
        for side in (now, before)
        for name in side.counts.values
        if name.startswith(f"{table}.") and side.hidden.get(name) != "untold"
    }

    def place(name: str) -> tuple[bool, bool, bool, int, str]:
        cell = now.cell(name)
        return name.endswith(f".{NOT_KNOWN}"), cell.value == 0, cell.value is None, -(cell.value or 0), name

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
    share = _share(now, [name], [total], 0) if name != total and cells[0].value is not None else None
    return Row(name, cells[0], cells[1], None if share is None else round(share))


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
        share=_kept_share(now, name),
        share_before=_kept_share(before, name),
    )


def _kept_share(side: _Side, name: str) -> float | None:
    """Of the promises that have come due, the share that was kept in time; whole where a tenth would say too much."""
    due = [f"{name}.{state}" for state in ("kept", "late", "not_kept")]
    shares = (_share(side, due[:1], due, digits) for digits in (1, 0))
    return next((share for share in shares if share is not None), None)


def _share(side: _Side, part: Sequence[str], whole: Sequence[str], digits: int) -> float | None:
    """What some counts are of others, in per cent; None where what is shown leaves it open, or there are none.

    With counts that are hidden it is given only if it is the same whatever they are: then it tells nothing of them.
    """
    rest = [name for name in whole if name not in part]
    low, high = (
        [sum(side.could_be(name)[end] for name in names) for names in (part, whole, rest)] for end in (0, 1)
    )
    # Parts of the whole itself: the more of the others, the less their share.
    wholes = (low[0] + high[2], high[0] + low[2]) if len(whole) > 1 else (high[1], low[1])
    if not wholes[0] or not wholes[1]:
        return None
    least, most = (round(100 * one / of, digits) for one, of in zip((low[0], high[0]), wholes, strict=True))
    return min(least, 100.0) if least == most else None


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
