"""Reports as CSV: UTF-8 with a byte order mark, so that spreadsheets read names right; lines end as RFC 4180 says.

A text that a spreadsheet would take for a formula gets an apostrophe before it. The same report gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from cases.reports.funnel import FACES, Funnel
from cases.reports.hiding import SMALLEST
from cases.reports.history import ZONE, Matter
from cases.reports.measures import CLOCK_STATES, NOT_KNOWN, Cell, Report, Row
from cases.reports.period import Period

BOM = "\ufeff"
# Also in the wide signs of East Asian keyboards.
_FORMULAS = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
SMALL, WITHHELD = f"fewer than {SMALLEST}", "not shown"
# How a row of a table is called: its table and its id.
Named = Callable[[str, str], str]
REGULATOR = (
    "number organisation status category nature complainant_type channel stage received_on acknowledged_on "
    "answered_on closed_on days_to_answer answered_in_time outcome remedies root_cause represented adjustments "
    "sent_to failure_in_assessment reopened"
).split()
# The promise to answer: a case has one of these.
ANSWERING = ("respond", "inform_of_action", "resolve_aim")


def sheet(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file; every value is made safe for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([safe(value) for value in row] for row in rows)
    return (BOM + text.getvalue()).encode()


def read(content: bytes) -> list[list[str]]:
    """The rows of a file of ours."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def safe(value: object) -> str:
    """A value as text that no spreadsheet runs: numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULAS) or text.startswith(_FORMULAS) else text


def shown(cell: Cell) -> int | str:
    """A count, or why it is not there."""
    if cell.value is not None:
        return cell.value
    return SMALL if cell.hidden == "small" else WITHHELD


def board(report: Report, named: Named) -> bytes:
    """The board's report: a line for each count, with that of the period before."""
    header = ["table", "row", "label", "count", "count_before"]
    return sheet(header, [*_about(report), *_tables(report, named), *_clocks(report, named), *_rest(report)])


def _about(report: Report) -> Iterable[Sequence[object]]:
    period, before = report.period, report.period.before
    yield "about", "organisation", "", report.organisation, ""
    yield "about", "from", "", period.first, before.first
    yield "about", "to", "", period.last, before.last
    yield "about", "as_of", "", report.as_of.isoformat(), report.as_of.isoformat()
    yield "about", "adds_up", "", report.reconciliation.holds, ""


def _tables(report: Report, named: Named) -> Iterable[Sequence[object]]:
    for table in report.tables.values():
        yield _line(table.id, "total", named(table.id, "total"), table.total)
        for row in table.rows:
            short = row.id.rpartition(".")[2] if table.id != "sent_to" else row.id.partition(".")[2]
            yield _line(table.id, short, named(table.id, short), row)


def _clocks(report: Report, named: Named) -> Iterable[Sequence[object]]:
    for promise in report.promises:
        name = f"clock {promise.kind}"
        label = named("clock", promise.kind)
        yield _line(name, "total", label, promise.total)
        for state in CLOCK_STATES:
            yield _line(name, state, label, promise.counts[state])
        yield name, "kept_percent", label, promise.share, promise.share_before


def _rest(report: Report) -> Iterable[Sequence[object]]:
    times, before = report.times, report.times_before
    yield "days_to_answer", "median", "", times.median, before.median
    yield "days_to_answer", "nine_in_ten", "", times.nine_in_ten, before.nine_in_ten
    for lesson in report.lessons:
        yield "lesson", lesson.learned_on, lesson.words, "", ""


def _line(table: str, row: str, label: str, counts: Row) -> Sequence[object]:
    return table, row, label, shown(counts.now), shown(counts.before)


def regulator(organisation: str, period: Period, matters: Iterable[Matter]) -> bytes:
    """A line for each matter that was received, with the columns of ombudsmen's returns: no name, word or reference.

    Lines are in the order of receipt. It hides nothing: it is for the regulator alone.
    """
    lines = sorted(
        tuple(safe(value) for value in _of_matter(organisation, matter))
        for matter in matters
        if matter.day in period
    )
    ordered = sorted(lines, key=lambda line: line[REGULATOR.index("received_on") - 1])
    return sheet(REGULATOR, [(number, *line) for number, line in enumerate(ordered, 1)])


def _of_matter(organisation: str, matter: Matter) -> Iterable[object]:
    filed = matter.state in ("filed", "informal")
    yield organisation
    yield "open" if matter.state == "draft" else matter.state
    for value in (matter.subject, matter.nature, matter.complainant_type, matter.channel):
        yield value or NOT_KNOWN
    yield matter.stage
    yield matter.day
    for at in (matter.acknowledged_at, matter.answered_at, matter.closed_at):
        yield _day(at)
    answered = matter.answered_at
    yield None if answered is None else (answered.astimezone(ZONE).date() - matter.day).days
    yield _in_time(matter) if filed else None
    yield (matter.outcome or "not_closed") if filed else None
    yield ";".join(matter.remedies)
    yield matter.cause
    yield matter.represented
    yield matter.adjustments
    yield matter.sent_to
    yield matter.failure_in_assessment if filed else None
    yield matter.reopened if filed else None


def _in_time(matter: Matter) -> str:
    """yes, no, not_due_yet, no_longer_owed or no_promise."""
    states = {clock.kind: clock.state for clock in matter.clocks}
    state = next((states[kind] for kind in ANSWERING if kind in states), None)
    known = {
        "kept": "yes",
        "late": "no",
        "not_kept": "no",
        "running": "not_due_yet",
        "stopped": "no_longer_owed",
    }
    return known[state] if state is not None else "no_promise"


def _day(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(ZONE).date().isoformat()


def funnel(found: Funnel, named: Named) -> bytes:
    """Where people stopped: a line for each step of each face, then for each question."""
    rows: list[Sequence[object]] = []
    for face in FACES:
        way = found.faces[face]
        rows += [(face, "step", step, "", shown(cell), "", "", "", "") for step, cell in way.steps.items()]
        rows.append((face, "step", "median_minutes", "", way.minutes, "", "", "", ""))
        for one in way.questions:
            counts = (
                shown(one.asked),
                shown(one.answered),
                shown(one.skipped),
                shown(one.left),
                shown(one.open),
            )
            rows.append((face, "question", one.id, named("question", one.id), *counts))
    header = "face part name label count_or_asked answered skipped left open".split()
    return sheet(header, rows)
