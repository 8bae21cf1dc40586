"""Staff in a conversation: take it over from the interview, write in it, give it back.

What is sent from a page that has not seen the newest message is not sent: the page comes again with both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.console import cases_words as words
from bot.console.site import Visit
from bot.turn import Desk
from cases import conversations, officers
from cases.conversations import StoredMessage
from cases.officers import Connection
from policy_rules.errors import Refusal

Act = Literal["takeover", "say", "giveback"]
ACTS: Mapping[str, Act] = {"takeover": "takeover", "say": "say", "giveback": "giveback"}
DONE = {
    "takeover": "The conversation is with you. The interview keeps quiet until you give it back.",
    "say": "It is sent. The person sees it at once, or when they come back.",
    "giveback": "The interview has the conversation again.",
}
# So many of the newest messages are shown.
SHOWN = 30


class Voice(Protocol):
    """What carries staff's words into a conversation and to the faces that are open."""

    async def speak(self, reference: str, act: Act, by: str, text: str, caller: str | None) -> None:
        """Refusals say what stands in its way."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A conversation that somebody may open; `reference` is its own, or that of a case from it."""

    organisation: str
    reference: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of a form that was sent: `done` says what, else it is shown again with what was typed."""

    text: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    stale: bool = False
    done: Act | None = None

    @property
    def status(self) -> int:
        """Of the page that shows it."""
        return 412 if self.stale else 422 if self.errors else 200


@dataclass(frozen=True, slots=True)
class Conversing:
    """What every page on which staff talk with somebody does."""

    desk: Desk
    voice: Voice

    async def take(self, visit: Visit, spot: Spot) -> Typed:
        """Do what a form asks for."""
        text, act = visit.said("text"), ACTS.get(visit.said("act"))
        if act is None:
            return Typed(text, {"text": "Choose what to do."})
        if act == "say" and not text:
            return Typed(text, {"text": "Write what you want to say."})
        said = await self.desk.store.read(lambda conn: _messages(conn, spot))
        if visit.said("seen") != _newest(said):
            return Typed(text, stale=True)
        try:
            await self.voice.speak(spot.reference, act, visit.account.name, text, visit.account.id)
        except Refusal as refusal:
            return Typed(text, {"text": refusal.detail})
        return Typed(done=act)

    async def values(self, visit: Visit, spot: Spot, typed: Typed) -> dict[str, Any]:
        """What the page shows: the newest messages, and whoever has the conversation in hand."""

        def look(conn: Connection) -> tuple[list[StoredMessage], dict[str, Any]]:
            return _messages(conn, spot), officers.answers_of(conn, spot.organisation, spot.conversation_id)

        said, draft = await self.desk.store.read(look)
        told = [message for message in said if message.text]
        return {
            "messages": [
                {"by": words.SPEAKERS.get(m.role, m.role), "text": m.text, "at": m.at} for m in told[-SHOWN:]
            ],
            "earlier": max(0, len(told) - SHOWN),
            "seen": _newest(said),
            "with": draft.get("taken_over_by"),
            "text": typed.text,
            "errors": typed.errors,
            "stale": typed.stale,
            "done": DONE.get(visit.request.query_params.get("done", ""), ""),
        }


def _messages(conn: Connection, spot: Spot) -> list[StoredMessage]:
    return conversations.transcript(conn, spot.organisation, spot.conversation_id)


def _newest(said: Sequence[StoredMessage]) -> str:
    return str(said[-1].seq) if said else "0"
