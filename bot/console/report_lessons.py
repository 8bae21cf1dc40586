"""Lessons for the report: staff read what was written when a case was closed, and write what may be published of it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console import report_words as words
from bot.console.permissions import Permission
from bot.console.report_making import asked_by
from bot.console.site import Console, Page, Visit
from bot.turn import context_of
from cases import listing
from cases.reports import lessons
from cases.reports.lessons import LONGEST, ToReview
from policy_rules.errors import Refusal

OPENED = "lesson.opened"


class Lessons:
    """A list of what waits, and a page for each."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk

    def pages(self) -> list[Page]:
        """Reading a lesson is reading a case; who may change nothing sees them without the form."""
        return [
            Page("GET", "/reports/lessons", Permission.SEE_CASES, self.show),
            Page("POST", "/reports/lessons/{reference}", Permission.REVIEW_LESSONS, self.decide),
        ]

    async def show(self, visit: Visit) -> Response:
        """What was learned at closings in the period, each with what became of it."""
        return await self._page(visit, {}, {})

    async def decide(self, visit: Visit) -> Response:
        """Take a lesson into the report in the words that were sent, or leave it out."""
        here = await visit.case(visit.request.path_params["reference"], OPENED)
        text, event, act = visit.said("words"), visit.said("event"), visit.said("act")
        if not event.isdigit() or act not in ("take", "leave_out"):
            raise Refusal("Send the form as it stands on the page.", where="event")
        field = f"words-{here.reference}"
        if act == "take" and visit.said("fit") != "yes":
            says = "Tick that the words name nobody, or change them until they do."
            return await self._page(visit, {f"fit-{here.reference}": says}, {here.reference: text})
        now, writer = self._desk.clock(), visit.writer
        kept = text if act == "take" else None
        try:
            await self._desk.store.write(
                lambda conn: lessons.decide(
                    conn, visit.organisation, here.reference, int(event), kept, writer, now
                )
            )
        except lessons.NoWords as refused:
            return await self._page(visit, {field: refused.detail}, {here.reference: text})
        query = visit.request.url.query
        return visit.go(f"/reports/lessons{'?' + query if query else ''}#lesson-{here.reference}")

    async def _page(self, visit: Visit, errors: dict[str, str], typed: dict[str, str]) -> Response:
        now, organisation, store = self._desk.clock(), visit.organisation, self._desk.store
        wanted = asked_by(visit, now)
        restricted = visit.may(Permission.SEE_RESTRICTED)
        found = await store.read(
            lambda conn: lessons.to_review(conn, organisation, wanted.period, restricted=restricted)
        )
        if found:
            writer = visit.writer
            await store.write(lambda conn: listing.listed(conn, [organisation], writer, now))
        said = context_of(self._desk, organisation, "en", "").words
        values: dict[str, Any] = {
            "title": "Lessons for the report",
            "errors": errors,
            "lessons": [
                {
                    "reference": one.reference,
                    "event": one.event,
                    "closed": words.instant(one.closed_at),
                    "theme": words.row_name("subject", one.subject, said) if one.subject else "",
                    "words": one.words,
                    "restricted": one.restricted,
                    "decided": one.decided,
                    "published": one.published,
                    "proposed": typed.get(one.reference, one.published or one.words),
                }
                for one in sorted(found, key=_waiting_first)
            ],
            "waiting": sum(one.decided is None for one in found),
            "may_review": visit.may(Permission.REVIEW_LESSONS),
            "days": words.days_of(wanted.period),
            "query": wanted.query,
            "longest": LONGEST,
        }
        return visit.page("report_lessons.html", values, status=422 if errors else 200)


def _waiting_first(one: ToReview) -> bool:
    return one.decided is not None
