"""Where the form's pages stand, and what is done around each of them: limits, the sender's page, and refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels import cookies
from bot.channels.hearing import Hearing
from bot.channels.pages import Pages, reach
from bot.channels.posted import Gone, drop_rest
from bot.door import StrangePage, TooMany, headers_of
from bot.evidence import Intake
from bot.forms.visit import Visit, languages, visit_of
from bot.messages import Incoming
from bot.overlay import Overlays
from policy_rules.errors import Refusal, UnknownOrganisation

Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger("hearout.form")

# The pages run nothing, and their forms go nowhere but here.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def routes(hearing: Hearing, overlays: Overlays, intake: Intake) -> list[BaseRoute]:
    """The pages of the form."""
    from bot.forms.ends import Ends
    from bot.forms.start import Start
    from bot.forms.steps import Steps

    site = Site(hearing, overlays, intake)
    return [
        Route(f"/{{org}}/complain{path}", site.guard(endpoint), methods=[method])
        for part in (Steps(site), Ends(site), Start(site))
        for method, path, endpoint in part.pages()
    ]


class Site:
    """What every page of the form needs."""

    def __init__(self, hearing: Hearing, overlays: Overlays, intake: Intake) -> None:
        self.hearing = hearing
        self.intake = intake
        self.desk = hearing.desk
        self._pages = Pages(hearing.desk.packs, overlays)

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint behind the limits and the check of the sender; what is refused is a page of its own."""

        async def guarded(request: Request) -> Response:
            try:
                self.hearing.door.count_address(self.hearing.door.caller(request.scope))
                if request.method == "POST":
                    self._refuse_strange_page(request)
                elif "lang" in request.query_params and (answer := await self._in_language(request)):
                    return answer
                return await endpoint(request)
            except UnknownOrganisation:
                raise
            except Refusal as refusal:
                await drop_rest(request)
                return await self._refused(request, refusal)
            except Gone:
                return Response(status_code=400)

        return guarded

    async def _in_language(self, request: Request) -> Response | None:
        """The same page after the conversation has changed to the language in the address; None where it need not."""
        visit, asked = await visit_of(self.desk, request), request.query_params["lang"]
        spoken = visit.found.data.get("language", "en") if visit.found is not None else asked
        if visit.draft.state != "draft" or spoken == asked:
            return None
        await self.speak(visit, asked)
        return self.go(request.url.path)

    async def speak(self, visit: Visit, language: str) -> None:
        """Go on in another language that the organisation offers; the open question is put again in it."""
        if language in languages(self.desk, visit.organisation) and visit.key is not None:
            message_id = f"form:language:{visit.seq}:{language}"
            again = Incoming(visit.organisation, visit.key, "/repeat", message_id, language=language)
            await self.hearing.hear(again, "form", "lang")

    def _refuse_strange_page(self, request: Request) -> None:
        """StrangePage (403) unless a form was sent from a page of ours; no Origin at all is no browser's form."""
        headers = headers_of(request.scope)
        site = headers.get(b"sec-fetch-site")
        known = (
            site in (b"same-origin", b"none") if site is not None else self.hearing.door.knows_origin(headers)
        )
        if not known:
            raise StrangePage("The form was sent from a page of another site, so nothing was changed.")

    async def _refused(self, request: Request, refusal: Refusal) -> Response:
        visit = await visit_of(self.desk, request)
        words = visit.context.words
        keys = {TooMany: "form.too_many", StrangePage: "form.strange_page"}
        said = words.say(keys.get(type(refusal), "form.trouble"))
        values = {"title": words.say("form.trouble_title"), "said": said}
        answer = self.page(request, visit, "trouble.html", values, status=refusal.status)
        answer.headers.update(getattr(refusal, "headers", None) or {})
        return answer

    def is_secure(self, request: Request) -> bool:
        """Whether people reach us by https, themselves or through a proxy that says so."""
        return request.url.scheme == "https" or urlsplit(self.desk.terms.address).scheme == "https"

    def go(self, address: str) -> Response:
        """To another page, by GET: a reload then asks for the page, and sends nothing again."""
        return RedirectResponse(address, status_code=303)

    def start_over(self, request: Request, visit: Visit, status: int = 404) -> Response:
        """The page for who comes without a key that opens anything."""
        words = visit.context.words
        values = {"title": words.say("form.lost_title"), "said": words.say("form.lost")}
        answer = self.page(request, visit, "trouble.html", values, status=status)
        if visit.key is not None and cookies.key_of(request, visit.organisation) is not None:
            cookies.forget(answer, visit.organisation, secure=self.is_secure(request))
        return answer

    def page(
        self, request: Request, visit: Visit, template: str, values: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        """A page of the form, in the language of the visit."""
        compiled, draft = visit.context.compiled, visit.draft
        language = draft.language
        shared = {
            "say": visit.context.words.say,
            "pack": compiled.pack,
            "home": visit.home,
            "path": request.url.path,
            "lang": language,
            "languages": [code for code in languages(self.desk, visit.organisation) if code != language],
            "reference": visit.reference,
            "now_at": visit.now_at(),
            "ended": visit.found is not None and draft.state != "draft",
            "can_withdraw": draft.state not in ("withdrawn", "signposted"),
            "leave": self.desk.overlays(visit.organisation).leave_to,
            "hours": _hours(visit),
            "back": None,
            "reach": reach(compiled),
            "form_id": None,
            "title": "",
            "failed": False,
        }
        return self._pages.page(
            template if "/" in template else f"form/{template}",
            {**shared, **values},
            policy=POLICY,
            status=status,
            context=visit.context,
        )


def _hours(visit: Visit) -> str:
    """When people answer, in a line; "" where the policy prints no hours."""
    hours, words = visit.context.compiled.pack.hours, visit.context.words
    if hours is None:
        return ""
    line = words.say("form.hours", opens=hours.opens, closes=hours.closes, days=words.days(hours.days))
    return f"{line}. {words.say('form.closed')}." if hours.bank_holidays == "closed" else f"{line}."
