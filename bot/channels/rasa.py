"""Rasa's REST channel, shape for shape, so that whatever talks to a Rasa server can talk to Hearout.

A client posts {"sender", "message", "metadata"}; the answer is a list of {"recipient_id", "text", "buttons"} and
{"recipient_id", "custom"}. This is the path that load is measured on: one parse, one turn, one dump.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.hearing import Hearing, Language, StaffNote
from bot.door import MAX_BODY, TooLarge, WrongShape, read_json, refuse_nul
from bot.messages import Incoming, TurnReply


class Metadata(StaffNote):
    """What Hearout reads of a message's metadata. Other keys are allowed and left alone."""

    model_config = ConfigDict(extra="ignore")

    organisation: str | None = Field(
        default=None, description="The organisation, such as cim.", examples=["cim"]
    )
    message_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Makes the turn idempotent: the same id again gives the same replies."
    )
    language: Language = None


class RestMessage(BaseModel):
    """A message to the REST channel."""

    model_config = ConfigDict(extra="ignore", strict=True)

    sender: str = Field(
        min_length=1,
        max_length=200,
        description="Names the conversation and opens it: a secret of 128 random bits or more.",
        examples=["Zk3vVtq0mS1pZp8h5u0ZyQ"],
    )
    message: str = Field(
        description="The person's words, or a payload such as /SetSlots(subject=exam_result).",
        examples=["My exam was marked twice and nobody will say why."],
    )
    metadata: Metadata | None = Field(default=None, examples=[{"organisation": "cim", "message_id": "m-1"}])


class Button(BaseModel):
    """A choice: `payload` is what to send back when it is chosen."""

    title: str
    payload: str


class RestEntry(BaseModel):
    """One part of the reply: text with its choices, or a `custom` object for programs."""

    recipient_id: str
    text: str | None = None
    buttons: list[Button] | None = None
    custom: dict[str, Any] | None = None


_MESSAGE = TypeAdapter(RestMessage)


class RestChannel:
    """The REST channel over one hearing."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing

    async def message(self, request: Request) -> Response:
        """Take one message; the replies once it is on disk. `?stream=true` sends one JSON object a line."""
        caller = self._hearing.door.admit(request.scope)
        del caller
        incoming = await self._incoming(request)
        reply = await self._hearing.hear(incoming, "rest", "message")
        entries = addressed(incoming.sender, reply)
        if b"stream=true" in request.scope["query_string"]:
            lines = b"".join(to_json(entry) + b"\n" for entry in entries)
            return Response(lines, media_type="text/event-stream")
        return Response(to_json(list(entries)), media_type="application/json")

    async def health(self, request: Request) -> Response:
        """As Rasa's channel answers a health check."""
        return JSONResponse({"status": "ok"})

    async def _incoming(self, request: Request) -> Incoming:
        body = await request.body()
        message = read_json(_MESSAGE, body)
        if b"\\u0000" in body:
            refuse_nul(message.model_dump())
        given = message.metadata or _NOTHING
        return Incoming(
            organisation=self._organisation(request.path_params.get("org"), given.organisation),
            sender=message.sender,
            text=message.message,
            message_id=given.message_id or uuid.uuid4().hex,
            channel=given.channel,
            received_at=given.instant("metadata"),
            recorded_by=given.recorded_by,
            begin_in=given.language,
        )

    def _organisation(self, in_path: str | None, in_metadata: str | None) -> str:
        organisation = in_path or in_metadata
        if organisation is None:
            raise WrongShape(
                "Say which organisation the complaint is for, in metadata.organisation or in the path.",
                where="metadata.organisation",
                allowed=self._hearing.desk.packs.ids(),
            )
        if in_path and in_metadata and in_path != in_metadata:
            raise WrongShape(
                f"The path says '{in_path}' and the metadata says '{in_metadata[:60]}'; send one organisation.",
                where="metadata.organisation",
                found=in_metadata[:60],
                meant=in_path,
            )
        self._hearing.knows(organisation)
        return organisation


_NOTHING = Metadata()


def addressed(sender: str, reply: TurnReply) -> Iterable[dict[str, Any]]:
    """The entries of a reply as Rasa sends them, each with the recipient first."""
    return [{"recipient_id": sender, **entry} for entry in reply.entries]


def too_large() -> TooLarge:
    """The refusal of a body that is over the limit, whatever is in it."""
    return TooLarge(f"A request may hold at most {MAX_BODY} bytes (64 KiB), a message at most 16 KiB.")
