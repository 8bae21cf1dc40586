"""What is said once a conversation has ended: a withdrawal undone, a change of mind, further words, a last wish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue import disclosure, outcome
from bot.dialogue.context import Context, Step
from bot.dialogue.draft import Draft
from bot.messages import Command, Understood

# What may still be asked for once a case is filed: it is flagged, and the organisation is told.
_WISHES = {
    Command.WITHDRAW: ("asked_to_withdraw", "outcome.withdrawal_asked"),
    Command.HUMAN: ("asked_for_a_person", "outcome.person_asked"),
}
_COMPLAIN = re.compile(r"\bcomplain", re.IGNORECASE)
_NOT_TO_COMPLAIN = re.compile(
    r"\b(not|no longer|never|(do|did|wo|would|ca|should)n['’]?t)\b[^.!?;,]*\bcomplain", re.IGNORECASE
)
_COURTESY = re.compile(
    r"\W*(ok(ay)?|thanks?( you)?( very much| so much)?|cheers|bye|goodbye|great|hello|hi)?\W*", re.IGNORECASE
)


def afterwards(
    context: Context, draft: Draft, step: Step, understood: Understood, record: Mapping[str, Any] | None
) -> None:
    """Answer a message after the end; `record` is the case, where there is one."""
    if draft.state == "withdrawn":
        _withdrawn(context, draft, step, understood)
    elif draft.state == "signposted":
        _signposted(context, draft, step, understood)
    elif _COURTESY.fullmatch(understood.text):
        step.says.append(context.words.say("outcome.already", reference=context.reference))
    else:
        _filed(context, draft, step, understood, record)


def _withdrawn(context: Context, draft: Draft, step: Step, understood: Understood) -> None:
    if understood.text.strip().lower().strip(".!\"'") == "undo":
        draft.state = "draft"
        step.says.append(context.words.say("commands.undone"))
    else:
        step.says.append(context.words.say("outcome.withdrawn_short"))


def _signposted(context: Context, draft: Draft, step: Step, understood: Understood) -> None:
    """Somebody who was sent elsewhere can always come back and say that they want to complain here."""
    words = context.words
    said = _in_words(understood) and bool(_COMPLAIN.search(understood.text))
    if (said and not _NOT_TO_COMPLAIN.search(understood.text)) or understood.slots.get(
        "still_complain"
    ) == "true":
        draft.state = "draft"
        draft.set("still_complain", "true", "said")
        return
    lines = [words.say("outcome.signposted", reference=context.reference), words.say("outcome.come_back")]
    step.says.append("\n".join(lines))


def _in_words(understood: Understood) -> bool:
    """Whether a message is words of the person's own: no selection from a page, no command, no question to us."""
    return not (understood.slots or understood.problem or understood.command or understood.aside)


def _filed(
    context: Context, draft: Draft, step: Step, understood: Understood, record: Mapping[str, Any] | None
) -> None:
    words, reference = context.words, context.reference
    if understood.command in _WISHES:
        flag, said = _WISHES[understood.command]
        if flag not in draft.flags:
            draft.flags.append(flag)
        step.update = True
        step.says.append(words.say(said, reference=reference))
    elif _in_words(understood) and len(understood.text.split()) > 2:
        draft.added_words.append(understood.text)
        step.update = True
        step.says.append(words.say("outcome.added", reference=reference))
    elif understood.aside is not None and record is not None:
        step.says += disclosure.answer(context, record, understood.aside)
    else:
        step.says.append(words.say("outcome.already", reference=reference))
    step.says.append(outcome.person_message(context))
