"""A case that went to the wrong door: first what would come of it, who answers and by when, then it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bot.console import cases_words as words
from bot.console.cases_acts import version_of
from bot.console.cases_offers import Field
from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from bot.turn import context_of, pack_of
from cases import clock_moves, escalation, events, listing, rerouting
from cases.clock_moves import ClockRow
from cases.events import Moved
from cases.listing import Place
from cases.officers import Connection
from cases.record import CaseRecord
from policy_rules.compiled import CompiledPack
from policy_rules.decision import Decision
from policy_rules.errors import Refusal
from policy_rules.facts import VOCABULARY

STAYS = "stays as it is"


@dataclass(frozen=True, slots=True)
class At:
    """A case, and the rules that it is under."""

    place: Place
    compiled: CompiledPack


@dataclass(frozen=True, slots=True)
class Look:
    """What would come of it; `restricts` is why fewer people may open the case from then on."""

    decision: Decision
    restricts: tuple[str, ...]


class Rerouting:
    """The page that sends a case to somebody else."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk

    def pages(self) -> Sequence[Page]:
        """The form, and what it sends: a look first, then the thing itself."""
        path = "/cases/{reference}/reroute"
        return [
            Page("GET", path, Permission.WORK_ON_CASES, self.show),
            Page("POST", path, Permission.WORK_ON_CASES, self.send),
        ]

    async def show(self, visit: Visit) -> Response:
        """The facts as they are, to be put right."""
        here = await visit.case(visit.request.path_params["reference"])
        return await self._page(visit, await self._at(here), {}, "", {})

    async def send(self, visit: Visit) -> Response:
        """What would come of it; with `do`, it is done."""
        here = await self._at(await visit.case(visit.request.path_params["reference"]))
        seen, reason = version_of(visit), visit.said("reason")
        whole = await self._desk.store.read(lambda conn: listing.whole(conn, here.place))
        had = whole["record"]["facts"] or {}
        typed = {name: visit.said(name) for name in self._names(here)}
        changes = {
            name: value for name, value in typed.items() if value and value != str(had.get(name, "")).lower()
        }
        errors = {} if reason else {"reason": "Say why; it is kept with the case."}
        if seen is None or whole["version"] != seen:
            return await self._page(visit, here, typed, reason, {}, stale=True)
        if errors:
            return await self._page(visit, here, typed, reason, errors)
        try:
            if visit.said("do"):
                await self._reroute(visit, here, changes, reason, seen)
                self._desk.wake_delivery()
                return await self._done(visit, here.place)
            look = await self._desk.store.read(lambda conn: self._look(conn, here, whole, changes))
        except Moved:
            return await self._page(visit, here, typed, reason, {}, stale=True)
        except Refusal as refusal:
            return await self._page(visit, here, typed, reason, {self._where(refusal, typed): refusal.detail})
        return await self._page(visit, here, typed, reason, {}, look=look)

    async def _at(self, place: Place) -> At:
        return At(place, await pack_of(self._desk, place.organisation, place.reference))

    async def _done(self, visit: Visit, here: Place) -> Response:
        """Back to the case; to the register where it is restricted from now on to who sent it."""
        after = await self._desk.store.read(
            lambda conn: listing.place(conn, here.organisation, here.reference)
        )
        hidden = after.restricted and not visit.may(Permission.SEE_RESTRICTED)
        return visit.go("?done=reroute" if hidden else f"/cases/{here.reference}?done=reroute")

    async def _reroute(
        self, visit: Visit, here: At, changes: Mapping[str, str], reason: str, seen: int
    ) -> None:
        now, writer, place = self._desk.clock(), visit.writer, here.place
        targets = self._desk.overlays(visit.organisation).targets

        def work(conn: Connection) -> None:
            case = events.lock(conn, place.organisation, place.reference)
            events.require_version(case, (seen,))
            rerouting.reroute(conn, case, changes, reason, writer, now, here.compiled, targets)

        await self._desk.store.write(work)

    def _look(self, conn: Connection, here: At, whole: Mapping[str, Any], changes: Mapping[str, str]) -> Look:
        """What would come of it. Refusals as of rerouting.proposed."""
        record = CaseRecord.model_validate(whole["record"])
        original = escalation.original_received_at(conn, record) if record.escalated_from else None
        decision = rerouting.proposed(record, changes, here.compiled, original)
        because = rerouting.restricts(record, changes, decision, here.compiled)
        return Look(decision, () if record.restricted else tuple(because))

    def _where(self, refusal: Refusal, typed: Mapping[str, str]) -> str:
        where = (refusal.where or "").removeprefix("facts.")
        return where if where in typed else "act"

    def _names(self, here: At) -> list[str]:
        """The facts that decide by the case's rules and have values to choose from."""
        facts = here.compiled.pack.facts
        return [
            name for name in facts if name in VOCABULARY and VOCABULARY[name].values and name != "channel"
        ]

    def _fields(self, here: At) -> list[Field]:
        said = context_of(self._desk, here.place.organisation, "en", "", compiled=here.compiled).words
        facts = here.compiled.pack.facts
        fields = []
        for name in self._names(here):
            values = facts[name].values or VOCABULARY[name].values
            labels = tuple(
                (value, {"true": "Yes", "false": "No"}.get(value) or said.label(name, value))
                for value in values
            )
            fields.append(Field(name, words.FACTS.get(name, words.plain(name)), "select", options=labels))
        return fields

    async def _page(
        self,
        visit: Visit,
        here: At,
        typed: Mapping[str, str],
        reason: str,
        errors: Mapping[str, str],
        *,
        stale: bool = False,
        look: Look | None = None,
    ) -> Response:
        place = here.place

        def state(conn: Connection) -> tuple[dict[str, Any], list[ClockRow], list[dict[str, Any]]]:
            its = (place.organisation, place.reference)
            return listing.whole(conn, place), clock_moves.rows_of(conn, *its), events.listing(conn, *its)

        whole, rows, past = await self._desk.store.read(state)
        had = {name: str(value).lower() for name, value in (whole["record"]["facts"] or {}).items()}
        since = [
            (words.EVENTS.get(e["kind"], words.plain(e["kind"])), e["by"], words.instant(e["recorded_at"]))
            for e in reversed(past)
        ]
        fields = self._fields(here)
        values = {
            "title": f"Send to somebody else: {place.reference}",
            "reference": place.reference,
            "name": (whole["record"]["complainant"] or {}).get("name"),
            "version": whole["version"],
            "closed": whole["progress"] == "closed",
            "fields": fields,
            "typed": {field.id: typed.get(field.id) or had.get(field.id, "") for field in fields},
            "reason": reason,
            "errors": errors,
            "stale": stale,
            "since": since[:3],
            "compared": _compared(whole["record"]["decision"] or {}, look.decision, rows) if look else None,
            "why": list(look.decision.as_json()["reasons"])[:3] if look else [],
            "restricts": [words.RESTRICTED.get(why, words.plain(why)) for why in look.restricts]
            if look
            else [],
            "hides": not visit.may(Permission.SEE_RESTRICTED),
        }
        return visit.page("case_reroute.html", values, status=412 if stale else 422 if errors else 200)


def _compared(
    was: Mapping[str, Any], decision: Decision, rows: Sequence[ClockRow]
) -> list[tuple[str, str, str, bool]]:
    """What is, what would be, and whether that differs. A day that was kept, or agreed with the person, stays."""
    would = decision.as_json()
    names = (("disposition", "Decision"), ("handler", "Who answers"), ("stage_name", "Stage"))
    found = [(label, _said(name, was.get(name)), _said(name, would.get(name))) for name, label in names]
    due = {clock["kind"]: clock["due"] for clock in would["clocks"] if clock["by"] == "organisation"}
    mine = {row.kind: row for row in rows if row.by == "organisation"}
    for kind in dict.fromkeys([*mine, *due]):
        row = mine.get(kind)
        stays = row is not None and (row.met_at is not None or row.extensions or row.stops)
        after = STAYS if stays else words.day(due.get(kind)) or ("no day yet" if kind in due else "not owed")
        found.append((words.clock_name(kind), words.day(row.due) if row and row.due else "not owed", after))
    return [(label, before, after, after not in (before, STAYS)) for label, before, after in found]


def _said(name: str, value: str | None) -> str:
    if not value:
        return "Nobody named" if name == "handler" else "None"
    return words.plain(value) if name == "disposition" else value
