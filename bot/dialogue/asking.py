"""A question in words: with the facts to confirm, or the answers to check, before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.dialogue.context import Context
from bot.dialogue.draft import Draft
from bot.dialogue.summary import summary
from policy_rules.questions import Question

# Commands of the conversation itself; their answers are not read back.
NOT_READ_BACK = ("check_answers", "confirm_facts", "still_complain", "second_matter")


def ask(context: Context, draft: Draft, question: Question) -> str:
    """The text of a question, one question mark and no more."""
    words, whom = context.words, draft.whom()
    if question.id == "second_matter" and draft.second is not None:
        matter = words.label("subject", draft.second)
        return "\n".join([words.say("matters.noticed", matter=matter), words.question(question.id) or ""])
    text = words.question(question.id, whom=whom) or f"{question.id.replace('_', ' ').capitalize()}?"
    if question.id == "confirm_facts":
        return f"{summary(words, draft.proposed, draft.relation, whom)} {text}"
    return text


def shown(context: Context, name: str, value: str | None, whom: str = "self") -> str:
    """An answer as it is read back; `whom` is of whom it speaks (`Draft.whom`)."""
    words = context.words
    if value is None:
        return words.say("check.not_given")
    question = context.questions.get(name)
    if question is None or question.kind in ("text", "email", "phone", "file"):
        return value
    return words.date(value) if question.kind == "date" else words.label(name, value, whom)


def label(context: Context, draft: Draft, name: str) -> str:
    """What an answer is called when it is read back."""
    words = context.words
    return words.question(name, "label", draft.whom()) or name.replace("_", " ").capitalize()


def rejection(context: Context, problem: Mapping[str, Any]) -> str:
    """Why a name or a value that a page sent could not be kept, and the nearest right one."""
    words = context.words
    key = "unknown_name" if problem["type"].endswith("unknown-fact") else "unknown_value"
    text = words.say(f"problems.{key}", found=problem.get("found", ""))
    if problem.get("nearest"):
        text = f"{text} {words.say('problems.nearest', nearest=problem['nearest'])}"
    return text


def to_check(context: Context, draft: Draft, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers as they will be sent, for a face that lays them out: `{"id", "label", "value", "change"}` each.

    `change` says whether `/change(id)` asks for it anew: what was told stays as it is, and is only added to.
    """
    return [
        {
            "id": line["id"],
            "label": label(context, draft, line["id"]),
            "value": shown(context, line["id"], line["value"], draft.whom()),
            "change": line["id"] not in ("story", "added_words"),
        }
        for line in lines
        if line["id"] not in NOT_READ_BACK
    ]


def read_back(context: Context, answers: Sequence[Mapping[str, Any]]) -> str:
    """The answers of `to_check` as a text, and how to change one."""
    words = context.words
    texts = [words.say("check.line", label=line["label"], value=line["value"]) for line in answers]
    return "\n".join([words.say("check.intro"), *texts, words.say("check.how")])
