"""A question in words: with the facts to confirm, or the answers to check, before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.dialogue.context import Context
from bot.dialogue.draft import Draft
from policy_rules.questions import Question

# Commands of the conversation itself; their answers are not read back.
NOT_READ_BACK = ("check_answers", "confirm_facts", "still_complain", "second_matter")


def ask(context: Context, draft: Draft, question: Question) -> str:
    """The text of a question, one question mark and no more."""
    words = context.words
    other = words.question(question.id, "text_other")
    if other is not None and draft.answers.get("on_behalf_of") == "other":
        return other
    if question.id == "second_matter" and draft.second is not None:
        matter = words.label("subject", draft.second)
        return "\n".join([words.say("matters.noticed", matter=matter), words.question(question.id) or ""])
    text = words.question(question.id) or f"{question.id.replace('_', ' ').capitalize()}?"
    if question.id == "confirm_facts":
        facts = [words.statement(name, value) for name, value in draft.proposed.items()]
        return "\n".join([words.question(question.id, "intro") or "", *facts, text])
    return text


def shown(context: Context, name: str, value: str | None) -> str:
    """An answer as it is read back."""
    words = context.words
    if value is None:
        return words.say("check.not_given")
    question = context.questions.get(name)
    if question is None or question.kind in ("text", "email", "phone", "file"):
        return value
    return words.date(value) if question.kind == "date" else words.label(name, value)


def label(context: Context, draft: Draft, name: str) -> str:
    """What an answer is called when it is read back."""
    words = context.words
    if name == "complainant_name" and draft.answers.get("on_behalf_of") == "other":
        return words.question(name, "label_other") or name
    return words.question(name, "label") or name.replace("_", " ").capitalize()


def rejection(context: Context, problem: Mapping[str, Any]) -> str:
    """Why a name or a value that a page sent could not be kept, and the nearest right one."""
    words = context.words
    key = "unknown_name" if problem["type"].endswith("unknown-fact") else "unknown_value"
    text = words.say(f"problems.{key}", found=problem.get("found", ""))
    if problem.get("nearest"):
        text = f"{text} {words.say('problems.nearest', nearest=problem['nearest'])}"
    return text


def read_back(context: Context, draft: Draft, lines: Sequence[dict[str, Any]]) -> str:
    """The answers as they will be sent, one after another, and how to change one."""
    words = context.words
    texts = [words.say("check.intro")]
    for line in lines:
        if line["id"] not in NOT_READ_BACK:
            named = label(context, draft, line["id"])
            texts.append(
                words.say("check.line", label=named, value=shown(context, line["id"], line["value"]))
            )
    texts.append(words.say("check.how"))
    return "\n".join(texts)
