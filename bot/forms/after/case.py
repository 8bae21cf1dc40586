"""The page of a case, and the copies of it to keep."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from bot.dialogue import asking
from bot.dialogue.context import CONTACTS, Context
from bot.dialogue.draft import Draft
from bot.dialogue.talk import Talk
from bot.evidence import ENDINGS
from bot.evidence.intake import size_words
from bot.forms.after.room import Guest, Room
from bot.forms.after.told import Told, answered, told
from bot.forms.files import Files
from bot.forms.site import Endpoint
from cases import conversations, files
from cases.conversations import StoredMessage

# What a page may say at its top after something was done, by the word in its address.
DONE = {
    "added": "after.added",
    "contact": "after.contact_done",
    "same": "after.contact_same",
    "withdrawn": "after.withdraw_done",
    "reopened": "after.reopened",
}


class CasePages:
    """Where a case stands."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def pages(self) -> Iterator[tuple[str, str, Endpoint]]:
        yield "GET", "/transcript.txt", self.transcript
        yield "GET", "/copy.txt", self.copy

    async def page(
        self,
        request: Request,
        guest: Guest,
        problem: str | None = None,
        said: str = "",
        arrived: list[str] | None = None,
        *,
        help_now: bool = False,
    ) -> Response:
        """The case; `problem` is what is wrong with what was to be added, `arrived` names files that came in.

        `help_now` shows who can help at once, since the words that were added may tell of harm.
        """
        context, say = guest.visit.context, guest.visit.context.words.say
        notices = [say("after.added_files", files=", ".join(arrived))] if arrived else []
        if help_now:
            lines = [say("notices.help_line", who=who, contact=how) for who, how in context.help_lines]
            notices = [say("after.added"), *notices, say("notices.help"), *lines]
        if problem is None and not notices and (done := DONE.get(request.query_params.get("done", ""))):
            notices = [say(done)]
        state = guest.standing.record.state
        can_give = state in ("filed", "informal")
        values = {
            "title": say("after.case_title"),
            "withheld": guest.withheld,
            "told": self.told(guest),
            "notices": notices,
            "errors": [problem] if problem else [],
            "failed": problem is not None,
            "said": said,
            "once": secrets.token_urlsafe(12),
            "state": state,
            "can_give": can_give,
            "can_withdraw_it": state in ("filed", "informal") and guest.standing.progress != "closed",
            "can_reopen": guest.standing.withdrawn_by_person and not guest.withheld,
            "can_go_further": answered(guest.standing) and not guest.withheld and state == "filed",
            "files": self._files(context),
            "sent_files": await self._sent_before(guest),
        }
        return self._room.for_guest(request, guest, "case.html", values, status=422 if problem else 200)

    def told(self, guest: Guest) -> Told:
        """The case in words; of one that is withheld, only that it is there."""
        say = guest.visit.context.words.say
        if guest.withheld:
            return Told([say("after.withheld", reference=guest.reference)], [])
        return told(guest.visit.context, guest.standing, self._room.desk.clock())

    async def transcript(self, request: Request) -> Response:
        """What was written by whom; while consent is awaited, only what the person here wrote."""
        guest = await self._room.guest(request)
        if guest is None:
            return self._room.over(request)
        found = guest.standing.conversation
        said = await self._room.desk.store.read(
            lambda conn: conversations.transcript(conn, found.organisation, found.id)
        )
        shown = [message for message in said if _is_theirs(message, withheld=guest.withheld)]
        words = guest.visit.context.words
        zone = ZoneInfo(guest.visit.context.compiled.pack.calendar.timezone)
        lines = [words.say("form.reference", reference=guest.reference), ""]
        for message in shown:
            who = {"complainant": "you"}.get(message.role, message.role)
            lines += [f"{words.say(f'after.{who}')} · {_when(message.at, zone, guest)}", message.text, ""]
        return self._text(guest, "transcript", lines)

    async def copy(self, request: Request) -> Response:
        """The complaint as it was sent, and where it stands."""
        guest = await self._room.guest(request)
        if guest is None:
            return self._room.over(request)
        say, now = guest.visit.context.words.say, self.told(guest)
        zone = ZoneInfo(guest.visit.context.compiled.pack.calendar.timezone)
        lines = [say("form.service"), say("form.reference", reference=guest.reference)]
        lines += [_when(self._room.desk.clock(), zone, guest), "", say("after.stands_title"), "", *now.stands]
        if guest.withheld:
            return self._text(guest, "complaint", lines)
        lines += ["", say("after.next_title"), "", *now.next]
        if now.promises:
            lines += ["", say("after.promises_title"), ""]
            lines += [" · ".join((each.what, each.when, *each.notes)) for each in now.promises]
        lines += ["", say("after.history_title"), "", *(f"{day}: {what}" for day, what in now.history)]
        if now.handler:
            lines += ["", say("after.who_title"), "", now.handler]
        lines += ["", *(await self._answers(guest))]
        return self._text(guest, "complaint", lines)

    async def _answers(self, guest: Guest) -> list[str]:
        """What was answered, in the order of the interview, as it was read back before it was sent."""
        context, seen = guest.visit.context, guest.standing
        draft = Draft.model_validate(seen.conversation.data)
        talk = Talk(context, draft, self._room.desk.clock())
        ran = await self._room.desk.runner.run("action_read_back", talk.to_read_back())
        lines = [context.words.say("form.yours"), ""]
        for line in ran.slots["read_back"]:
            if line["id"] not in asking.NOT_READ_BACK and line["value"] is not None:
                named = asking.label(context, draft, line["id"])
                lines += [f"{named}:", asking.shown(context, line["id"], line["value"]), ""]
        return lines

    def _text(self, guest: Guest, name: str, lines: list[str]) -> Response:
        named = f'attachment; filename="{guest.reference}-{name}.txt"'
        headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
        text = "\n".join(lines).rstrip() + "\n"
        return Response(text, media_type="text/plain; charset=utf-8", headers=headers)

    async def _sent_before(self, guest: Guest) -> list[str]:
        """The files that came with the complaint. What came later may be the organisation's own, and is not named."""
        record, found = guest.standing.record, guest.standing.conversation
        if guest.withheld or record.filed_at is None:
            return []
        until = record.filed_at
        kept = await self._room.desk.store.read(
            lambda conn: files.of_conversation(conn, found.organisation, found.id)
        )
        return [file.name for file in kept if file.scan != "infected" and file.at <= until]

    def _files(self, context: Context) -> Files:
        words, limits = context.words, self._room.intake.limits
        size, types = size_words(limits.max_bytes), ", ".join(ending[1:].upper() for ending in ENDINGS)
        said = [
            words.say("form.files_limits", count=limits.max_files, size=size),
            words.say("form.files_types", types=types),
            words.say("form.files_place"),
        ]
        return Files([], limits.max_files > 0, " ".join(said), ",".join(ENDINGS))


def contact_of(guest: Guest) -> dict[str, str]:
    """How the person can be reached now, by field."""
    person = guest.standing.record.complainant
    return {name.removeprefix("contact_"): getattr(person, name[8:]) or "" for name in CONTACTS}


def _is_theirs(message: StoredMessage, *, withheld: bool) -> bool:
    """Whether a message is for the person's eyes; buttons that they pressed are no words of theirs."""
    if message.role == "complainant":
        return not message.text.startswith("/")
    return not withheld and (message.role != "system" or message.entries is not None)


def _when(at: datetime, zone: ZoneInfo, guest: Guest) -> str:
    local: Any = at.astimezone(zone)
    return f"{guest.visit.context.words.date(local.date())}, {local:%H:%M}"
