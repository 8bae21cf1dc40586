"""What a draft changes, for whom, and around which days; and asking for its approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from bot.console import rules_said as said
from bot.console.permissions import Permission
from bot.console.rules_room import LONG_SECONDS, REPLAY_SECONDS, ZONE, Room, Timeline, seen_of
from bot.console.site import Page, Visit
from cases import drafts, listing
from cases.drafts import About, BadDraft, Base, Draft, NotOpen, OutOfDate
from cases.officers import Connection
from cases.rulebook import BadDay, NotOnTop
from policy_rules.errors import Refusal
from policy_rules.together import bring_together

DONE = {
    "submitted": "Somebody else is asked to approve it now. Nothing changes before they do.",
    "together": "The two were brought together. Read below what changes now, and look at the last step.",
    "taken_back": "It was taken back. You can change it again.",
    "sent_back": "It was sent back with your words.",
}
FIELDS = ("reason", "source", "effective_on")


class Changes:
    """The page of a draft that says what it would do."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._desk = room.desk

    def pages(self) -> Sequence[Page]:
        """The page, and what can be done from it."""
        here = "/rules/drafts/{draft}"
        return [
            Page("GET", f"{here}/changes", Permission.SEE_RULES, self.show),
            Page("POST", f"{here}/submit", Permission.EDIT_RULES, self.submit),
            Page("POST", f"{here}/together", Permission.EDIT_RULES, self.together),
            Page("POST", f"{here}/take-back", Permission.EDIT_RULES, self.take_back),
            Page("POST", f"{here}/withdraw", Permission.EDIT_RULES, self.withdraw),
        ]

    async def show(self, visit: Visit) -> Response:
        """Who would be treated differently, what would have become of past cases, and the days around the change."""
        return await self._page(visit, await self._room.draft(visit), {}, {})

    async def submit(self, visit: Visit) -> Response:
        """Ask for approval, with why and from when. Nothing is asked for while the draft does not hold."""
        draft = await self._room.draft(visit)
        typed = {name: visit.said(name) for name in FIELDS}
        errors, wanted = await self._wrong(visit, draft, typed)
        if errors:
            return await self._page(visit, draft, typed, errors)
        about = About(draft.title, typed["reason"], typed["source"], wanted)
        now, writer, seen = self._desk.clock(), visit.writer, seen_of(visit)

        def work(conn: Connection) -> None:
            here = (conn, visit.organisation, draft.id)
            revision = seen
            if about != draft.about:
                what = "Said why, and from which day."
                revision = drafts.save_draft(*here, seen, draft.text, what, writer, now, about=about)
            drafts.submit(*here, revision, writer, now)

        try:
            await self._desk.store.write(work)
        except BadDraft as bad:
            return await self._page(visit, draft, typed, {bad.where or "reason": bad.detail})
        except (OutOfDate, NotOpen) as moved:
            return await self._page(visit, await self._room.draft(visit), {}, {}, stopped=moved)
        return visit.go(f"/rules/drafts/{draft.id}/changes?done=submitted")

    async def take_back(self, visit: Visit) -> Response:
        """Change it once more."""
        return await self._step(visit, drafts.take_back, "/changes?done=taken_back")

    async def withdraw(self, visit: Visit) -> Response:
        """Give it up for good, once that is confirmed."""
        if not visit.said("sure"):
            draft = await self._room.draft(visit)
            errors = {"sure": "Tick the box first: a draft that was given up is not worked on again."}
            return await self._page(visit, draft, {}, errors)
        return await self._step(visit, drafts.withdraw, None)

    async def together(self, visit: Visit) -> Response:
        """Take over what was published since the draft was begun; what both changed stays as the draft has it."""
        draft, known = await self._room.draft(visit), await self._room.timeline(visit.organisation)
        seen, writer, now = seen_of(visit), visit.writer, self._desk.clock()
        try:
            starts = known.starts_at(draft.effective_on, self._room.notice)
        except BadDay:
            starts = known.now + self._room.notice
        base = known.base_at(starts)
        old, new = await self._made_from(visit, draft, known), known.text_of(base.number)
        if new is None or old is None:
            raise NotOnTop(
                "What this draft was made from is not kept here, so the two cannot be brought together by "
                "themselves. Begin a new draft, and do your change there once more.",
                where="base",
            )
        found = await self._room.take(lambda: bring_together(old, new, draft.text))
        try:
            await self._desk.store.write(
                lambda conn: drafts.save_draft(
                    conn, visit.organisation, draft.id, seen, found.text, found.sentence(base.number), writer, now,
                    base=base,
                )
            )  # fmt: skip
        except (OutOfDate, NotOpen) as moved:
            return await self._page(visit, await self._room.draft(visit), {}, {}, stopped=moved)
        return visit.go(f"/rules/drafts/{draft.id}/changes?done=together")

    async def _made_from(self, visit: Visit, draft: Draft, known: Timeline) -> str | None:
        """The text that the draft was made from: a version, or the file as it then was, which its first step holds."""
        steps = await self._desk.store.read(lambda conn: drafts.revisions(conn, visit.organisation, draft.id))
        texts = [known.text_of(draft.base) or "", *(step.text for step in steps)]
        return next((text for text in texts if drafts.sha256_of(text) == draft.base_sha256), None)

    async def _step(self, visit: Visit, act: Any, then: str | None) -> Response:
        draft = await self._room.draft(visit)
        seen, writer, now = seen_of(visit), visit.writer, self._desk.clock()
        try:
            await self._desk.store.write(
                lambda conn: act(conn, visit.organisation, draft.id, seen, writer, now)
            )
        except (OutOfDate, NotOpen) as moved:
            return await self._page(visit, await self._room.draft(visit), {}, {}, stopped=moved)
        return visit.go("/rules?done=withdrawn" if then is None else f"/rules/drafts/{draft.id}{then}")

    async def _wrong(
        self, visit: Visit, draft: Draft, typed: Mapping[str, str]
    ) -> tuple[dict[str, str], date | None]:
        """What stands in the way of asking, by field, and the day that was asked for."""
        errors, wanted = {}, None
        if not typed["reason"]:
            errors["reason"] = "Say why the rules change; whoever approves reads it."
        if not typed["source"]:
            errors["source"] = "Say which clause or document says so."
        try:
            wanted = date.fromisoformat(typed["effective_on"]) if typed["effective_on"] else None
            known = await self._room.timeline(visit.organisation)
            known.starts_at(wanted, self._room.notice)
        except BadDay as bad:
            errors["effective_on"] = bad.detail
        except ValueError:
            errors["effective_on"] = "Write a day such as 2027-01-01."
        if not errors and (await self._room.judged(draft.text, visit.organisation)).sound is None:
            errors["submit"] = "The draft does not hold yet. What is to be mended stands on this page."
        return errors, wanted

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
        steps = await self._desk.store.read(lambda conn: drafts.revisions(conn, visit.organisation, draft.id))
        whole = visit.request.query_params.get("all") == "yes"
        wanted = draft.effective_on
        values = {
            "title": f"What changes: {draft.title}",
            "done": DONE.get(visit.request.query_params.get("done", ""), ""),
            "stopped": None if stopped is None else stopped.detail,
            "draft": draft,
            "base": f"{visit.home}/rules/drafts/{draft.id}",
            "state": said.STATES[draft.state],
            "wanted": None if wanted is None else said.day(wanted),
            "typed": {
                "reason": draft.reason,
                "source": draft.source,
                "effective_on": "" if wanted is None else wanted.isoformat(),
                **typed,
            },
            "today": known.now.astimezone(ZONE).date().isoformat(),
            "errors": errors,
            "may_edit": visit.may(Permission.EDIT_RULES),
            "may_approve": visit.may(Permission.APPROVE_RULES),
            "steps": list(reversed(steps))[:30],
            "whole": whole,
            **await self.found(visit, draft, known, whole=whole),
        }
        status = 409 if stopped is not None else 422 if errors else 200
        return visit.page("rules_changes.html", values, status=status)

    async def found(
        self, visit: Visit, draft: Draft, known: Timeline, *, whole: bool = False
    ) -> dict[str, Any]:
        """What is said of a draft: whether it holds, what it follows, who is treated differently, then and before."""
        return await found_of(self._room, visit, draft, known, draft.effective_on, whole=whole)


