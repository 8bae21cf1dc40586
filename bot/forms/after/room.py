"""What every page of a filed case needs: who is here, by which cookie, and how a page is made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels import cookies
from bot.channels.hearing import Hearing, new_key
from bot.channels.posted import Posted
from bot.dialogue.draft import Draft
from bot.door import StrangePage, TooMany
from bot.evidence import Intake
from bot.forms.site import Site
from bot.forms.visit import Visit, languages
from bot.overlay import Overlays
from bot.turn import TRIES, BusyConversation, context_of
from cases import afterwards, codes
from cases.afterwards import Standing
from cases.codes import TooManyCodes
from cases.effects import CannotHappen
from cases.events import NoSuchCase
from cases.filing import StaleConversation
from cases.record import CaseRecord, is_withheld
from policy_rules.compiled import CompiledPack
from policy_rules.errors import Refusal

# The browser that asks for a code, and the session that the code has opened.
ASKS, SHOWS = "asks", "case"
_SAID = {TooMany: "form.too_many", StrangePage: "form.strange_page", CannotHappen: "after.cannot"}


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody to whom a code has opened a case. `form` is what their pages' forms carry: it names this session."""

    visit: Visit
    token: str
    standing: Standing

    @property
    def form(self) -> str:
        return form_of(self.token)

    @property
    def reference(self) -> str:
        return self.standing.record.reference

    @property
    def withheld(self) -> bool:
        """Whether nothing about the case may be told, since the person represented has not agreed."""
        return is_withheld(self.standing.record.as_json())


def ways_to(compiled: CompiledPack) -> list[tuple[str, str]]:
    """How to reach a person: the policy's address for complaints, else the nearest that it prints."""
    contacts = compiled.pack.contacts
    order = ["complaints", *(name for name in contacts if name != "complaints")]
    for name in order:
        known = contacts[name].model_dump()
        if found := [(kind, known[kind]) for kind in ("phone", "email", "post", "url") if known.get(kind)]:
            return found
    return []


def hash_of(secret: str) -> str:
    """What is kept of a cookie."""
    return hashlib.sha256(secret.encode()).hexdigest()


def form_of(token: str) -> str:
    """What stands in the forms of a session's pages: a page of another session, or of another site, has another."""
    return hash_of(f"form of {token}")[:32]


