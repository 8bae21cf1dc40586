"""The rules as they are, as they were and as they will be: every version for good, and an old one published again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date

from starlette.responses import Response

from bot.console import rules_said as said
from bot.console.permissions import Permission
from bot.console.rules_approval import Approval
from bot.console.rules_changes import Changes
from bot.console.rules_room import ZONE, Room, Timeline
from bot.console.site import Console, Page, Part, Visit
from cases import drafts
from cases.drafts import LONGEST_REASON, About
from cases.officers import Connection
from cases.rulebook import BadDay, NoSuchVersion, Version

DONE = {
    "published": "The version is published. It is in force from the day that it says.",
    "withdrawn": "The draft was given up. It stays readable here.",
}
MOST_OVER = 20


class RuleVersions:
    """The list, a version, and the pages of a draft on what it changes and whether it is approved."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk
        self._room = room = Room(console.desk, console.settings)
        self._lets_begin = console.settings.lets_new_organisations
        self._parts: list[Part] = [Changes(room), Approval(room)]

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        one = "/rules/versions/{number}"
        own = [
            Page("GET", "/rules", Permission.SEE_RULES, self.list, nav="Rules"),
            Page("GET", one, Permission.SEE_RULES, self.show),
            Page("GET", f"{one}/file", Permission.SEE_RULES, self.download),
            Page("POST", f"{one}/again", Permission.EDIT_RULES, self.again),
        ]
        return [*own, *(page for part in self._parts for page in part.pages())]

    async def list(self, visit: Visit) -> Response:
        """What is in force, what comes, what is worked on, and what was."""
        known = await self._room.timeline(visit.organisation)
        every = await self._desk.store.read(
            lambda conn: drafts.list_drafts(conn, visit.organisation, over=True)
        )
        rows = [said.version(one, known) for one in reversed(known.versions)]
        file = self._desk.packs.from_file(visit.organisation)
        open_ones = [one for one in every if one.state in ("open", "submitted")]
        values = {
            "title": "Rules",
            "done": DONE.get(visit.request.query_params.get("done", ""), ""),
            "current": next((row for row in rows if row["state"] == "In force"), None),
            "coming": [said.version(one, known) for one in known.coming],
            "rows": rows,
            "from_file": file is not None and not known.versions,
            "file_differs": bool(known.versions)
            and file is not None
            and file[0] not in {one.text for one in known.versions},
            "drafts": [said.draft_row(one) for one in open_ones],
            "over": [said.draft_row(one) for one in every if one not in open_ones][:MOST_OVER],
            "may_edit": visit.may(Permission.EDIT_RULES),
            "may_begin": self._lets_begin and visit.may(Permission.EDIT_RULES),
            "may_approve": visit.may(Permission.APPROVE_RULES),
            "findings": [
                finding
                for finding in self._desk.packs.findings
                if finding.startswith(f"{visit.organisation} version ")
            ],
        }
        return visit.page("rules_list.html", values)

    async def show(self, visit: Visit) -> Response:
        """A version: what it says, since when, and how it differs from the one before."""
        known = await self._room.timeline(visit.organisation)
        return await self._page(visit, known, self._number(visit), {}, {})

    async def download(self, visit: Visit) -> Response:
        """The text of a version as a file."""
        known, number = await self._room.timeline(visit.organisation), self._number(visit)
        text = _text(known, number)
        name = f"{visit.organisation}-version-{number}.yml"
        return Response(
            text, media_type="text/yaml; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )  # fmt: skip

    async def again(self, visit: Visit) -> Response:
        """Ask that an old version be published again; somebody else approves it, as any draft."""
        known, number = await self._room.timeline(visit.organisation), self._number(visit)
        text = _text(known, number)
        typed = {name: visit.said(name) for name in ("reason", "source", "effective_on")}
        errors, wanted = _read(typed)
        judged = await self._room.judged(text, visit.organisation)
        if judged.sound is None and not errors:
            errors["reason"] = "This version does not hold any more, so it cannot be published as it is."
        try:
            starts = known.starts_at(wanted, self._room.notice)
        except BadDay as bad:
            errors["effective_on"] = bad.detail
        if errors:
            return await self._page(visit, known, number, typed, errors)
        draft_id, now, writer = secrets.token_hex(8), self._desk.clock(), visit.writer
        about = About(f"Version {number} again", typed["reason"], typed["source"], wanted)

        def work(conn: Connection) -> None:
            base, what = known.base_at(starts), f"Took version {number} to publish it again."
            made = drafts.create_draft(
                conn, visit.organisation, draft_id, about, text, base, writer, now, what=what, again_of=number
            )
            drafts.submit(conn, visit.organisation, draft_id, made.revision, writer, now)

        await self._desk.store.write(work)
        return visit.go(f"/rules/drafts/{draft_id}/changes?done=submitted")

    def _number(self, visit: Visit) -> int:
        given = str(visit.request.path_params["number"])
        if not given.isdecimal() or len(given) > 8:
            raise NoSuchVersion("There is no such version of these rules.", where="version")
        return int(given)

    async def _page(
        self,
        visit: Visit,
        known: Timeline,
        number: int,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
    ) -> Response:
        text = _text(known, number)
        one = next((found for found in known.versions if found.number == number), None)
        before = _before(known, one)
        judged = await self._room.judged(text, visit.organisation)
        found = await self._room.difference(None if before is None else before.text, judged, known.now)
        current = known.at(known.now)
        values = {
            "title": f"Version {number} of the rules",
            "number": number,
            "version": None if one is None else said.version(one, known),
            "text": text,
            "before": None if before is None else before.number,
            "differs": said.difference(found),
            "lines": [] if before is None else said.lines(before.text, text),
            "findings": judged.findings,
            "may_again": visit.may(Permission.EDIT_RULES)
            and one is not None
            and (current is None or current.number != number or bool(known.coming)),
            "typed": {"reason": "", "source": "", "effective_on": "", **typed},
            "today": known.now.astimezone(ZONE).date().isoformat(),
            "errors": errors,
        }
        return visit.page("rules_version.html", values, status=422 if errors else 200)


def _text(known: Timeline, number: int) -> str:
    """The text of a version. NoSuchVersion (404)."""
    found = known.text_of(number)
    if found is None:
        raise NoSuchVersion(f"There is no version {number} of these rules.", where="version")
    return found


def _before(known: Timeline, one: Version | None) -> Version | None:
    """The version that was made this one from."""
    if one is None or one.base is None:
        return None
    return next((found for found in known.versions if found.number == one.base), None)


def _read(typed: Mapping[str, str]) -> tuple[dict[str, str], date | None]:
    """What is wrong by field, and the day that was asked for."""
    errors, wanted = {}, None
    for name, missing in (
        ("reason", "Say why the rules go back."),
        ("source", "Say who or what decided it."),
    ):
        if not typed[name]:
            errors[name] = missing
        elif len(typed[name]) > LONGEST_REASON:
            errors[name] = f"At most {LONGEST_REASON} characters, please."
    if typed["effective_on"]:
        try:
            wanted = date.fromisoformat(typed["effective_on"])
        except ValueError:
            errors["effective_on"] = "Write a day such as 2027-01-01."
    return errors, wanted
