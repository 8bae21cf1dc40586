"""A conversation over a WebSocket, which may break at any moment without losing or doubling a word.

    client                                                      server
    {"type":"hello","resume":key|null,"last_seen":n,
     "language":"cy"?}                                 ->
                                                        <-      {"type":"welcome","resume":key,
                                                                 "conversation":{"reference"},"seq":n}
                                                        <-      {"type":"reply","seq","in_reply_to":null,"entries"}
                                                                for each reply after last_seen; it also names the
                                                                message that it answers: "said": {"id", "text"}
    {"type":"message","id","text"}                      ->
                                                        <-      {"type":"ack","id","seq"}  (it is on disk)
                                                        <-      {"type":"reply","seq","in_reply_to":id,"entries"}
    {"type":"ping"}                                     ->
                                                        <-      {"type":"pong"}

A refusal is {"type":"error","problem":{...}}, with "id" when a message caused it; the socket stays open. A client
that saw no acknowledgement sends the message again under its id and gets the first answer. The resume key is the
conversation's only secret. Staff add channel, received_at and recorded_by to the hello.

Who may connect: pages of our own origin and of HEAROUT_ALLOWED_ORIGINS. A program that is no browser sends no
Origin and is let in, since browsers cannot leave it out: it is exactly what foreign pages cannot do.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from enum import Enum, auto
from typing import Annotated, Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.channels.hearing import Hearing, Language, StaffNote, new_key
from bot.channels.hub import Conversation, Hub
from bot.door import Caller, NotSignedIn, StrangePage, check_text, headers_of, read_json, refuse_nul
from bot.messages import Incoming, TurnReply
from bot.turn import UnknownConversation
from policy_rules.errors import Refusal

log = structlog.get_logger(__name__)

HELLO_SECONDS = 20.0
# Mistakes that a client may make in a row before it is shown the door.
PATIENCE = 20
TEXT_ONLY = 1003
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
# 128 bits in letters of six bits.
SHORTEST_KEY = 22
# The greeting is a turn of its own; asked for again, it is the same one.
HELLO_ID = "hello"


class Hello(StaffNote):
    """Opens a new conversation, or goes on with the one that the key names."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["hello"]
    resume: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    last_seen: int = Field(default=0, ge=0, le=2**31, strict=True)
    language: Language = None


class Message(BaseModel):
    """The person's words, or the payload of a choice."""

    model_config = ConfigDict(extra="ignore", strict=True)

    type: Literal["message"]
    id: str = Field(min_length=1, max_length=200)
    text: str


class Ping(BaseModel):
    type: Literal["ping"]


_FRAME: TypeAdapter[Hello | Message | Ping] = TypeAdapter(
    Annotated[Hello | Message | Ping, Field(discriminator="type")]
)


class State(Enum):
    """Where a socket stands. It moves down this list, never up."""

    GREETING = auto()
    OPEN = auto()
    CLOSED = auto()


