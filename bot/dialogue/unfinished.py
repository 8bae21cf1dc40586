"""What is still missing from a draft that nobody goes on with."""

from __future__ import annotations

from bot.dialogue.context import Context, Routing, next_question
from bot.dialogue.draft import Draft

LAST = "check_answers"


def open_questions(context: Context, draft: Draft, routing: Routing) -> list[str]:
    """The ids of the questions that the interview would still ask if each were left out, in its order."""
    rest, found = draft.model_copy(deep=True, update={"proposed": {}}), list[str]()
    while (question := next_question(context, rest, routing)) is not None and question.id != LAST:
        if question.id in found:
            raise LookupError(f"the question '{question.id}' is open although it was left out")
        found.append(question.id)
        rest.answers[question.id] = None
    return found
