"""Beginning a change of the rules: its name, why, and what says so; and changing these later."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.rules_bench import Bench
from bot.console.rules_merge import seen_of
from bot.console.rules_view import frame
from bot.console.site import Page, Visit
from cases import drafts, organisations
from cases.drafts import LONGEST_REASON, LONGEST_TITLE, About, BadDraft, OutOfDate

FIELDS = ("title", "reason", "source", "effective_on")


class Starting:
    """The pages that begin a draft and name it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._desk = bench.desk

    def pages(self) -> Sequence[Page]:
        """Beginning one, and what it is for."""
        return [
            Page("GET", "/rules/drafts/new", Permission.EDIT_RULES, self.new),
            Page("POST", "/rules/drafts/new", Permission.EDIT_RULES, self.begin),
            Page("GET", "/rules/drafts/{draft}/about", Permission.SEE_RULES, self.about),
            Page("POST", "/rules/drafts/{draft}/about", Permission.EDIT_RULES, self.rename),
        ]

    async def new(self, visit: Visit) -> Response:
        """What a change is called, and why it is made."""
        return self._new_page(visit, {})

    async def begin(self, visit: Visit) -> Response:
        """A draft from the rules in force."""
        about, errors = _about(visit)
        if errors:
            return self._new_page(visit, errors)
        live = self._bench.live(visit.organisation)
        draft_id, now, writer = secrets.token_hex(12), self._desk.clock(), visit.writer
        organisation, text = visit.organisation, live.text
        if not live.number:
            # Its first rules are begun anew: from what somebody wrote of them before.
            begun = await self._desk.store.read(lambda conn: organisations.begun(conn, organisation))
            text = begun or text
        await self._desk.store.write(
            lambda conn: drafts.create_draft(
                conn, organisation, draft_id, about, text, live.base, writer, now
            )
        )
        return visit.go(f"/rules/drafts/{draft_id}")

    def _new_page(self, visit: Visit, errors: dict[str, str]) -> Response:
        typed = {name: visit.said(name) for name in FIELDS}
        live = self._bench.live(visit.organisation)
        source = live.compiled.pack.source if live.compiled is not None else None
        values = {
            "title": "Start a change",
            "typed": typed,
            "errors": errors,
            "number": live.number,
            "policy": f"{source.title}, version {source.version}" if source is not None else "",
            "seen": None,
        }
        return visit.page("workshop_about.html", values, status=422 if errors else 200)

    async def about(self, visit: Visit) -> Response:
        """What a draft is for."""
        return await self._about_page(visit, {}, None)

    async def rename(self, visit: Visit) -> Response:
        """Keep another name, reason, source or day."""
        about, errors = _about(visit)
        typed = {name: visit.said(name) for name in FIELDS}
        if errors:
            return await self._about_page(visit, errors, typed)
        draft, now, writer = await self._bench.draft(visit), self._desk.clock(), visit.writer
        seen, what = (
            seen_of(visit),
            f"Named it “{about.title}”." if about.title != draft.title else "Said why.",
        )
        try:
            await self._desk.store.write(
                lambda conn: drafts.save_draft(
                    conn, draft.organisation, draft.id, seen, draft.text, what, writer, now, about=about
                )
            )
        except OutOfDate as moved:
            return await self._moved(visit, moved, about, typed)
        except BadDraft as refusal:
            return await self._about_page(visit, {refusal.where or "title": refusal.detail}, typed)
        return visit.go(f"/rules/drafts/{draft.id}?saved=1")

    async def _moved(self, visit: Visit, moved: OutOfDate, about: About, typed: dict[str, str]) -> Response:
        """Somebody saved meanwhile: rules alone, then both are kept; these words too, then they are shown."""
        newer, seen = moved.newer, seen_of(visit)
        steps = await self._bench.history(newer)
        texts = {step.number: step.text for step in steps}
        only_rules = all(texts.get(n) != texts.get(n - 1) for n in range(seen + 1, newer.revision + 1))
        if only_rules:
            now, writer = self._desk.clock(), visit.writer
            await self._desk.store.write(
                lambda conn: drafts.save_draft(
                    conn, newer.organisation, newer.id, newer.revision, newer.text, "Said why.", writer, now,
                    about=about,
                )
            )  # fmt: skip
            return visit.go(f"/rules/drafts/{newer.id}?saved=1&since={seen}&until={newer.revision}")
        theirs = (
            f"{moved.last.by_name} changed this page meanwhile. Now it says: “{newer.title}”. {newer.reason} "
        )
        says = theirs + f"({newer.source}) What you typed stands below: send it again to keep it instead."
        return await self._about_page(visit, {"title": says}, typed)

    async def _about_page(
        self, visit: Visit, errors: dict[str, str], typed: dict[str, str] | None
    ) -> Response:
        here = await self._bench.open(visit)
        draft = here.draft
        kept = {
            "title": draft.title,
            "reason": draft.reason,
            "source": draft.source,
            "effective_on": draft.effective_on.isoformat() if draft.effective_on else "",
        }
        values: dict[str, Any] = {
            **await frame(visit, self._bench, here, "about"),
            "typed": typed or kept,
            "errors": errors,
            "seen": draft.revision,
            "steps": list(reversed(await self._bench.history(draft)))[:30],
        }
        return visit.page("workshop_about.html", values, status=422 if errors else 200)


def _about(visit: Visit) -> tuple[About, dict[str, str]]:
    """What was typed, and what is wrong with it by field."""
    errors = {}
    title, reason, source, day = (visit.said(name) for name in FIELDS)
    if not title:
        errors["title"] = "Give the change a name, such as “Acknowledge in one day”."
    elif len(title) > LONGEST_TITLE:
        errors["title"] = f"At most {LONGEST_TITLE} characters, please."
    for name, text in (("reason", reason), ("source", source)):
        if len(text) > LONGEST_REASON:
            errors[name] = f"At most {LONGEST_REASON} characters, please."
    found = None
    if day:
        try:
            found = date.fromisoformat(day)
        except ValueError:
            errors["effective_on"] = "Write a day such as 2027-01-01."
    return About(title[:LONGEST_TITLE], reason, source, found), errors
