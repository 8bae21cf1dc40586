"""The reports: which there are, the board's report, the funnel of the interview, and each of them as a file.

Whoever may see reports sees numbers in which nobody can be known again. Files go out by POST, with an entry in the
audit trail before they do: which, of what days, as of when, by whom, and the SHA-256 of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from bot.console import report_words as words
from bot.console.permissions import Permission
from bot.console.report_files import FILES, NoSuchFile, Shelf, file_name
from bot.console.report_lessons import Lessons
from bot.console.report_making import Asked, Maker, asked, asked_by, instant
from bot.console.report_view import House, content
from bot.console.site import Console, Page, Visit
from bot.turn import context_of
from cases.reports import making
from cases.reports.funnel import FACES, ONE_AT_A_TIME, STEPS, Funnel, Way
from cases.reports.funnel import Asked as Questioned
from cases.reports.measures import Cell
from cases.reports.period import latest, year
from policy_rules.errors import Refusal

# On the list; older ones can be asked for by their days.
MOST_YEARS = 12


class Reports:
    """The pages of the reports."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk
        self._maker = Maker(console.desk)
        self._lessons = Lessons(console)

    def pages(self) -> Sequence[Page]:
        """The list, two reports, the files, and the lessons that wait to be read."""
        return [
            Page("GET", "/reports", Permission.SEE_REPORTS, self.all, nav="Reports"),
            Page("GET", "/reports/board", Permission.SEE_REPORTS, self.board),
            Page("GET", "/reports/funnel", Permission.SEE_REPORTS, self.funnel),
            Page("POST", "/reports/file", Permission.EXPORT_CASES, self.file),
            *self._lessons.pages(),
        ]

    async def all(self, visit: Visit) -> Response:
        """Which years there are, and a form for any other days."""
        now, organisation = self._desk.clock(), visit.organisation
        errors: dict[str, str] = {}
        given = {name: visit.request.query_params.get(name, "").strip() for name in ("from", "to", "as_of")}
        if any(given.values()):
            try:
                return visit.go(f"/reports/board?{asked_by(visit, now).query}")
            except Refusal as bad:
                errors = {bad.where if bad.where in given else "from": bad.detail}
        began = await self._desk.store.read(lambda conn: making.first_day(conn, organisation))
        as_of = latest(now)
        oldest = max((began or as_of.date()).year, as_of.year - MOST_YEARS + 1)
        years = range(as_of.year, oldest - 1, -1)
        values = {
            "title": "Reports",
            "errors": errors,
            "given": given,
            "years": [_year(number, as_of.date()) for number in years],
            "as_of": instant(as_of),
        }
        return visit.page("reports.html", values, status=422 if errors else 200)

    async def board(self, visit: Visit) -> Response:
        """The board's report."""
        wanted = asked_by(visit, self._desk.clock())
        report = await self._maker.report(visit.organisation, wanted)
        values = {
            "report": content(report, self._house(visit)),
            **self._about(visit, wanted),
        }
        values["title"] = values["report"]["title"]
        return visit.page("report.html", values)

    async def funnel(self, visit: Visit) -> Response:
        """Where people stop."""
        wanted = asked_by(visit, self._desk.clock())
        made = await self._maker.funnel(visit.organisation, wanted)
        values = {
            "title": "Where people stop",
            "faces": _faces(made, self._house(visit)),
            **self._about(visit, wanted),
        }
        return visit.page("report_funnel.html", values)

    async def file(self, visit: Visit) -> Response:
        """A report as a file. NoSuchFile and BadPeriod (422)."""
        kind, now = visit.said("file"), self._desk.clock()
        if kind not in FILES:
            raise NoSuchFile(f"Choose one of: {', '.join(FILES)}.", where="file")
        wanted = asked(visit.said, now)
        shelf = Shelf(self._maker, visit.organisation, wanted, self._house(visit))
        body = await shelf.file(kind)
        organisation, writer = visit.organisation, visit.writer
        digest = hashlib.sha256(body).hexdigest()
        await self._desk.store.write(
            lambda conn: making.exported(
                conn, organisation, kind, wanted.period, wanted.as_of, digest, writer, now
            )
        )
        name = file_name(organisation, kind, wanted)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=FILES[kind].media_type, headers=headers)

    def _house(self, visit: Visit) -> House:
        organisation = visit.organisation
        name = self._desk.packs.get(organisation).pack.organisation.name
        return House(name, context_of(self._desk, organisation, "en", "").words)

    def _about(self, visit: Visit, wanted: Asked) -> dict[str, Any]:
        """What the pages say of which report this is."""
        period = wanted.period
        return {
            "asked": wanted,
            "query": wanted.query,
            "days": words.days_of(period),
            "as_of": wanted.as_of,
            "as_of_iso": instant(wanted.as_of),
            "first": period.first.isoformat(),
            "last": period.last.isoformat(),
            "before_days": words.days_of(period.before),
            "before_query": Asked(period.before, wanted.as_of).query,
            "may_export": visit.may(Permission.EXPORT_CASES),
            "files": [(name, kind.label, kind.says) for name, kind in FILES.items()],
        }


def _year(number: int, today: date) -> dict[str, Any]:
    period = year(number)
    return {
        "name": str(number),
        "so_far": today <= period.last,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
    }


def _faces(made: Funnel, house: House) -> list[dict[str, Any]]:
    return [
        {
            "id": face,
            "name": words.FACES[face],
            "steps": _steps(made.faces[face]),
            "minutes": None if (found := made.faces[face].minutes) is None else f"{found:g}",
            "one_at_a_time": face in ONE_AT_A_TIME,
            "questions": [
                {
                    "name": house.named("question", one.id),
                    "cells": [
                        words.cell_text(cell)
                        for cell in (one.asked, one.answered, one.skipped, one.left, one.open)
                    ],
                    "share": _share(one.left, one.asked),
                    "bar": _against(one, made.faces[face]),
                }
                for one in made.faces[face].questions
            ],
        }
        for face in FACES
    ]


def _against(one: Questioned, way: Way) -> float | None:
    """How many stop there, against the question at which most do, of 100."""
    shares = [part for each in way.questions if (part := _part(each.left, each.asked)) is not None]
    mine = _part(one.left, one.asked)
    return None if mine is None or not max(shares) else round(100 * mine / max(shares), 1)


def _steps(way: Way) -> list[dict[str, Any]]:
    whole = way.steps["opened"]
    return [
        {
            "name": words.STEPS[step],
            "count": words.cell_text(way.steps[step]),
            "share": _share(way.steps[step], whole),
            "bar": _part(way.steps[step], whole),
        }
        for step in STEPS
    ]


def _part(cell: Cell, whole: Cell) -> float | None:
    """Of 100; None where either is not shown."""
    if cell.value is None or not whole.value:
        return None
    return round(100 * cell.value / whole.value, 1)


def _share(cell: Cell, whole: Cell) -> str:
    part = _part(cell, whole)
    return "" if part is None else f"{part:g}%"
