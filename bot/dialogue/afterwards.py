"""What is said once a conversation has ended: a withdrawal undone, a change of mind, further words, a last wish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue import disclosure, outcome, policy
from bot.dialogue.context import Context, Step
from bot.dialogue.draft import ASKED_FOR_A_PERSON, Draft
from bot.messages import Aside, Command, Understood
from cases.references import read_reference

# What may still be asked for once a case is filed: it is flagged, and the organisation is told.
_WISHES = {
    Command.WITHDRAW: ("asked_to_withdraw", "outcome.withdrawal_asked"),
    Command.HUMAN: (ASKED_FOR_A_PERSON, "outcome.person_asked"),
}
_COMPLAIN = re.compile(r"\bcomplain|\b(c|g|ch|ngh)[wŵ]yn", re.IGNORECASE)
_NOT_TO_COMPLAIN = re.compile(
    r"\b(not|no longer|never|(do|did|wo|would|ca|should)n['’]?t)\b[^.!?;,]*\bcomplain"
    r"|\b(nid|ddim|peidio)\b[^.!?;,]*\b(c|g|ch|ngh)[wŵ]yn",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"\b(another|second|new|different|separate|further|one more) (complaint|matter|issue|problem)\b"
    r"|\bcomplain (about|of) (something|someone|somebody) else\b|\bcomplain again\b",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"\W*(ok(ay)?|thanks?( you)?( very much| so much)?|cheers|bye|goodbye|great|hello|hi"
    r"|diolch( yn fawr)?( iawn)?|iawn|hwyl( fawr)?|helo)?\W*",
    re.IGNORECASE,
)

# A wish to take an answer to the next stage, and a reference as people write it.
_FURTHER = re.compile(
    r"\b(tak(e|ing)|took|escalat(e|ing)|mov(e|ing)|push(ing)?|go(ing)?) "
    r"(it|this|that|things|the matter|(my|the|this) (complaint|case))? ?(any )?"
    r"(further|higher|up|to (the )?(next|stage|a senior|the chief|the chair))"
    r"|\b(escalate|appeal( against)?) "
    r"(it|this|my (complaint|case)|the (complaint|case|answer|response|decision|outcome))"
    r"|\bescalate\b|\b(mynd|fynd) (â|ag) .{0,30}(ymhellach|yn uwch)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\b[A-Za-z_]{2,16}(?:[ -][0-9A-Za-z]{4}){2}[ -][0-9A-Za-z]\b")

_LONG = 12  # words; a question that goes on for so long tells something as well
_UNREADABLE = ("bad_payload", "empty", "not_open")


def afterwards(
    context: Context, draft: Draft, step: Step, understood: Understood, record: Mapping[str, Any] | None
) -> None:
    """Answer a message after the end; `record` is the case, where there is one."""
    if understood.aside is Aside.POLICY:
        step.says += policy.named(context)
    elif understood.aside is Aside.THANKS and draft.state in ("filed", "informal"):
        step.says.append(context.words.say("asides.thanks"))
        step.says.append(context.words.say("outcome.already", reference=context.reference))
    elif draft.state in ("filed", "informal") and _goes_further(understood):
        _further(context, draft, step, understood)
    elif _is_another(understood):
        _another(context, draft, step, understood)
    elif draft.state == "withdrawn":
        _withdrawn(context, draft, step, understood)
    elif draft.state == "signposted":
        _signposted(context, draft, step, understood)
    elif _COURTESY.fullmatch(understood.text):
        step.says.append(context.words.say("outcome.already", reference=context.reference))
    else:
        _filed(context, draft, step, understood, record)


def further_of(context: Context, story: str) -> list[str]:
    """What a story is answered that takes an earlier case further: how its dates come along. [] for any other story.

    The earlier case is not looked at, since a reference alone proves nothing; so whether there is one is not told.
    """
    found = _REFERENCE.search(story)
    reference = None if found is None else read_reference(found.group())
    if reference is None or not context.address or _FURTHER.search(story) is None:
        return []
    return _how_to_go_further(context, reference)


def _goes_further(understood: Understood) -> bool:
    said = understood.text.strip()
    return not (understood.slots or said.startswith("/")) and _FURTHER.search(said) is not None


def _further(context: Context, draft: Draft, step: Step, understood: Understood) -> None:
    """How the next stage is begun; what was said of it already is kept with this case."""
    found = _REFERENCE.search(understood.text)
    reference = (read_reference(found.group()) if found else None) or context.reference
    if _tells(understood):
        draft.added_words.append(understood.text)
        step.update = True
        step.says.append(context.words.say("outcome.added", reference=context.reference))
    step.says += _how_to_go_further(context, reference)
    step.says.append(outcome.person_message(context))


def _how_to_go_further(context: Context, reference: str) -> list[str]:
    if not context.address:
        return []
    address = f"{context.address}/{context.compiled.pack.organisation.id}/case"
    said = context.words.say("after.chat_further", address=address, reference=reference)
    return [f"{said} {context.words.say('after.chat_further_why')}"]


def _is_another(understood: Understood) -> bool:
    """Whether somebody has a further complaint; starting again is one too, since this one has ended."""
    if understood.command in (Command.ANOTHER, Command.RESTART) or understood.wanted is Command.RESTART:
        return True
    return not understood.slots and _ANOTHER.search(understood.text) is not None


def _another(context: Context, draft: Draft, step: Step, understood: Understood) -> None:
    """How a new complaint is begun; what was said of it already is kept with this case, if that was sent."""
    words, reference = context.words, context.reference
    sent = draft.state in ("filed", "informal")
    if sent and understood.command is None:
        draft.added_words.append(understood.text)
        step.update = True
        step.says.append(words.say("outcome.added", reference=reference))
    step.says.append(words.say("outcome.another", reference=reference))


def _withdrawn(context: Context, draft: Draft, step: Step, understood: Understood) -> None:
    if understood.command is Command.UNDO or understood.text.strip().lower().strip(".!\"'") == "undo":
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


def _tells(understood: Understood) -> bool:
    """Whether there is something to add to the case: words that no phrase explains, or a long question."""
    least = _LONG if understood.guessed and (understood.aside or understood.command) else 3
    said_it = not (understood.slots or understood.problem in _UNREADABLE)
    known = (understood.command or understood.aside) and not understood.guessed
    return said_it and not known and len(understood.text.split()) >= least


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
    elif understood.aside is Aside.HELLO:
        step.says.append(words.say("outcome.already", reference=reference))
    elif _tells(understood):
        draft.added_words.append(understood.text)
        step.update = True
        step.says.append(words.say("outcome.added", reference=reference))
        if understood.wanted is Command.WITHDRAW:
            step.says.append(words.say("outcome.withdraw_how", reference=reference))
        if understood.aside is not None and record is not None:
            step.says += disclosure.answer(context, record, understood.aside)
    elif understood.aside is not None and record is not None:
        step.says += disclosure.answer(context, record, understood.aside)
    elif understood.command is Command.LANGUAGE and record is not None:
        # What the confirmation said, in the language that was just chosen.
        step.says += disclosure.answer(context, record, Aside.PROCESS)
    else:
        step.says.append(words.say("outcome.already", reference=reference))
    step.says.append(outcome.person_message(context))
