"""A second person approves a draft, seeing exactly what would come into force; or sends it back with words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from bot.console import rules_said as said
from bot.console.permissions import Permission
from bot.console.rules_changes import found_of
from bot.console.rules_room import ZONE, Room, Timeline, seen_of
from bot.console.site import Page, Visit
from cases import drafts, rulebook
from cases.drafts import BadDraft, Draft, NotOpen, OutOfDate
from cases.officers import Connection
from cases.rulebook import BadDay, NotOnTop, SamePerson, Shown, ShownOther, Version
from policy_rules.compiled import CompiledPack
from policy_rules.errors import Refusal

# What an approver has to look at the page again for.
MOVED = (OutOfDate, NotOpen, ShownOther, NotOnTop)
_SHA256 = 64


class Approval:
    """The approver's page."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._desk = room.desk

    def pages(self) -> Sequence[Page]:
        """The page, and its two answers."""
        here = "/rules/drafts/{draft}"
        return [
            Page("GET", f"{here}/approve", Permission.APPROVE_RULES, self.show),
            Page("POST", f"{here}/approve", Permission.APPROVE_RULES, self.approve),
            Page("POST", f"{here}/send-back", Permission.APPROVE_RULES, self.send_back),
        ]

    async def show(self, visit: Visit) -> Response:
        """Everything that an approver has to know before they say yes."""
        return await self._page(visit, await self._room.draft(visit), {}, {})

    async def approve(self, visit: Visit) -> Response:
        """Publish exactly what was shown. It is proved again, here and now, before it is."""
        draft = await self._room.draft(visit)
        typed = {name: visit.said(name) for name in ("effective_on", "read", "later")}
        known = await self._room.timeline(visit.organisation)
        errors, wanted = _read(typed)
        later = await self._later(known, wanted, typed, errors)
        judged = await self._room.judged(draft.text, visit.organisation, anew=True)
        if judged.sound is None and not errors:
            errors["read"] = "The draft does not hold, so it cannot be approved."
        if errors or judged.sound is None:
            return await self._page(visit, draft, typed, errors)
        try:
            made = await self._publish(visit, draft, known, judged.sound, wanted, later)
        except BadDay as bad:
            return await self._page(visit, draft, typed, {"effective_on": bad.detail})
        except SamePerson as refused:
            return await self._page(visit, draft, typed, {}, stopped=refused)
        except MOVED as moved:
            return await self._page(visit, await self._room.draft(visit), {}, {}, stopped=moved)
        return visit.go(f"/rules/versions/{made.number}?done=published")

    async def send_back(self, visit: Visit) -> Response:
        """Not like this: the words go to its authors, who may change it."""
        draft = await self._room.draft(visit)
        words, now, writer, seen = visit.said("words"), self._desk.clock(), visit.writer, seen_of(visit)
        try:
            await self._desk.store.write(
                lambda conn: drafts.send_back(conn, visit.organisation, draft.id, seen, words, writer, now)
            )
        except BadDraft as bad:
            return await self._page(visit, draft, {"words": words}, {"words": bad.detail})
        except MOVED as moved:
            return await self._page(visit, await self._room.draft(visit), {"words": words}, {}, stopped=moved)
        return visit.go(f"/rules/drafts/{draft.id}/changes?done=sent_back")

    async def _publish(
        self,
        visit: Visit,
        draft: Draft,
        known: Timeline,
        compiled: CompiledPack,
        wanted: date | None,
        later: Sequence[int],
    ) -> Version:
        """In one transaction; then this server takes it into use at once, and the others at their next look."""
        starts, now = known.starts_at(wanted, self._room.notice), known.now
        shown = Shown(seen_of(visit), visit.said("sha256")[:_SHA256], later)
        organisation, writer = visit.organisation, visit.writer

        def work(conn: Connection) -> list[Version]:
            rulebook.publish(
                conn, organisation, draft.id, shown, compiled.sha256, starts, writer, now, first=known.first
            )
            return rulebook.versions(conn, organisation)

        every = await self._desk.store.write(work)
        packs = self._desk.packs
        await self._room.take(lambda: packs.adopt(organisation, [one.edition for one in every], now))
        return every[-1]

    async def _later(
        self, known: Timeline, wanted: date | None, typed: Mapping[str, str], errors: dict[str, str]
    ) -> list[int]:
        """The versions that come into force after this one; who approves has to have seen that they lack it."""
        try:
            starts = known.starts_at(wanted, self._room.notice)
        except BadDay as bad:
            errors.setdefault("effective_on", bad.detail)
            return []
        found = [one.number for one in known.coming if one.effective_from and one.effective_from > starts]
        if found and typed["later"] != "yes":
            errors["later"] = "Tick that you know of the version that comes later without this change."
        return found

    async def _page(
        self,
        visit: Visit,
        draft: Draft,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
        *,
        stopped: Refusal | None = None,
    ) -> Response:
        known = await self._room.timeline(visit.organisation)
        editors = await self._desk.store.read(lambda conn: drafts.editors(conn, visit.organisation, draft.id))
        day = "" if draft.effective_on is None else draft.effective_on.isoformat()
        wanted = _day(typed.get("effective_on", day)) if typed else draft.effective_on
        found = await found_of(self._room, visit, draft, known, wanted)
        values: dict[str, Any] = {
            "title": f"Approve: {draft.title}",
            "stopped": None if stopped is None else stopped.detail,
            "draft": draft,
            "base": f"{visit.home}/rules/drafts/{draft.id}",
            "state": said.STATES[draft.state],
            "wanted": None if draft.effective_on is None else said.day(draft.effective_on),
            "own": not visit.account.id or visit.account.id == draft.author or visit.account.id in editors,
            "typed": {"effective_on": day, "read": "", "later": "", "words": "", **typed},
            "today": known.now.astimezone(ZONE).date().isoformat(),
            "errors": errors,
            **found,
        }
        values["may_say_yes"] = (
            draft.state == "submitted" and found["holds"] and not found["moved"] and not values["own"]
        )
        status = 409 if stopped is not None else 422 if errors else 200
        if isinstance(stopped, SamePerson):
            status = stopped.status
        return visit.page("rules_approve.html", values, status=status)


def _read(typed: Mapping[str, str]) -> tuple[dict[str, str], date | None]:
    """What is wrong by field, and the day that was chosen."""
    errors: dict[str, str] = {}
    wanted = _day(typed["effective_on"])
    if typed["effective_on"] and wanted is None:
        errors["effective_on"] = "Write a day such as 2027-01-01."
    if typed["read"] != "yes":
        errors["read"] = "Tick that you have read what changes."
    return errors, wanted


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