class Session:
    """One socket, from its hello to its end."""

    def __init__(
        self, socket: WebSocket, organisation: str, caller: Caller, hearing: Hearing, hub: Hub
    ) -> None:
        self._socket = socket
        self._organisation = organisation
        self._caller = caller
        self._hearing = hearing
        self._hub = hub
        self._state = State.GREETING
        self._mistakes = 0
        self._key = ""
        self._staff = StaffNote()
        self._begin_in: str | None = None
        # Replies of two tabs may meet on one socket: one frame at a time.
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Greet, then answer until the client goes."""
        patience = asyncio.timeout(HELLO_SECONDS)
        try:
            async with patience:
                while self._state is State.GREETING:
                    await self._step()
        except TimeoutError:
            if not patience.expired():
                raise
            await self._end(POLICY_VIOLATION, "no hello")
        if self._state is State.OPEN:
            with self._hub.listening(self._conversation, self.send):
                while self._state is State.OPEN:
                    await self._step()

    @property
    def _conversation(self) -> Conversation:
        return self._organisation, hashlib.sha256(self._key.encode()).hexdigest()

    async def _step(self) -> None:
        """Take one frame. A refusal is answered, and the socket stays open while there is patience."""
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            self._state = State.CLOSED
            return
        text = event.get("text")
        if text is None:
            await self._end(TEXT_ONLY, "text frames only")
            return
        await self._read(text)

    async def _read(self, text: str) -> None:
        message_id: str | None = None
        try:
            frame = read_json(_FRAME, text)
            if "\\u0000" in text:
                refuse_nul(frame.model_dump())
            if isinstance(frame, Ping):
                await self.send({"type": "pong"})
                return
            if isinstance(frame, Message):
                message_id = frame.id
            self._hearing.door.count_address(self._caller)
            await self._take(frame)
            self._mistakes = 0
        except Refusal as refusal:
            await self._refuse(refusal, message_id)

    async def _take(self, frame: Hello | Message) -> None:
        match self._state, frame:
            case State.GREETING, Hello():
                await self._greet(frame)
            case State.OPEN, Message():
                await self._answer(frame)
            case State.GREETING, _:
                raise OutOfTurn("Begin with a hello.", where="type", found="message", meant="hello")
            case _:
                raise OutOfTurn(
                    "The hello has been said; send messages.", where="type", found="hello", meant="message"
                )

    async def _greet(self, hello: Hello) -> None:
        if hello.by_staff and not self._caller.trusted:
            raise NotSignedIn("Logging a complaint for somebody (channel, received_at, recorded_by)")
        self._staff, self._begin_in = hello, hello.language
        if hello.resume is None:
            self._key = new_key()
            replies = [await self._hearing.open(self._incoming("", HELLO_ID))]
        else:
            if len(hello.resume) < SHORTEST_KEY and not self._caller.trusted:
                # A program may have named its conversations guessably over REST: those open to programs only.
                raise UnknownConversation("There is no conversation under this key.", where="resume")
            # From the first: the last reply says where the conversation stands even when none was missed.
            replies = await self._hearing.missed(self._organisation, hello.resume, 0)
            self._key = hello.resume
        last = replies[-1]
        self._state = State.OPEN
        await self.send(
            {
                "type": "welcome",
                "resume": self._key,
                "conversation": {"reference": last.reference},
                "seq": last.seq,
            }
        )
        for reply in replies:
            if reply.seq > hello.last_seen:
                await self.send(reply_frame(reply))

    async def _answer(self, message: Message) -> None:
        check_text(message.text, "text")
        reply = await self._hearing.hear(self._incoming(message.text, message.id), "websocket", "text")
        try:
            await self.send({"type": "ack", "id": message.id, "seq": reply.seq})
            await self.send(reply_frame(reply, message.id))
        finally:
            # Also when whoever said it has gone meanwhile: they say it again, and then it is news to nobody.
            if not reply.replayed:
                elsewhere = reply_frame(reply, message.id, (message.id, message.text))
                await self._hub.tell_others(self._conversation, self.send, elsewhere)

    def _incoming(self, text: str, message_id: str) -> Incoming:
        return Incoming(
            organisation=self._organisation,
            sender=self._key,
            text=text,
            message_id=message_id,
            channel=self._staff.channel,
            received_at=self._staff.instant("hello"),
            recorded_by=self._staff.recorded_by,
            begin_in=self._begin_in,
        )

    async def send(self, frame: dict[str, Any]) -> None:
        """One frame to the client."""
        async with self._writing:
            await self._socket.send_text(to_json(frame).decode())

    async def _refuse(self, refusal: Refusal, message_id: str | None) -> None:
        about = {"id": message_id} if message_id is not None else {}
        await self.send({"type": "error", **about, "problem": problem_of(refusal)})
        self._mistakes += 1
        if self._mistakes >= PATIENCE:
            await self._end(POLICY_VIOLATION, "too many requests that cannot be taken")

    async def _end(self, code: int, why: str) -> None:
        self._state = State.CLOSED
        await self._socket.close(code, why)


class OutOfTurn(Refusal):
    kind = "out-of-turn"
    title = "This frame has no place here"


def problem_of(refusal: Refusal) -> dict[str, object]:
    """The problem of a refusal; with the seconds to wait, which a socket has no header for."""
    problem = refusal.problem()
    wait = getattr(refusal, "headers", {}).get("Retry-After")
    return {**problem, "retry_after": int(wait)} if wait else problem


def reply_frame(
    reply: TurnReply, in_reply_to: str | None = None, said: tuple[str, str] | None = None
) -> dict[str, Any]:
    """A reply as a client gets it, by this channel or by POST.

    One that was missed, or that another tab brought about, says which message it answers: `said` (id, text).
    """
    frame = {"type": "reply", "seq": reply.seq, "in_reply_to": in_reply_to, "entries": reply.entries}
    said = said or reply.said
    return frame if said is None else {**frame, "said": {"id": said[0], "text": said[1]}}


class WebSocketChannel:
    """The endpoint `/{org}/ws`."""

    def __init__(self, hearing: Hearing, hub: Hub, deny: Callable[[Refusal], Any]) -> None:
        self._hearing = hearing
        self._hub = hub
        self._deny = deny

    async def connect(self, socket: WebSocket) -> None:
        """Let the client in, or refuse it while it is still an HTTP request and can read why."""
        organisation = socket.path_params["org"]
        caller = self._hearing.door.caller(socket.scope)
        try:
            if not self._hearing.door.knows_origin(headers_of(socket.scope)):
                raise StrangePage(
                    "This page may not open a conversation; its origin is not in HEAROUT_ALLOWED_ORIGINS.",
                    where="origin",
                )
            self._hearing.knows(organisation)
            self._hearing.door.count_address(caller)
            self._hub.enter(caller)
        except Refusal as refusal:
            await socket.send_denial_response(self._deny(refusal))
            return
        try:
            await socket.accept()
            await self._hold(socket, Session(socket, organisation, caller, self._hearing, self._hub))
        finally:
            self._hub.leave(caller)

    async def _hold(self, socket: WebSocket, session: Session) -> None:
        try:
            await session.run()
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the client is told that it did
            # The words may stand in the error, so only its kind and place are logged.
            log.error("socket_failed", kind=type(error).__name__, place=place_of(error))
            await _close(socket, INTERNAL_ERROR)


async def _close(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code)
    except RuntimeError:
        # Already closed by the other side.
        return


def place_of(error: BaseException) -> str:
    """`file:line` of where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "unknown"
