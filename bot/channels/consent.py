"""The page on which the person represented agrees to somebody complaining for them, or refuses.

It works without JavaScript. Looking at it changes nothing, since mail programs follow links by themselves; only the
form does, and only once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.pages import Pages, reach
from bot.dialogue.context import Context
from bot.door import Door, WrongShape
from bot.overlay import Overlays
from bot.turn import TRIES, BusyConversation, Desk, context_of
from cases import consent
from cases.consent import Asked
from cases.filing import StaleConversation

Answer = Literal["given", "refused"]
ANSWERS: Mapping[str, Answer] = {"given": "given", "refused": "refused"}
# The page runs nothing, and its form goes nowhere but here.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def routes(desk: Desk, door: Door, overlays: Overlays) -> list[BaseRoute]:
    """The page and its form."""
    page = ConsentPage(desk, door, overlays)
    return [
        Route("/{org}/consent/{token}", page.show, methods=["GET"]),
        Route("/{org}/consent/{token}", page.answer, methods=["POST"]),
    ]


class ConsentPage:
    """One page in four states: asked, agreed, refused, and a link that does not work."""

    def __init__(self, desk: Desk, door: Door, overlays: Overlays) -> None:
        self._desk = desk
        self._door = door
        self._pages = Pages(desk.packs, overlays)

    async def show(self, request: Request) -> Response:
        """Ask, or say what was answered. Unknown and expired links look the same."""
        asked = await self._asked(request)
        return self._page(request, asked)

    async def answer(self, request: Request) -> Response:
        """Keep the first answer. A second one changes nothing, and both are shown what is kept."""
        asked = await self._asked(request)
        if asked is None:
            return self._page(request, None)
        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("answer", [""])
        if given[0] not in ANSWERS:
            raise WrongShape(
                "Choose one of the two answers.", where="answer", found=given[0][:60], allowed=list(ANSWERS)
            )
        await self._record(request, ANSWERS[given[0]])
        # So that a reload asks for the page, and not for the answer again.
        return RedirectResponse(request.url.path, status_code=303)

    async def _asked(self, request: Request) -> Asked | None:
        self._door.count_address(self._door.caller(request.scope))
        organisation, token = request.path_params["org"], request.path_params["token"]
        self._desk.packs.get(organisation)
        now = self._desk.clock()
        return await self._desk.store.read(lambda conn: consent.find(conn, organisation, token, now))

    async def _record(self, request: Request, answer: Answer) -> None:
        for _ in range(TRIES):
            asked = await self._asked(request)
            if asked is None:
                return
            try:
                await self._keep(asked, answer)
            except StaleConversation:
                continue
            return
        raise BusyConversation("Something else is being written just now. Please try again.")

    async def _keep(self, asked: Asked, answer: Answer) -> None:
        """Once it is on disk, tell who delivers. StaleConversation when it has to be looked at anew."""
        said, now = self._context(asked).words.say(f"consent.noted_{answer}"), self._desk.clock()
        targets = self._desk.overlays(asked.conversation.organisation).targets
        if await self._desk.store.write(
            lambda conn: consent.record_answer(conn, asked, answer, said, targets, now)
        ):
            self._desk.wake_delivery()

    def _context(self, asked: Asked) -> Context:
        conversation = asked.conversation
        language = str(conversation.data.get("language") or "en")
        return context_of(self._desk, conversation.organisation, language, conversation.reference)

    def _page(self, request: Request, asked: Asked | None) -> Response:
        organisation = request.path_params["org"]
        compiled = self._desk.packs.get(organisation)
        context = (
            self._context(asked) if asked is not None else context_of(self._desk, organisation, "en", "")
        )
        words = context.words
        values: dict[str, Any] = {"pack": compiled.pack, "reach": reach(compiled), "lang": words.language}
        values |= {"say": words.say, "label": words.label}
        if asked is None:
            return self._pages.page(
                "consent.html", {**values, "asks": None}, policy=POLICY, status=404, context=context
            )
        stands = asked.records[0].representation
        asks = {
            "writer": stands.representative_name,
            "reference": ", ".join(record.reference for record in asked.records),
            "answer": asked.answer,
        }
        return self._pages.page("consent.html", {**values, "asks": asks}, policy=POLICY, context=context)