class Room(Site):
    """The form's site, for pages that no conversation's key opens."""

    def __init__(self, hearing: Hearing, overlays: Overlays, intake: Intake, *, can_mail: bool) -> None:
        super().__init__(hearing, overlays, intake)
        self.can_mail = can_mail

    async def _in_language(self, request: Request) -> Response | None:
        """A page is shown in the language of its address, and no conversation changes with it."""
        del request
        return None

    async def _refused(self, request: Request, refusal: Refusal) -> Response:
        visit = self.visit(request)
        words = visit.context.words
        if isinstance(refusal, NoSuchCase):
            return self.over(request)
        key = "after.too_many_codes" if isinstance(refusal, TooManyCodes) else None
        said = words.say(key or _SAID.get(type(refusal), "form.trouble"))
        values = {"title": words.say("form.trouble_title"), "said": said, "words": ""}
        answer = self.show(request, visit, "trouble.html", values, status=refusal.status)
        answer.headers.update(getattr(refusal, "headers", None) or {})
        return answer

    def visit(self, request: Request, record: CaseRecord | None = None) -> Visit:
        """A visit without a conversation, in the language of the address, else of the case, else of the browser.

        A case is shown by the rules that decided it.
        """
        organisation = request.path_params["org"]
        self.desk.packs.get(organisation)
        offered = languages(self.desk, organisation)
        asked = request.query_params.get("lang")
        told = re.findall(r"(?:^|,)\s*([a-z]{2})\b", request.headers.get("accept-language", "").lower())
        compiled = None
        if record is not None:
            compiled = self.desk.packs.of(organisation, record.policy.sha256, record.received_at)
        wishes = (asked, None if record is None else record.language, *told)
        spoken = next((code for code in wishes if code in offered), offered[0])
        context = context_of(self.desk, organisation, str(spoken), "", compiled=compiled)
        return Visit(organisation, None, None, Draft(language=str(spoken)), context)

    async def guest(self, request: Request) -> Guest | None:
        """Who is here; None without a session that still lasts, or where the case is gone."""
        organisation = request.path_params["org"]
        self.desk.packs.get(organisation)
        token, now = request.cookies.get(_name(SHOWS, organisation), ""), self.desk.clock()
        if not cookies.is_key(token):
            return None

        def look(conn: Any) -> Standing | None:
            reference = codes.opened(conn, organisation, hash_of(token), now)
            return None if reference is None else afterwards.standing(conn, organisation, reference)

        try:
            found = await self.desk.store.read(look)
        except NoSuchCase:
            return None
        if found is None:
            return None
        return Guest(self.visit(request, found.record), token, found)

    async def guest_with(self, request: Request, posted: Posted) -> Guest | Response:
        """Who sent this form; the page that says what to do, where the session is over or another one's."""
        guest = await self.guest(request)
        written = posted.text("answer") or posted.text("reason")
        if guest is None:
            return self.over(request, written)
        if posted.text("form") != guest.form:
            return self.over(request, written, "after.over_other")
        return guest

    def over(self, request: Request, words: str = "", key: str = "after.over") -> Response:
        """Sign in again; what was written is shown, so that it is not lost."""
        visit = self.visit(request)
        say = visit.context.words.say
        values = {"title": say("after.over_title"), "said": say(key), "words": words}
        return self.show(request, visit, "trouble.html", values, status=403)

    async def fresh(self, guest: Guest) -> Standing:
        """The case as it stands now. NoSuchCase where it was erased meanwhile."""
        organisation, reference = guest.visit.organisation, guest.reference
        return await self.desk.store.read(lambda conn: afterwards.standing(conn, organisation, reference))

    async def again(self, guest: Guest, work: Any) -> Any:
        """Write what `work` (conn, Standing) does, from the case as it stands; anew while others write in it."""
        for _ in range(TRIES):
            seen = await self.fresh(guest)
            try:
                done = await self.desk.store.write(partial(_with, work, seen))
            except StaleConversation:
                continue
            self.desk.wake_delivery()
            return done
        raise BusyConversation("Something else is being written just now. Please try again.")

    def address(self, visit: Visit, page: str = "", **query: str) -> str:
        """Of a page of the case, in the language of this visit where it is not the organisation's own."""
        own = languages(self.desk, visit.organisation)[0]
        asked = {**query, **({} if visit.draft.language == own else {"lang": visit.draft.language})}
        tail = "&".join(f"{name}={value}" for name, value in asked.items())
        return f"/{visit.organisation}/case{page}{'?' if tail else ''}{tail}"

    def back_to(self, visit: Visit, page: str = "", **query: str) -> Response:
        """To a page of the case, by GET."""
        return RedirectResponse(self.address(visit, page, **query), status_code=303)

    def show(
        self, request: Request, visit: Visit, template: str, values: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        """A page, which no browser and no proxy keeps."""
        shared = {
            "case": self.address(visit),
            "at": lambda page: self.address(visit, page),
            "form": "",
            "errors": [],
            "notices": [],
            "can_mail": self.can_mail,
            # The footer's links to a person and to the quick exit are of these pages.
            "home": f"/{visit.organisation}/case",
            # As it is today: a number that was printed when the case was sent may be nobody's now.
            "ways": ways_to(self.desk.packs.get(visit.organisation)),
        }
        answer = self.page(request, visit, f"after/{template}", {**shared, **values}, status=status)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def for_guest(
        self, request: Request, guest: Guest, template: str, values: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        """A page of a case that is open."""
        shared = {"form": guest.form, "its_reference": guest.reference}
        return self.show(request, guest.visit, template, {**shared, **values}, status=status)

    def asker(self, request: Request) -> str:
        """The secret of a browser that asks for codes; a new one where it has none."""
        found = request.cookies.get(_name(ASKS, request.path_params["org"]), "")
        return found if cookies.is_key(found) else new_key()

    def hold(self, request: Request, answer: Response, kind: str, secret: str, seconds: int) -> None:
        """Let the browser send a secret with these pages alone, for so long; "" drops it."""
        organisation = request.path_params["org"]
        path, name = f"/{organisation}/case", _name(kind, organisation)
        secure = self.is_secure(request)
        if secret:
            answer.set_cookie(
                name, secret, max_age=seconds, path=path, secure=secure, httponly=True, samesite="strict"
            )
        else:
            answer.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="strict")


def _with(work: Any, seen: Standing, conn: Any) -> Any:
    return work(conn, seen)


def _name(kind: str, organisation: str) -> str:
    return f"hearout-{kind}-{organisation}"
