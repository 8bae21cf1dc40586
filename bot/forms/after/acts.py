"""What the person can do with their case: add words and files, put a contact right, withdraw it, open it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.posted import Receiving, read_posted
from bot.dialogue.draft import ASKED_FOR_A_PERSON, RISK_OF_HARM
from bot.door import TooLarge, check_text
from bot.evidence.intake import Received
from bot.forms.after.case import CasePages, contact_of
from bot.forms.after.room import Guest, Room
from bot.forms.site import Endpoint
from cases import afterwards
from cases.afterwards import Said, Standing

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,60}")
_PHONE = re.compile(r"\+?[\d\s()./-]{6,30}( ?(x|ext\.?) ?\d{1,6})?", re.IGNORECASE)
_LONGEST_POST = 500


class Acts:
    """Each act is a form of the case's pages, and one transaction."""

    def __init__(self, room: Room, case: CasePages) -> None:
        self._room = room
        self._case = case

    def pages(self) -> Iterator[tuple[str, str, Endpoint]]:
        yield "POST", "/add", self.add
        yield "GET", "/add", self.home
        yield "GET", "/contact", self.contact
        yield "POST", "/contact", self.correct
        yield "GET", "/withdraw", self.withdrawing
        yield "POST", "/withdraw", self.withdraw
        yield "POST", "/reopen", self.reopen
        yield "GET", "/reopen", self.home
        yield "GET", "/person", self.person
        yield "POST", "/person", self.ask_for_person

    async def home(self, request: Request) -> Response:
        """To the case: where a reload or a language link of a form's answer leads."""
        return self._room.back_to(self._room.visit(request))

    async def add(self, request: Request) -> Response:
        """Words, files or both. Files arrive while the form is read, so the session is looked at first."""
        before = await self._room.guest(request)
        if before is None:
            posted = await read_posted(request)
            return self._room.over(request, posted.text("answer"))
        posted = await read_posted(request, self._begin_of(before))
        guest = await self._room.guest_with(request, posted)
        if isinstance(guest, Response):
            return guest
        words = posted.text("answer").replace("\r\n", "\n")
        arrived = [file.kept.name for file in posted.files if isinstance(file, Received) and file.kept]
        say = guest.visit.context.words.say
        problem = None
        if posted.refused is not None:
            problem = posted.refused.detail
        elif not words.strip() and not arrived:
            problem = say("after.add_nothing")
        if words.strip():
            try:
                check_text(words, "answer")
            except TooLarge:
                return await self._case.page(request, guest, say("after.too_long"), words, arrived)
            if await self._add(guest, words, posted.text("once")[:40]):
                return await self._case.page(request, guest, problem, "", arrived, help_now=True)
            if problem is None and not arrived:
                return self._room.back_to(guest.visit, done="added")
        return await self._case.page(request, guest, problem, "", arrived)

    async def contact(self, request: Request) -> Response:
        """The contacts as they are, to be changed."""
        guest = await self._room.guest(request)
        return self._room.over(request) if guest is None else self._contact(request, guest, contact_of(guest))

    async def correct(self, request: Request) -> Response:
        """Keep what was changed; what it was stays in the history, and the handler is told."""
        posted = await read_posted(request)
        guest = await self._room.guest_with(request, posted)
        if isinstance(guest, Response):
            return guest
        given = {name: posted.text(name).replace("\r\n", "\n").strip() for name in ("email", "phone", "post")}
        say = guest.visit.context.words.say
        if problems := _wrong(given):
            told = {name: say(f"after.{key}") for name, key in problems.items()}
            return self._contact(request, guest, given, told)
        changes: dict[str, str | None] = {name: value or None for name, value in given.items()}
        prefers = guest.standing.record.complainant.preferred_contact
        if prefers in given and not given[prefers]:
            # They cannot be reached that way any more: then by whichever is left.
            changes["preferred_contact"] = None
        targets = self._room.desk.overlays(guest.visit.organisation).targets
        now = self._room.desk.clock()

        def work(conn: Any, seen: Standing) -> list[str]:
            was = seen.record.complainant.model_dump()
            names = [name for name in given if (was[name] or None) != changes[name]]
            fields = ", ".join(say(f"after.field_{name}") for name in names)
            said = Said("", say("after.contact_said", fields=fields))
            return afterwards.correct_contact(conn, seen, changes, said, targets, now)

        changed = await self._room.again(guest, work)
        return self._room.back_to(guest.visit, done="contact" if changed else "same")

    async def withdrawing(self, request: Request) -> Response:
        """Ask whether it is meant, and that nobody presses them."""
        guest = await self._room.guest(request)
        if guest is None:
            return self._room.over(request)
        if guest.standing.record.state not in ("filed", "informal"):
            return self._room.back_to(guest.visit)
        values = {
            "title": guest.visit.context.words.say("after.withdraw_title"),
            "back": self._room.address(guest.visit),
            "said": "",
        }
        return self._room.for_guest(request, guest, "withdraw.html", values)

    async def withdraw(self, request: Request) -> Response:
        """The case ends as withdrawn; twice is once."""
        posted = await read_posted(request)
        guest = await self._room.guest_with(request, posted)
        if isinstance(guest, Response):
            return guest
        if guest.standing.record.state == "withdrawn":
            return self._room.back_to(guest.visit, done="withdrawn")
        reason = posted.text("reason").replace("\r\n", "\n").strip()
        check_text(reason, "reason")
        said = Said(reason, guest.visit.context.words.say("after.withdraw_said"))
        await self._end_or_open(guest, said, afterwards.withdraw)
        return self._room.back_to(guest.visit, done="withdrawn")

    async def reopen(self, request: Request) -> Response:
        """The case goes on where it was; twice is once."""
        posted = await read_posted(request)
        guest = await self._room.guest_with(request, posted)
        if isinstance(guest, Response):
            return guest
        if guest.standing.record.state in ("filed", "informal"):
            return self._room.back_to(guest.visit, done="reopened")
        said = Said("", guest.visit.context.words.say("after.reopen_said"))
        await self._end_or_open(guest, said, afterwards.reopen)
        return self._room.back_to(guest.visit, done="reopened")

    async def person(self, request: Request) -> Response:
        """How to reach a person; with a case open, a button by which one is asked to get in touch."""
        guest = await self._room.guest(request)
        visit = self._room.visit(request) if guest is None else guest.visit
        say = visit.context.words.say
        said = say("form.human_lead_new")
        values = {"title": say("form.human"), "back": self._room.address(visit), "asked": False, "said": said}
        if guest is None:
            return self._room.show(request, visit, "person.html", values)
        values["asked"] = ASKED_FOR_A_PERSON in guest.standing.record.flags
        values["said"] = say("form.human_lead", reference=guest.reference)
        return self._room.for_guest(request, guest, "person.html", values)

    async def ask_for_person(self, request: Request) -> Response:
        """Mark the case, so that somebody gets in touch; twice is once."""
        posted = await read_posted(request)
        guest = await self._room.guest_with(request, posted)
        if isinstance(guest, Response):
            return guest
        said = Said("", guest.visit.context.words.say("after.person_said"))
        targets = self._room.desk.overlays(guest.visit.organisation).targets
        now = self._room.desk.clock()
        await self._room.again(
            guest, lambda conn, seen: afterwards.flag(conn, seen, ASKED_FOR_A_PERSON, said, targets, now)
        )
        return self._room.back_to(guest.visit, "/person")

    async def _end_or_open(self, guest: Guest, said: Said, act: Any) -> None:
        compiled = guest.visit.context.compiled
        targets = self._room.desk.overlays(guest.visit.organisation).targets
        now = self._room.desk.clock()
        await self._room.again(guest, lambda conn, seen: act(conn, seen, said, compiled, targets, now))

    async def _add(self, guest: Guest, words: str, once: str) -> bool:
        """Keep the words as they are; whether they may tell of harm, which puts the case before somebody at once."""
        read = self._room.desk.reader.read(words, None, now=self._room.desk.clock(), facts={})
        flags = (RISK_OF_HARM,) if read.harm else ()
        said = Said(words, guest.visit.context.words.say("after.added"))
        targets = self._room.desk.overlays(guest.visit.organisation).targets
        now = self._room.desk.clock()
        await self._room.again(
            guest,
            lambda conn, seen: afterwards.add_words(conn, seen, said, flags, targets, f"case:{once}", now),
        )
        return read.harm

    def _begin_of(self, guest: Guest) -> Any:
        async def begin(name: str, filename: str) -> Receiving:
            del name
            return await self._room.intake.begin_for(guest.reference, None, filename)

        return begin

    def _contact(
        self,
        request: Request,
        guest: Guest,
        given: dict[str, str],
        problems: dict[str, str] | None = None,
    ) -> Response:
        values = {
            "title": guest.visit.context.words.say("after.contact_title"),
            "given": given,
            "problems": problems or {},
            "failed": bool(problems),
            "back": self._room.address(guest.visit),
        }
        return self._room.for_guest(request, guest, "contact.html", values, status=422 if problems else 200)


def _wrong(given: dict[str, str]) -> dict[str, str]:
    """What is wrong with contacts, by field, as wording keys."""
    found = {}
    if given["email"] and not _EMAIL.fullmatch(given["email"]):
        found["email"] = "contact_bad_email"
    if given["phone"] and not _PHONE.fullmatch(given["phone"]):
        found["phone"] = "contact_bad_phone"
    if len(given["post"]) > _LONGEST_POST:
        found["post"] = "too_long"
    if not any(given.values()):
        found["email"] = "contact_none"
    return found
