"""A step as Rasa's response dicts: texts, one question with its buttons, and the `custom` payloads beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue.catalogue import Catalogue
from bot.dialogue.context import Step
from bot.dialogue.draft import Draft
from bot.messages import OpenQuestion

_SKIPPABLE_AS_UNKNOWN = ("choice", "yes_no", "date")


def entries(
    words: Catalogue,
    step: Step,
    draft: Draft,
    reference: str,
    *,
    first: bool,
    marked: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """What goes to the person, in order; the last text of an unfinished conversation is its one question.

    `marked` says which language it is in (`languages.marks`), where there is a choice.
    """
    found: list[dict[str, Any]] = [{"text": text} for text in step.says]
    if first or marked:
        found.append({"custom": {"conversation": {"reference": reference, **(marked or {})}}})
    if step.question is not None:
        asked: dict[str, Any] = {"text": step.ask}
        buttons = _buttons(words, step.question)
        if buttons:
            asked["buttons"] = buttons
        found += [asked, {"custom": {"question": _question(step, step.question, draft)}}]
    if step.outcome is not None:
        found.append({"custom": {"outcome": step.outcome}})
    return found


def _buttons(words: Catalogue, question: OpenQuestion) -> list[dict[str, str]]:
    buttons = [
        {"title": label, "payload": f"/SetSlots({question.id}={value})"} for value, label in question.choices
    ]
    # Where one of the choices already says "I am not sure", a second way to say so would only puzzle.
    if question.optional and question.kind != "confirm" and question.unsure is None:
        title = words.word("dont_know" if question.kind in _SKIPPABLE_AS_UNKNOWN else "skip")
        buttons.append({"title": title, "payload": "/skip"})
    return buttons


def _question(step: Step, question: OpenQuestion, draft: Draft) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": question.id, "kind": question.kind, "optional": question.optional}
    if question.choices:
        shown["choices"] = [{"value": value, "label": label} for value, label in question.choices]
    if question.kind == "confirm":
        shown["proposed"] = dict(draft.proposed)
    if step.answers:
        shown["answers"] = step.answers
    if step.left is not None:
        shown["left"] = step.left
    return shown


def spoken(found: list[dict[str, Any]]) -> str:
    """The texts of a reply as one, for the transcript."""
    return "\n\n".join(entry["text"] for entry in found if entry.get("text"))
