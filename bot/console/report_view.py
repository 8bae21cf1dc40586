"""A report as it is read: one content for the page, the file and the PDF, in words and lengths of bars.

Nothing here counts anything. What a cell does not show has no bar and is in no sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.console import report_words as words
from bot.console.report_charts import Column, columns, columns_alt
from bot.dialogue.catalogue import Catalogue
from cases.reports.history import ZONE
from cases.reports.measures import CLOCK_STATES, Cell, Promise, Report, Row, Table
from cases.reports.period import Period

Content = dict[str, Any]
# The sections, and the tables in each, in the order in which a board asks.
SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("about", "What people came to us about", ("subject", "nature")),
    ("who", "Who came, and how", ("complainant_type", "channel", "represented", "adjustments")),
    ("where", "Stages, and other doors", ("stage", "sent_to")),
    ("ends", "Outcomes and remedies", ("outcome", "remedy", "cause")),
)
# The clocks of the answer; a case has one of them.
ANSWERING = ("respond", "inform_of_action", "resolve_aim")


@dataclass(frozen=True, slots=True)
class House:
    """Whose report it is: its name, and the words of its interview."""

    name: str
    said: Catalogue

    def named(self, table: str, row: str) -> str:
        """What a row is called."""
        return words.row_name(table, row, self.said)


def content(report: Report, house: House) -> Content:
    """Everything that stands in the report, as JSON."""
    period, earlier = report.period, report.period.before
    so_far = report.as_of.astimezone(ZONE).date() <= period.last
    return {
        "title": f"Complaints in {short(period)}" if period.months == 12 else "Complaints",
        "kind": f"{'Annual report' if period.months == 12 else 'Report'}{', so far' if so_far else ''}",
        "organisation": house.name,
        "language": "en",
        "period": f"{words.day(period.first)} to {words.day(period.last)}",
        "now": short(period),
        "before": before(period),
        "earlier": f"{'all of ' if so_far else ''}{words.day(earlier.first)} to {words.day(earlier.last)}",
        "as_of": words.instant(report.as_of),
        "figures": list(_figures(report)),
        "sums": _sums(report),
        "months": _months(report),
        "sections": [
            {
                "id": identity,
                "title": title,
                "tables": [_table(report.tables[one], house) for one in tables if one in report.tables],
            }
            for identity, title, tables in SECTIONS
        ],
        "promises": _promises(report, house),
        "lessons": [
            {
                "words": lesson.words,
                "theme": house.named("subject", lesson.subject) if lesson.subject else "",
                "day": words.day(lesson.learned_on),
            }
            for lesson in report.lessons
        ],
        "meanings": [list(one) for one in words.MEANINGS],
    }


def short(period: Period) -> str:
    """The head of a column: 2026, 2025/26, or that it is this period."""
    if period.is_year:
        return str(period.first.year)
    return f"{period.first.year}/{period.last:%y}" if period.months == 12 else "This period"


def before(period: Period) -> str:
    """The head of the column beside it."""
    named = short(period.before)
    return named if period.months == 12 else "Before it"


def _figures(report: Report) -> Iterable[Content]:
    """The four numbers that a board asks for first."""
    when = before(report.period)
    received = report.tables["received"].total
    yield _figure("Received", words.cell_text(received.now), words.cell_text(received.before), when)
    by_kind = {one.kind: one for one in report.promises}
    answers = next((by_kind[kind] for kind in ANSWERING if kind in by_kind), None)
    if answers is not None:
        now, then = words.percent(answers.share), words.percent(answers.share_before)
        yield _figure("Answered in time", now, then, when)
    now, then = (_days(one.median) for one in (report.times, report.times_before))
    unit = "" if now == "–" else " day" if now == "1" else " days"
    yield _figure("Half had an answer within", f"{now}{unit}", then, when)
    now, then = words.percent(report.upheld), words.percent(report.upheld_before)
    yield _figure("Upheld, in part or whole", now, then, when)


def _figure(label: str, value: str, earlier: str, when: str) -> Content:
    compared = "" if earlier in ("–", words.WITHHELD) else f"{earlier} in {when}"
    compared = compared.replace(" in Before it", " before")
    if value == "–":
        compared = "Too few to say"
    return {"label": label, "value": value, "before": compared, "long": len(value) > 8}


def _days(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _sums(report: Report) -> Content:
    table, sums = report.tables["received"], report.reconciliation
    parts = [
        {"label": words.ROWS["received"][row.id.partition(".")[2]], "value": words.cell_text(row.now)}
        for row in table.rows
    ]
    return {
        "holds": sums.holds,
        "faults": list(sums.faults),
        "total": words.cell_text(table.total.now),
        "parts": parts,
        "stories": f"{sums.stories_kept:,}",
    }


def _table(table: Table, house: House) -> Content:
    title, head, total = words.TABLES[table.id]
    longest = max((cell.value or 0 for row in table.rows for cell in (row.now, row.before)), default=0)
    rows = [_row(row, _name(table, row, house), longest) for row in table.rows]
    if table.id in ("outcome", "remedy"):
        rows = [row for row in rows if (row["now"], row["before"]) != ("0", "0")]
    return {
        "id": table.id,
        "title": title,
        "head": head,
        "rows": rows,
        "total": {
            "label": total,
            "now": words.cell_text(table.total.now),
            "before": words.cell_text(table.total.before),
        },
        "several": table.several,
        "summary": _summary(table, rows, total),
    }


def _name(table: Table, row: Row, house: House) -> str:
    return house.named(table.id, row.id.partition(".")[2] or row.id)


def _row(row: Row, label: str, longest: int) -> Content:
    return {
        "label": label,
        "now": words.cell_text(row.now),
        "before": words.cell_text(row.before),
        "share": "" if row.share is None else f"{row.share}%",
        "bar": _length(row.now, longest),
        "bar_before": _length(row.before, longest),
        "hidden": row.now.value is None,
    }


def _length(cell: Cell, longest: int) -> float | None:
    """Of 100; None for what is not shown."""
    return None if cell.value is None else round(100 * cell.value / longest, 2) if longest else 0.0


def _summary(table: Table, rows: Sequence[Content], total: str) -> str:
    """What the bars show, in a sentence."""
    if table.total.now.value == 0:
        return "There were none."
    if table.untold:
        return "Too few to say more about them without saying something about somebody."
    known = [row for row in rows if not row["hidden"] and row["now"] != "0"]
    first = sorted(known, key=lambda row: -(row["bar"] or 0))[:2]
    if not first:
        return ""
    parts = [
        f"{row['label']}: {row['now']}{' (' + row['share'] + ')' if row['share'] else ''}" for row in first
    ]
    return f"Most often {'; then '.join(parts)}." if len(rows) > 1 else f"{parts[0]}."


def _promises(report: Report, house: House) -> Content:
    rows = [_promise(one, house) for one in report.promises]
    return {
        "rows": rows,
        "states": [{"id": state, "label": words.CLOCK_STATES[state]} for state in CLOCK_STATES],
        "summary": _answers(report),
    }


def _answers(report: Report) -> str:
    """How many had an answer, and after how long, as far as it can be said."""
    table, times = report.tables["answered"], report.times
    had, filed = table.rows[0].now, table.total.now
    said = []
    if had.value is not None and filed.value is not None:
        said.append(f"{had.value:,} of {filed.value:,} that were filed have had an answer.")
    if times.median is not None:
        said.append(f"Half of the answers came within {_days(times.median)} days.")
    if times.nine_in_ten is not None:
        said.append(f"Nine in ten came within {times.nine_in_ten}; the slowest tenth took longer.")
    return " ".join(said) or "Too few were answered to say more than what the table has."


def _promise(promise: Promise, house: House) -> Content:
    due = [promise.counts[state].now for state in ("kept", "late", "not_kept")]
    lengths = None
    if all(cell.value is not None for cell in due) and (whole := sum(cell.value or 0 for cell in due)):
        lengths = [round(100 * (cell.value or 0) / whole, 2) for cell in due]
    elif promise.share is not None:
        # How those that were not kept in time part is not told.
        lengths = [promise.share, 0.0, 0.0]
    return {
        "label": house.named("clock", promise.kind),
        "promised": words.promised(promise),
        "counts": {state: words.cell_text(promise.counts[state].now) for state in CLOCK_STATES},
        "total": words.cell_text(promise.total.now),
        "percent": words.percent(promise.share),
        "before": words.percent(promise.share_before),
        "bars": lengths,
    }


def _months(report: Report) -> Content | None:
    """The months of the period as a chart, beside those of the period before; None where it has no whole months."""
    table = report.tables.get("month")
    if table is None or len(table.rows) < 2 or len(table.rows) > 24 or table.untold:
        return None
    found = []
    for row in table.rows:
        number = int(row.id.partition(".")[2])
        month = report.period.first.month - 1 + number
        name = f"{_MONTHS[month % 12]} {report.period.first.year + month // 12}"
        found.append(Column(name, _MONTHS[month % 12][:3], row.now, row.before))
    names = (short(report.period), before(report.period))
    return {
        "columns": columns(found),
        "alt": columns_alt(found, names),
        "rows": [
            {
                "label": one.name,
                "short": one.short,
                "now": words.cell_text(one.now),
                "before": words.cell_text(one.before),
            }
            for one in found
        ],
        "total": {
            "now": words.cell_text(table.total.now),
            "before": words.cell_text(table.total.before),
        },
    }


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
