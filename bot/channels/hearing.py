"""What every channel does with a message: count it against the limits, take the turn, measure it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from bot.door import Door, Metrics, check_text
from bot.messages import Incoming, TurnReply
from bot.turn import Desk, open_conversation, replies_after, take_turn
from policy_rules.decide import parse_instant

ChannelName = Literal["chat", "email", "phone", "voicemail", "in_person", "post", "via_staff", "social_media"]
# A resume key names its conversation and opens it, so it is as long as a session secret: 192 bits.
KEY_BYTES = 24


def _language_of(tag: object) -> str | None:
    """ "cy-GB" -> "cy". What is no language tag is no wish: other programs have metadata of this name too."""
    return tag.replace("_", "-").split("-")[0].lower() if isinstance(tag, str) else None


Language = Annotated[
    str | None,
    BeforeValidator(_language_of),
    Field(
        description="The language that a new conversation begins in, where it is offered; later messages change it by "
        "their text, /language(cy).",
        examples=["cy"],
    ),
]


class StaffNote(BaseModel):
    """What staff add when they log what somebody said elsewhere."""

    channel: ChannelName = Field(default="chat", description="How the complaint came in.")
    received_at: str | None = Field(
        default=None,
        description="When the call, visit or letter was received: RFC 3339 with an offset.",
        examples=["2026-12-24T16:45:00+00:00"],
    )
    recorded_by: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Who logged it."
    )

    @property
    def by_staff(self) -> bool:
        """Whether this says anything that only staff may say."""
        return self.channel != "chat" or self.received_at is not None or self.recorded_by is not None

    def instant(self, where: str) -> datetime | None:
        """The time of receipt; BadInstant (422) when it has no offset."""
        return None if self.received_at is None else parse_instant(self.received_at, f"{where}.received_at")


@dataclass(frozen=True, slots=True)
class Hearing:
    """The one way from a channel to the turn."""

    desk: Desk
    door: Door
    metrics: Metrics

    def knows(self, organisation: str) -> None:
        """UnknownOrganisation (404) when there is no such organisation."""
        self.desk.packs.get(organisation)

    async def hear(self, incoming: Incoming, face: str, where: str) -> TurnReply:
        """The reply, once the turn is on disk. `where` names the text in a refusal."""
        check_text(incoming.text, where)
        self.door.count_conversation(incoming.organisation, incoming.sender)
        began = time.perf_counter()
        reply = await take_turn(self.desk, incoming)
        took = time.perf_counter() - began
        self.metrics.turn(incoming.organisation, face, reply.state, took, reply.replayed)
        return reply

    async def open(self, incoming: Incoming) -> TurnReply:
        """Begin a conversation: the greeting, the privacy notice and the first question."""
        return await open_conversation(self.desk, incoming)

    async def missed(self, organisation: str, sender: str, seq: int) -> list[TurnReply]:
        """The replies after `seq`; UnknownConversation (404) when the key opens nothing."""
        return await replies_after(self.desk, organisation, sender, seq)


def new_key() -> str:
    """A key that nobody can guess, for one conversation."""
    return secrets.token_urlsafe(KEY_BYTES)
