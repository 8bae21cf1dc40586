"""Reports as files: CSV for spreadsheets, JSON for programs, a page to keep, and a PDF that everybody can read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from bot.console.rendering import PAGES, render
from bot.console.report_making import Asked, Maker
from bot.console.report_view import Content, House, content
from cases.reports import open_data, sheets
from cases.reports.measures import Report
from handoff.letters import report as pdf
from policy_rules.errors import Refusal


class NoSuchFile(Refusal):
    kind = "unknown-report-file"
    title = "There is no such file"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its media type, and how it is offered."""

    media_type: str
    label: str
    says: str


CSV, JSON = "text/csv; charset=utf-8", "application/json"
FILES: dict[str, Kind] = {
    "board.pdf": Kind(
        "application/pdf", "The report as a PDF", "Tagged for screen readers; to print or to send round."
    ),
    "board.html": Kind(
        "text/html; charset=utf-8", "The report as a page", "One file that opens in any browser."
    ),
    "board.csv": Kind(CSV, "The report as a table", "Each count on a line, for a spreadsheet."),
    "board.json": Kind(JSON, "The report for programs", "The same as JSON."),
    "clocks.csv": Kind(CSV, "Open data: promises kept", "May be published. Each kind of promise on a line."),
    "clocks.json": Kind(JSON, "Open data for programs", "The same as JSON, with a published schema."),
    "clocks.schema.json": Kind(
        JSON, "What the open data means", "The JSON Schema, with each field in words."
    ),
    "regulator.csv": Kind(
        CSV,
        "For a regulator: a line for each complaint",
        "No names, words or references, but single complaints: for the regulator alone.",
    ),
    "funnel.csv": Kind(CSV, "Where people stop", "Each step and question of the interview on a line."),
}


def file_name(organisation: str, kind: str, wanted: Asked) -> str:
    """How a file is called on the disk of whoever takes it: cqm-2026-board.csv."""
    period = wanted.period
    days = str(period.first.year) if period.is_year else f"{period.first}-to-{period.last}"
    return f"{organisation}-{days}-{kind}"


class Shelf:
    """The files of one report."""

    def __init__(self, maker: Maker, organisation: str, wanted: Asked, house: House) -> None:
        self._maker, self._organisation, self._asked, self._house = maker, organisation, wanted, house

    async def file(self, kind: str) -> bytes:
        """One of FILES, as bytes; the same report gives the same ones."""
        if kind == "regulator.csv":
            found = await self._maker.matters(self._organisation, self._asked)
            return await asyncio.to_thread(sheets.regulator, self._organisation, self._asked.period, found)
        if kind == "funnel.csv":
            walked = await self._maker.funnel(self._organisation, self._asked)
            return sheets.funnel(walked, self._house.named)
        report = await self._maker.report(self._organisation, self._asked)
        return await asyncio.to_thread(OF_REPORT[kind], report, self._house)


def as_pdf(report: Report, house: House) -> bytes:
    """The report as a tagged PDF (PDF/UA-1)."""
    return pdf.as_pdf(content(report, house), report.as_of)


def as_page(report: Report, house: House) -> bytes:
    """The report as one file of HTML, with its style in it."""
    found = content(report, house)
    styles = "\n".join(
        (PAGES / "console" / name).read_text("utf-8") for name in ("console.css", "reports.css")
    )
    # No sheet of ours holds what would end the element.
    sheet = Markup("<{0}>{1}</{0}>").format("style", Markup(styles))  # noqa: S704 - our own files
    return render("report_file.html", {"report": found, "styles": sheet}).encode()


def as_json(report: Report, house: House) -> bytes:
    """The report as JSON: the counts by table and row, with the labels that people read."""
    rows = sheets.board(report, house.named)
    header, *lines = sheets.read(rows)
    return (
        json.dumps([dict(zip(header, line, strict=True)) for line in lines], ensure_ascii=False, indent=1)
        + "\n"
    ).encode()


def as_csv(report: Report, house: House) -> bytes:
    """The report as CSV."""
    return sheets.board(report, house.named)


def as_text(report: Report, house: House) -> bytes:
    """The report as plain text, for a terminal."""
    found = content(report, house)
    return ("\n".join(_lines(found)) + "\n").encode()


def _lines(found: Content) -> Iterator[str]:
    yield f"{found['organisation']}: {found['title']}. {found['kind']}."
    yield f"Received from {found['period']}, as known on {found['as_of']}, beside {found['earlier']}."
    sums = found["sums"]
    yield f"\n{'Received':<44} {sums['total']:>14}"
    yield from (f"  {part['label']:<42} {part['value']:>14}" for part in sums["parts"])
    yield from (f"  DOES NOT ADD UP: {fault}" for fault in sums["faults"])
    promises = found["promises"]
    yield f"\n{promises['summary']}"
    for row in promises["rows"]:
        due = f"{row['label']}, within {row['promised']}"
        yield f"  {due:<52} {row['percent']:>6} in time ({row['before']} before)"
    for section in found["sections"]:
        for table in section["tables"]:
            yield f"\n{table['title']:<44} {found['now']:>14} {found['before']:>14}"
            yield from (f"  {r['label']:<42} {r['now']:>14} {r['before']:>14}" for r in table["rows"])
            total = table["total"]
            yield f"  {total['label']:<42} {total['now']:>14} {total['before']:>14}"
    yield "\nWhat was learned"
    yield from (f"  {lesson['words']} ({lesson['day']})" for lesson in found["lessons"])
    if not found["lessons"]:
        yield "  No lesson of these days has been read for the report yet."


def _schema(report: Report, house: House) -> bytes:
    del report, house
    return (json.dumps(open_data.schema(), ensure_ascii=False, indent=2) + "\n").encode()


OF_REPORT: dict[str, Callable[[Report, House], bytes]] = {
    "board.pdf": as_pdf,
    "board.html": as_page,
    "board.csv": as_csv,
    "board.json": as_json,
    "clocks.csv": lambda report, house: open_data.as_csv(report),
    "clocks.json": lambda report, house: open_data.as_json(report),
    "clocks.schema.json": _schema,
}
