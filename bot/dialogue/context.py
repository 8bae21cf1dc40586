"""What a turn of the interview works with: the pack, its questions, the catalogue, and the organisation's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.catalogue import Catalogue
from bot.dialogue.draft import Draft
from bot.messages import OpenQuestion
from policy_rules.compiled import CompiledPack
from policy_rules.questions import FACTS, PERSON_FACTS, Question, Questions, holds

INFORMAL = ("enquiry", "feedback", "compliment")
NOT_OURS = ("signpost", "close_no_further_action")
SEND = "send"
CONTACTS = ("contact_email", "contact_phone", "contact_post")


@dataclass(frozen=True, slots=True)
class Privacy:
    """The notice shown before the story."""

    version: str
    text: str
    url: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Context:
    """One organisation, for one turn. `help_lines` pairs a name with how to reach it.

    `languages` are those that it offers; `speaking` makes the same context in another of them.
    """

    compiled: CompiledPack
    questions: Questions
    words: Catalogue
    reference: str
    privacy: Privacy
    help_lines: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ("en",)
    speaking: Callable[[str], Context] | None = None
    # Where the pages of this server begin; "" where nobody can open one.
    address: str = ""


@dataclass(frozen=True, slots=True)
class Routing:
    """What the rules say of the draft: facts still to ask, and the decision once they are known."""

    needs: tuple[str, ...] = ()
    decision: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Step:
    """What the dialogue wants said and done: texts, then one question; or the end of the conversation.

    `file` asks for the case to be made, `update` for words to be added to one that was. `outcome` is set once a
    state other than draft is reached. `answers` are those to check or to confirm; with the last question, their
    text ends `says`. `left` is how many questions come after this one before the last, where that is certain.
    """

    says: list[str] = field(default_factory=list)
    question: OpenQuestion | None = None
    ask: str | None = None
    answers: list[dict[str, Any]] = field(default_factory=list)
    left: int | None = None
    file: bool = False
    update: bool = False
    outcome: dict[str, Any] | None = None


def visible(context: Context, draft: Draft) -> dict[str, str | None]:
    """The answers that still stand: those whose question's condition holds."""
    values = draft.answers
    kept: dict[str, str | None] = {}
    for name, value in values.items():
        question = context.questions.get(name)
        # An address that was given stays given, whichever way the person would rather be reached.
        if question is None or name in CONTACTS or holds(question.when, values):
            kept[name] = value
    return kept


def facts_of(context: Context, draft: Draft) -> dict[str, str]:
    """The facts that are known, as the rules take them."""
    late = outdated(context, draft)
    facts = {
        n: v
        for n, v in visible(context, draft).items()
        if v is not None and n in context.compiled.accepted and n not in late
    }
    facts.setdefault("channel", draft.channel)
    return facts


def outdated(context: Context, draft: Draft) -> tuple[str, ...]:
    """The facts whose answer the rules know no more: they changed while the conversation went on.

    The answer stays and goes with the case; the rules take their default for it, and nobody is asked twice.
    """
    accepted = context.compiled.accepted
    return tuple(
        n for n, v in draft.answers.items() if v is not None and accepted.get(n) and v not in accepted[n]
    )


def is_informal(context: Context, draft: Draft) -> bool:
    """A question, a compliment or feedback: passed on, but no complaint is made of it."""
    return facts_of(context, draft).get("nature") in INFORMAL


def next_question(context: Context, draft: Draft, routing: Routing) -> Question | None:
    """The first question that is still open, in the order of the interview; None when all is answered and sent."""
    answered = visible(context, draft)
    informal = is_informal(context, draft)
    elsewhere = routing.decision is not None and routing.decision["disposition"] in NOT_OURS
    changing = context.questions.get(draft.changing or "")
    if changing is not None and changing.id not in answered:
        return changing
    for question in context.questions.order:
        name = question.id
        if name == FACTS:
            fact = next((f for f in routing.needs if f not in PERSON_FACTS and f not in answered), None)
            if fact is not None:
                return context.questions.get(fact)
        elif name == "confirm_facts":
            if draft.proposed:
                return question
        elif name == "second_matter":
            if draft.second is not None and name not in answered:
                return question
        elif name == "still_complain":
            if elsewhere and name not in answered:
                return question
        elif not question.asked or name in answered or (informal and not question.informal):
            continue
        elif name == _own_name(answered) and answered.get("confidentiality") == "anonymous":
            continue  # they said that they would not give it
        elif holds(question.when, answered):
            return question
    return None


def _own_name(answered: Mapping[str, str | None]) -> str:
    """The question for what the writer is called."""
    return "representative_name" if answered.get("on_behalf_of") == "other" else "complainant_name"


def open_question(context: Context, draft: Draft, question: Question) -> OpenQuestion:
    """A question as faces and understanding see it."""
    name, whom = question.id, draft.whom()
    kept = context.words.put.get((name, whom))
    if kept is not None and kept[0] is question:
        return kept[1]
    values = ("true", "false") if question.kind in ("yes_no", "confirm") else question.values
    choices = tuple((value, context.words.label(name, value, whom)) for value in values)
    fact = context.compiled.pack.facts.get(name)
    unsure = fact.dont_know if fact is not None else None
    made = OpenQuestion(name, question.kind, question.optional, choices, unsure)
    context.words.put[name, whom] = question, made
    return made
