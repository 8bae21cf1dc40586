"""What is still missing from a draft that nobody goes on with."""

from __future__ import annotations

from bot.dialogue.context import Context, Routing, is_informal, next_question, visible
from bot.dialogue.draft import Draft
from policy_rules.questions import FACTS, Question, holds

LAST = "check_answers"
# Asked only where there is a reason to, which is another than an open place in the list.
_NOT_COUNTED = (FACTS, "confirm_facts", "second_matter", "still_complain", LAST)


def open_questions(context: Context, draft: Draft, routing: Routing) -> list[str]:
    """The ids of the questions that the interview would still ask if each were left out, in its order."""
    rest, found = draft.model_copy(deep=True, update={"proposed": {}}), list[str]()
    while (question := next_question(context, rest, routing)) is not None and question.id != LAST:
        if question.id in found:
            raise LookupError(f"the question '{question.id}' is open although it was left out")
        found.append(question.id)
        rest.answers[question.id] = None
    return found


def questions_left(context: Context, draft: Draft, routing: Routing, question: Question) -> int | None:
    """How many questions come after this one before the answers are checked; None where an answer could change it."""
    if routing.needs or draft.proposed or draft.second is not None or question.id == LAST:
        return None
    answered, informal = visible(context, draft), is_informal(context, draft)
    rest = [
        q for q in context.questions.order if q.asked and q.id not in answered and q.id not in _NOT_COUNTED
    ]
    rest = [q for q in rest if q.informal or not informal]
    open_now = [q.id for q in rest if holds(q.when, answered)]
    if question.id not in open_now or any(name in open_now for q in rest for name in q.when):
        return None
    return len(open_now) - 1