async def found_of(
    room: Room, visit: Visit, draft: Draft, known: Timeline, wanted: date | None, *, whole: bool = False
) -> dict[str, Any]:
    """What the pages of a draft show of it, compared with what is in force before its day."""
    judged = await room.judged(draft.text, visit.organisation)
    starts, late = known.now + room.notice, None
    try:
        starts = known.starts_at(wanted, room.notice)
    except BadDay as bad:
        late = bad.detail
    base = known.base_at(starts)
    if draft.state in ("withdrawn", "published"):
        # What it was made to change; what is in force now may be this very draft.
        base = Base(draft.base, draft.base_sha256)
    before = known.text_of(base.number)
    difference = await room.difference(before, judged, known.now)
    seconds = LONG_SECONDS if whole else REPLAY_SECONDS
    replayed = (
        None if judged.readable is None else await room.replayed(visit, judged.readable, seconds=seconds)
    )
    may_see = visit.may(Permission.SEE_CASES)
    if replayed is not None and may_see and any(kind.references for kind in replayed.kinds):
        organisation, writer, now = visit.organisation, visit.writer, known.now
        await room.desk.store.write(lambda conn: listing.listed(conn, [organisation], writer, now))
    old = None if before is None else (await room.judged(before, visit.organisation)).readable
    later = [
        said.version(one, known) for one in known.coming if one.effective_from and one.effective_from > starts
    ]
    return {
        "findings": judged.findings,
        "holds": judged.sound is not None,
        "follows": base.number,
        "moved": (draft.base, draft.base_sha256) != (base.number, base.sha256),
        "late": late,
        "later": later,
        "differs": said.difference(difference),
        "replay": said.replayed(replayed, may_see=may_see),
        "around": said.around(old, judged.readable, difference, starts),
        "starts": said.since(starts) if wanted is not None else "when it is approved",
        "lines": said.lines(before or "", draft.text),
        "text": draft.text,
    }
