"""The conversation of a case in staff's hands: taken over from the interview, written in, given back to it.

What is sent from a page that has not seen the newest message is not sent: the page comes again with both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from starlette.responses import Response

from bot.console import cases_words as words
from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from cases import conversations, officers
from cases.listing import Place
from cases.officers import Connection
from policy_rules.errors import Refusal

Act = Literal["takeover", "say", "giveback"]
ACTS: Mapping[str, Act] = {"takeover": "takeover", "say": "say", "giveback": "giveback"}
# So many of the newest messages are shown.
SHOWN = 30


class Voice(Protocol):
    """What carries staff's words into a conversation and to the faces that are open."""

    async def speak(self, reference: str, act: Act, by: str, text: str, caller: str | None) -> None:
        """Refusals say what stands in its way."""


class Talking:
    """The page on which staff talk with the person."""

    def __init__(self, console: Console, voice: Voice) -> None:
        self._desk = console.desk
        self._voice = voice

    def pages(self) -> Sequence[Page]:
        """The conversation, and what is done with it."""
        path = "/cases/{reference}/talk"
        return [
            Page("GET", path, Permission.WORK_ON_CASES, self.show),
            Page("POST", path, Permission.WORK_ON_CASES, self.act),
        ]

    async def show(self, visit: Visit) -> Response:
        """The newest messages, and whoever has the conversation in hand."""
        here = await visit.case(visit.request.path_params["reference"])
        return await self._page(visit, here, "", {})

    async def act(self, visit: Visit) -> Response:
        """Take it over, write, or give it back."""
        here = await visit.case(visit.request.path_params["reference"])
        text, act = visit.said("text"), ACTS.get(visit.said("act"))
        if act is None:
            return await self._page(visit, here, text, {"text": "Choose what to do."})
        if act == "say" and not text:
            return await self._page(visit, here, text, {"text": "Write what you want to say."})
        said = await self._desk.store.read(lambda conn: _messages(conn, here))
        if visit.said("seen") != _newest(said):
            return await self._page(visit, here, text, {}, stale=True)
        try:
            await self._voice.speak(here.reference, act, visit.account.name, text, visit.account.id)
        except Refusal as refusal:
            return await self._page(visit, here, text, {"text": refusal.detail})
        return visit.go(f"/cases/{here.reference}/talk?done={act}")

    async def _page(
        self, visit: Visit, here: Place, text: str, errors: Mapping[str, str], *, stale: bool = False
    ) -> Response:
        store = self._desk.store
        said = await store.read(lambda conn: _messages(conn, here))
        draft = await store.read(
            lambda conn: officers.answers_of(conn, here.organisation, here.conversation_id)
        )
        values: dict[str, Any] = {
            "title": f"Write to the person: {here.reference}",
            "reference": here.reference,
            "messages": [
                {"by": words.SPEAKERS.get(m.role, m.role), "text": m.text, "at": m.at} for m in said if m.text
            ][-SHOWN:],
            "seen": _newest(said),
            "with": draft.get("taken_over_by"),
            "text": text,
            "errors": errors,
            "stale": stale,
            "done": DONE.get(visit.request.query_params.get("done", ""), ""),
        }
        return visit.page("case_talk.html", values, status=412 if stale else 422 if errors else 200)


DONE = {
    "takeover": "The conversation is with you. The interview keeps quiet until you give it back.",
    "say": "It is sent. The person sees it at once, or when they come back.",
    "giveback": "The interview has the conversation again.",
}


def _messages(conn: Connection, here: Place) -> list[conversations.StoredMessage]:
    return conversations.transcript(conn, here.organisation, here.conversation_id)


def _newest(said: Sequence[conversations.StoredMessage]) -> str:
    return str(said[-1].seq) if said else "0"
