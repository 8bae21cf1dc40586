"""The first page: what is late, due today and coming, and every case, narrowed by filters or found by a name.

A name or an e-mail address is sent in the body of a form and never stands in an address, where it would be logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bot.console import cases_words as words
from bot.console.cases_acts import Acts
from bot.console.cases_deliveries import Deliveries
from bot.console.cases_page import CasePage
from bot.console.cases_rerouting import Rerouting
from bot.console.cases_talk import Talking
from bot.console.conversing import Voice
from bot.console.exports import FORMATS, Exports
from bot.console.permissions import Permission
from bot.console.register_filters import DAYS, filters_of, sees_restricted
from bot.console.site import Console, Page, Visit
from bot.turn import context_of
from cases import listing, officers, watch
from cases.listing import Filters
from cases.officers import Connection

# Cases on one page, and rows of what is due in each group.
MOST, DUE_MOST = 50, 50
# A list counts no further.
COUNTED = 1000
AHEAD = timedelta(days=14)
SENT_AWAY = (
    "Kept: the case went to somebody else. It is restricted now, and only those who deal with it may open it."
)


class Register:
    """The cases of the organisation."""

    def __init__(self, console: Console, voice: Voice) -> None:
        self._desk = console.desk
        self._parts = (
            CasePage(console),
            Acts(console),
            Rerouting(console),
            Talking(console, voice),
            Deliveries(console),
            Exports(console),
        )

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        return [
            Page("GET", "", Permission.SIGNED_IN, self.home, nav="Home"),
            Page("POST", "/search", Permission.SEE_CASES, self.search),
            *(page for part in self._parts for page in part.pages()),
        ]

    async def home(self, visit: Visit) -> Response:
        """What is due, and the cases that the filters leave."""
        if not visit.may(Permission.SEE_CASES):
            return visit.page("home.html", {"title": "Complaints"})
        asked = {name: value.strip() for name, value in visit.request.query_params.items()}
        wanted, errors = filters_of(visit, asked)
        values = await self._values(visit, asked, errors)
        if errors:
            return visit.page("register.html", values, status=422)
        values |= await self._cases(visit, wanted, asked.get("after"))
        if not values["filtered"] and not asked.get("after"):
            values["due"] = await self._due(visit)
        await self._keep(visit, values)
        return visit.page("register.html", values)

    async def search(self, visit: Visit) -> Response:
        """Cases by a part of the reference, the name or the e-mail address; one whole reference opens its case."""
        text = visit.said("text")
        if not text:
            return await self._nothing_to_find(visit)
        found = await self._cases(
            visit, Filters(visit.organisation, search=text, restricted=sees_restricted(visit)), None
        )
        exact = [case for case in found["cases"] if case["reference"] == text.upper()]
        if exact:
            return visit.go(f"/cases/{exact[0]['reference']}")
        values = {**await self._values(visit, {}, {}), **found, "sought": text, "filtered": True}
        values["title"] = "Search"
        await self._keep(visit, values)
        return visit.page("register.html", values)

    async def _nothing_to_find(self, visit: Visit) -> Response:
        errors = {"text": "Write a reference, a name or an e-mail address."}
        return visit.page("register.html", await self._values(visit, {}, errors), status=422)

    async def _values(
        self, visit: Visit, asked: Mapping[str, str], errors: Mapping[str, str]
    ) -> dict[str, Any]:
        """What the page has in every state."""
        organisation, restricted = visit.organisation, sees_restricted(visit)
        pack = self._desk.packs.get(organisation).pack
        subjects = pack.facts["subject"].values if "subject" in pack.facts else ()
        said = context_of(self._desk, organisation, "en", "").words
        handlers = await self._desk.store.read(
            lambda conn: officers.handlers(conn, organisation, restricted=restricted)
        )
        given = {
            name: asked.get(name, "")
            for name in ("progress", "state", "subject", "handler", "reference", *DAYS)
        }
        return {
            "title": "Complaints",
            "done": SENT_AWAY if visit.request.query_params.get("done") == "reroute" else "",
            "errors": errors,
            "asked": given,
            "filtered": any(given.values()),
            "handlers": handlers,
            "subjects": [(value, said.label("subject", value)) for value in subjects],
            "progress": words.PROGRESS,
            "states": words.STATES,
            "due": None,
            "cases": [],
            "count": 0,
            "counted": COUNTED,
            "next": None,
            "after": False,
            "sought": "",
            "formats": FORMATS if visit.may(Permission.EXPORT_CASES) else (),
            "restricted": restricted,
        }

    async def _cases(self, visit: Visit, wanted: Filters, after: str | None) -> dict[str, Any]:
        organisation, store = visit.organisation, self._desk.store
        page = await store.read(lambda conn: listing.page(conn, wanted, MOST, after))
        count = await store.read(lambda conn: listing.count(conn, wanted, COUNTED + 1))
        references = [case["reference"] for case in page.cases]
        named = await store.read(lambda conn: officers.named(conn, organisation, references))
        said = context_of(self._desk, organisation, "en", "").words
        today = words.today_of(self._desk.clock())
        shown = []
        for case in page.cases:
            about = named.get(case["reference"], {})
            subject = about.get("subject")
            due = case["next_due"]
            shown.append({
                **case,
                "received": words.day(_local(case["received_at"])),
                "name": about.get("name"),
                "about": said.label("subject", subject) if subject else "",
                "progress_name": words.PROGRESS[case["progress"]],
                "state_name": words.STATES.get(case["state"], case["state"]),
                "due": _due(due["kind"], date.fromisoformat(due["due"]), today)
                if due and case["progress"] != "closed" else None,
            })  # fmt: skip
        return {
            "cases": shown,
            "count": count,
            "next": _address(visit, page.next) if page.next else None,
            "after": after is not None,
        }

    async def _due(self, visit: Visit) -> list[dict[str, Any]]:
        """Late, today, coming: each with its count, and its nearest rows."""
        organisation, today = visit.organisation, words.today_of(self._desk.clock())
        restricted, until, one = sees_restricted(visit), today + AHEAD, timedelta(days=1)
        spans = (
            ("late", "Late", None, today - one),
            ("today", "Due today", today, today),
            ("coming", f"Coming in {AHEAD.days} days", today + one, until),
        )

        def look(conn: Connection) -> tuple[tuple[int, int, int], list[list[dict[str, Any]]]]:
            counts = watch.count_owed(conn, organisation, restricted, today, until)
            return counts, [
                watch.open_clocks(conn, organisation, restricted, DUE_MOST, first, last) if count else []
                for count, (_, _, first, last) in zip(counts, spans, strict=True)
            ]

        counts, found = await self._desk.store.read(look)
        return [
            {"id": name, "name": title, "count": count, "rows": [_owed(row, today) for row in rows]}
            for (name, title, _, _), count, rows in zip(spans, counts, found, strict=True)
        ]

    async def _keep(self, visit: Visit, values: Mapping[str, Any]) -> None:
        """That cases were listed is in the trail."""
        if not values["cases"] and not any(group["rows"] for group in values["due"] or ()):
            return
        now, writer = self._desk.clock(), visit.writer
        await self._desk.store.write(lambda conn: listing.listed(conn, [visit.organisation], writer, now))


def _owed(row: Mapping[str, Any], today: date) -> dict[str, Any]:
    return {
        **_due(row["kind"], row["day"], today),
        "reference": row["case_reference"],
        "handler": row["handler"] or "Nobody named",
        "force": words.FORCE.get(row["force"] or "", ""),
        "moved": words.day(row["due"]) if row["due"] != row["day"] else "",
    }


def _due(kind: str, day: date, today: date) -> dict[str, Any]:
    return {
        "what": words.clock_name(kind),
        "day": words.day(day),
        "iso": day.isoformat(),
        "apart": words.apart(day, today),
        "tone": "bad" if day < today else "warn" if day == today else "",
    }


def _local(at: str | None) -> date | None:
    found = words.instant(at)
    return None if found is None else words.today_of(found)


def _address(visit: Visit, cursor: str) -> str:
    kept = {name: value for name, value in visit.request.query_params.items() if name != "after" and value}
    return f"{visit.home}?{urlencode({**kept, 'after': cursor})}"
