"""Rasa's /model/parse: one message in, its intent and its entities out. Nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from bot.api.guarded import guarded_by
from bot.door import Door, WrongShape, check_text
from bot.messages import OpenQuestion
from bot.understanding.parsing import Interpreter
from policy_rules.errors import nearest
from policy_rules.facts import VOCABULARY
from policy_rules.questions import shared_questions
from policy_rules.shelf import PackShelf

PARSE = "/model/parse"
Facts = dict[str, tuple[str, ...]]
SHARED_FACTS: Facts = {name: fact.values for name, fact in VOCABULARY.items()}
KINDS = ("text", "choice", "yes_no", "date", "email", "phone", "file", "check", "confirm")


class ParseQuestion(BaseModel):
    """The question that is open, as a conversation shows it; more than these two may stand there."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str = Field(examples=["story"])
    kind: str = Field(examples=["text"])


class ParseRequest(BaseModel):
    """One message."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"text": "my tutor never turned up", "question": "story"}]},
    )

    text: str = Field(description="The message, at most 16 KiB.")
    organisation: str | None = Field(
        default=None, description="Whose facts and values count as entities; without it, those all share."
    )
    question: str | ParseQuestion | None = Field(
        default=None,
        description="The open question, which narrows the intents: its id or kind, or the object that a conversation "
        "shows. Without it, all intents are possible.",
    )
    message_id: str | None = Field(default=None, description="Taken, as Rasa takes it, and not used.")


class ScoredIntent(BaseModel):
    """An intent and its share."""

    name: str
    confidence: float = Field(ge=0, le=1)


class FoundEntity(BaseModel):
    """What stands at `text[start:end]`: a kind of detail (date, email, phone, postcode, money, member_number, name),
    or a fact of the rules."""

    entity: str
    value: str
    start: int
    end: int


class ParseAnswer(BaseModel):
    """The intent is final: a word of harm comes first, and what scores too low is out_of_scope."""

    text: str
    intent: ScoredIntent
    intent_ranking: list[ScoredIntent]
    entities: list[FoundEntity]


def router(
    packs: PackShelf, door: Door, interpreter: Interpreter, clock: Callable[[], datetime]
) -> APIRouter:
    """The one endpoint; for programs on this machine, or with the key."""

    routes = APIRouter(tags=["Understanding"], route_class=guarded_by(door))

    @routes.post(
        PARSE,
        operation_id="parse",
        summary="What a message says (Rasa's HTTP API)",
        response_model=None,
        responses={200: {"model": ParseAnswer, "description": "The intent, the ranking and the entities."}},
    )
    async def parse(body: ParseRequest) -> Response:
        """One message outside any conversation. Nothing is kept."""
        facts = SHARED_FACTS if body.organisation is None else facts_of(packs, body.organisation)
        parsed = interpreter.parse(
            check_text(body.text, "text"), now=clock(), facts=facts, question=question_of(body.question)
        )
        return Response(to_json(parsed.as_json()), media_type="application/json")

    return routes


def facts_of(packs: PackShelf, organisation: str) -> Facts:
    """The facts that an organisation's rules know, with their values; UnknownOrganisation (404)."""
    accepted = packs.get(organisation).accepted
    return {name: tuple(values) for name, values in accepted.items() if values}


def question_of(given: str | ParseQuestion | None) -> OpenQuestion | None:
    """The open question as understanding takes it; WrongShape (422) for a name that is neither an id nor a kind."""
    if given is None:
        return None
    if isinstance(given, ParseQuestion):
        if given.kind not in KINDS:
            raise _unknown("question.kind", given.kind, KINDS)
        return OpenQuestion(given.id, given.kind, optional=True)
    if given in KINDS:
        return OpenQuestion("", given, optional=True)
    shared: dict[str, str] = {question.id: question.kind for question in shared_questions()}
    for name, fact in VOCABULARY.items():
        kind = "date" if fact.is_date else "yes_no" if set(fact.values) == {"true", "false"} else "choice"
        shared.setdefault(name, kind)
    if given not in shared:
        raise _unknown("question", given, (*KINDS, *shared))
    return OpenQuestion(given, shared[given], optional=True)


def _unknown(where: str, found: str, allowed: tuple[str, ...]) -> WrongShape:
    meant = nearest(found, allowed)
    hint = f" Did you mean '{meant}'?" if meant else ""
    return WrongShape(
        f"'{where}' names no question or kind of question.{hint}",
        where=where,
        found=found[:60],
        allowed=sorted(set(allowed)),
        meant=meant,
    )
