"""The conversation of the WebSocket as plain HTTP, for networks that let no socket through.

    POST /{org}/hello    {"resume": key|null, "last_seen": n, "language": "cy"?}
      -> {"resume": key, "conversation": {"reference"}, "seq": n, "replies": [...]}     all replies after last_seen
    POST /{org}/message  {"resume": key, "id", "text"}
      -> {"id", "seq": n, "replies": [...]}                           it is on disk; the reply to this message
    POST /{org}/replies  {"resume": key, "last_seen": n, "wait": seconds}
      -> {"seq": n, "replies": [...]}            waits until there is one, at most so long and at most LONGEST_WAIT

A reply is the frame of the WebSocket: {"type": "reply", "seq", "in_reply_to", "entries"}. Resume keys, message ids
and numbers are the WebSocket's too: a client may change between the two ways at any moment. The key travels in the
body, never in an address. A body may be sent as text/plain, so that a browser need not ask beforehand: who may
call is decided by Origin, as it is for the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.hearing import Hearing, Language, new_key
from bot.channels.hub import Hub
from bot.channels.websocket import HELLO_ID, SHORTEST_KEY, reply_frame
from bot.door import Caller, StrangePage, headers_of, read_json, refuse_nul
from bot.messages import Incoming, TurnReply
from bot.turn import UnknownConversation
from policy_rules.errors import Refusal

# Long enough to save most requests of a quiet conversation, short enough that a stopping server waits for nobody.
LONGEST_WAIT = 8.0
NOTHING_AFTER = 2**31

Key = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[int, Field(ge=0, le=2**31, strict=True)]
# Frames of replies stand under "replies".
Answer = dict[str, Any]


class Posted(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Greeting(Posted):
    """Opens a new conversation, or goes on with the one that the key names."""

    resume: Key | None = None
    last_seen: Number = 0
    language: Language = None


class Words(Posted):
    """The person's words, or the payload of a choice."""

    resume: Key
    id: str = Field(min_length=1, max_length=200)
    text: str


class Look(Posted):
    """A look for replies."""

    resume: Key
    last_seen: Number = 0
    wait: float = Field(default=0.0, ge=0.0, le=3600.0)


_GREETING, _WORDS, _LOOK = TypeAdapter(Greeting), TypeAdapter(Words), TypeAdapter(Look)


class PostChannel:
    """The three endpoints. `deny` makes the response of a refusal."""

    def __init__(self, hearing: Hearing, hub: Hub, deny: Callable[[Refusal], Response]) -> None:
        self._hearing = hearing
        self._hub = hub
        self._deny = deny

    def routes(self) -> list[BaseRoute]:
        """Where they stand."""
        return [
            Route("/{org}/hello", self._endpoint(self.hello), methods=["POST"]),
            Route("/{org}/message", self._endpoint(self.message), methods=["POST"]),
            Route("/{org}/replies", self._endpoint(self.replies), methods=["POST"]),
        ]

    async def hello(self, organisation: str, body: bytes, caller: Caller) -> Answer:
        """The greeting of a new conversation, or what was missed of an old one."""
        greeting = read_json(_GREETING, body)
        key = greeting.resume
        if key is None:
            key = new_key()
            replies = [
                await self._hearing.open(_incoming(organisation, key, "", HELLO_ID, greeting.language))
            ]
        else:
            # From the first: the last reply says where the conversation stands even when none was missed.
            replies = await self._missed(organisation, key, 0, caller)
        last = replies[-1]
        missed = [reply_frame(reply) for reply in replies if reply.seq > greeting.last_seen]
        reference = {"reference": last.reference}
        return {"resume": key, "conversation": reference, "seq": last.seq, "replies": missed}

    async def message(self, organisation: str, body: bytes, caller: Caller) -> Answer:
        """Take one message; it is on disk when this returns."""
        words = read_json(_WORDS, body)
        if b"\\u0000" in body:
            refuse_nul(words.model_dump())
        # Only a hello begins a conversation: an unknown key is refused here.
        await self._missed(organisation, words.resume, NOTHING_AFTER, caller)
        incoming = _incoming(organisation, words.resume, words.text, words.id)
        reply = await self._hearing.hear(incoming, "post", "text")
        if not reply.replayed:
            elsewhere = reply_frame(reply, words.id, (words.id, words.text))
            await self._hub.tell(*_conversation(organisation, words.resume), elsewhere)
        return {"id": words.id, "seq": reply.seq, "replies": [reply_frame(reply, words.id)]}

    async def replies(self, organisation: str, body: bytes, caller: Caller) -> Answer:
        """What came after `last_seen`; waits for it a while where there is nothing yet."""
        look = read_json(_LOOK, body)
        arrived = asyncio.Event()

        async def wake(_: Mapping[str, Any]) -> None:
            arrived.set()

        with self._hub.listening(_conversation(organisation, look.resume), wake):
            found = await self._missed(organisation, look.resume, look.last_seen, caller)
            if not found and look.wait:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(arrived.wait(), min(look.wait, LONGEST_WAIT))
                found = await self._missed(organisation, look.resume, look.last_seen, caller)
        last = found[-1].seq if found else look.last_seen
        return {"seq": last, "replies": [reply_frame(reply) for reply in found]}

    async def _missed(self, organisation: str, key: str, seq: int, caller: Caller) -> list[TurnReply]:
        _check_key(key, caller)
        return await self._hearing.missed(organisation, key, seq)

    def _endpoint(
        self, answer: Callable[[str, bytes, Caller], Awaitable[Answer]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Let a call in as the socket does, and let pages of allowed origins read the answer."""

        async def endpoint(request: Request) -> Response:
            door, headers = self._hearing.door, headers_of(request.scope)
            if not door.knows_origin(headers):
                raise StrangePage(
                    "This page may not hold a conversation; its origin is not in HEAROUT_ALLOWED_ORIGINS.",
                    where="origin",
                )
            caller, organisation = door.caller(request.scope), request.path_params["org"]
            try:
                self._hearing.knows(organisation)
                door.count_address(caller)
                answered = await answer(organisation, await request.body(), caller)
                response = Response(to_json(answered), media_type="application/json")
            except Refusal as refusal:
                response = self._deny(refusal)
            origin = request.headers.get("origin")
            if origin is not None:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Vary"] = "Origin"
            return response

        return endpoint


def _check_key(key: str, caller: Caller) -> None:
    if len(key) < SHORTEST_KEY and not caller.trusted:
        # A program may have named its conversations guessably over REST: those open to programs only.
        raise UnknownConversation("There is no conversation under this key.", where="resume")


def _conversation(organisation: str, key: str) -> tuple[str, str]:
    return organisation, hashlib.sha256(key.encode()).hexdigest()


def _incoming(
    organisation: str, key: str, text: str, message_id: str, begin_in: str | None = None
) -> Incoming:
    return Incoming(
        organisation=organisation, sender=key, text=text, message_id=message_id, begin_in=begin_in
    )
