"""Coming in: the first page with the privacy notice, the private link, and what is kept on the device."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.channels import cookies
from bot.channels.hearing import new_key
from bot.channels.posted import read_posted
from bot.forms.site import Endpoint, Site
from bot.forms.visit import Visit, languages, visit_of
from bot.messages import Incoming
from bot.turn import OPENING_ID


class Start:
    """The first page, and the doors back in."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._desk = site.desk

    def pages(self) -> Iterator[tuple[str, str, Endpoint]]:
        yield "GET", "", self.show
        yield "POST", "", self.begin
        yield "GET", "/save", self.save
        yield "POST", "/save", self.forget
        yield "GET", "/leave", self.leave
        # Last: no other page has a name as long as a key.
        yield "GET", "/{key}", self.resume
        yield "POST", "/{key}", self.switch

    async def show(self, request: Request) -> Response:
        """Who we are, that this is automated, what becomes of the words, and how to reach a person."""
        visit = await visit_of(self._desk, request)
        words = visit.context.words
        values = {
            "title": words.say("form.start_title"),
            "privacy": visit.context.privacy,
            # The page's own key: pressed twice, the button still begins one conversation.
            "new_key": new_key(),
        }
        return self._site.page(request, visit, "start.html", values)

    async def begin(self, request: Request) -> Response:
        """Open the conversation, give the browser its key, and go to the first question."""
        posted = await read_posted(request)
        organisation = request.path_params["org"]
        self._desk.packs.get(organisation)
        key = posted.text("key") if cookies.is_key(posted.text("key")) else new_key()
        asked = posted.text("lang")
        language = asked if asked in languages(self._desk, organisation) else None
        incoming = Incoming(organisation, key, "", OPENING_ID, language=language)
        self._site.hearing.door.count_conversation(organisation, key)
        await self._site.hearing.open(incoming)
        visit = await visit_of(self._desk, request, key)
        return self._with_key(request, visit, self._site.go(visit.now_at()))

    async def save(self, request: Request) -> Response:
        """The private link, and what it is good for."""
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        words = visit.context.words
        link = f"{self._desk.terms.address.rstrip('/')}{visit.home}/{visit.key}"
        values = {"title": words.say("form.save_title"), "link": link, "back": visit.now_at()}
        return self._site.page(request, visit, "save.html", values)

    async def forget(self, request: Request) -> Response:
        """Let this browser drop the key; what was written stays."""
        await read_posted(request)
        visit = await visit_of(self._desk, request)
        words = visit.context.words
        values = {"title": words.say("form.forgotten_title"), "said": words.say("form.forgotten")}
        answer = self._site.page(request, visit, "trouble.html", values)
        cookies.forget(answer, visit.organisation, secure=self._site.is_secure(request))
        return answer

    async def leave(self, request: Request) -> Response:
        """The quick exit: drop the key, and go where the organisation lets it lead."""
        visit = await visit_of(self._desk, request)
        answer = self._site.go(self._desk.overlays(visit.organisation).leave_to or visit.home)
        cookies.forget(answer, visit.organisation, secure=self._site.is_secure(request))
        return answer

    async def resume(self, request: Request) -> Response:
        """The private link: its key goes into the cookie and out of the address.

        Where another complaint is open in this browser, it asks first, or that one's key would be lost.
        """
        visit = await self._by_link(request)
        if visit.found is None:
            return self._dead(request, visit)
        open_here = await visit_of(self._desk, request)
        if open_here.found is not None and open_here.found.id != visit.found.id:
            values = {
                "title": visit.context.words.say("form.resume_title"),
                "other": open_here.reference,
            }
            return self._site.page(request, visit, "resume.html", values)
        return self._with_key(request, visit, self._site.go(visit.now_at()))

    async def switch(self, request: Request) -> Response:
        """Go on with the linked complaint in the place of the one that is open in this browser."""
        await read_posted(request)
        visit = await self._by_link(request)
        if visit.found is None:
            return self._dead(request, visit)
        return self._with_key(request, visit, self._site.go(visit.now_at()))

    async def _by_link(self, request: Request) -> Visit:
        key = request.path_params["key"]
        if not cookies.is_key(key):
            self._desk.packs.get(request.path_params["org"])
            raise HTTPException(404)
        return await visit_of(self._desk, request, key)

    def _dead(self, request: Request, visit: Visit) -> Response:
        words = visit.context.words
        values = {"title": words.say("form.dead_title"), "said": words.say("form.dead")}
        return self._site.page(request, visit, "trouble.html", values, status=404)

    def _with_key(self, request: Request, visit: Visit, answer: Response) -> Response:
        cookies.keep(answer, visit.organisation, visit.key or "", secure=self._site.is_secure(request))
        return answer
