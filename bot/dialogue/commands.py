"""What a person may ask for at any question: skip, back, a person, pause, withdraw, start again, change, send."""

from __future__ import annotations

from bot.dialogue import outcome
from bot.dialogue.context import Context, Step
from bot.dialogue.draft import ASKED_FOR_A_PERSON, Draft
from bot.messages import Command, Understood
from policy_rules.questions import Question

CHECK = "check_answers"


def obey(context: Context, draft: Draft, step: Step, understood: Understood) -> bool:
    """Carry out a command; True where it asks for the answers to be sent."""
    words = context.words
    match understood.command:
        case Command.SKIP:
            _skip(context, draft, step)
        case Command.BACK | Command.UNDO:
            _back(context, draft, step)
        case Command.HUMAN:
            step.says.append(outcome.person_message(context))
            if ASKED_FOR_A_PERSON not in draft.flags:
                draft.flags.append(ASKED_FOR_A_PERSON)
        case Command.PAUSE:
            step.says.append(words.say("commands.pause", reference=context.reference))
        case Command.WITHDRAW:
            draft.state = "withdrawn"
        case Command.RESTART:
            _restart(draft)
            step.says.append(words.say("commands.restart"))
        case Command.CHANGE:
            _change(context, draft, step, understood.target)
        case Command.SEND:
            return True
        case Command.ANOTHER:
            step.says.append(words.say("commands.another", reference=context.reference))
        case Command.REPEAT | Command.LANGUAGE | None:
            return False
    return False


def _skip(context: Context, draft: Draft, step: Step) -> None:
    question = context.questions.get(draft.pending or "")
    if draft.pending == "confirm_facts":
        draft.declined += [name for name in draft.proposed if name not in draft.declined]
        draft.proposed = {}
    elif question is None or not question.optional:
        step.says.append(context.words.say("commands.cannot_skip"))
        return
    else:
        fact = context.compiled.pack.facts.get(question.id)
        unsure = fact.dont_know if fact is not None else None
        draft.set(question.id, unsure, "skipped" if unsure is None else "said")
    step.says.append(_left_out(context, draft, question))


def _left_out(context: Context, draft: Draft, question: Question | None) -> str:
    """What becomes of a question that was skipped: for a fact, what we go by instead."""
    words = context.words
    if question is None or question.id not in context.compiled.accepted:
        return words.say("commands.skipped")
    known = {name: value for name, value in draft.answers.items() if value is not None}
    value = context.compiled.default(question.id, known)
    # Where "I don't know" is an answer of its own, the rules take it as one.
    if value is None or draft.answers.get(question.id) is not None:
        return words.say("commands.not_known_person")
    return words.say("commands.not_known", value=words.label(question.id, value, draft.whom()))


def _back(context: Context, draft: Draft, step: Step) -> None:
    # The story is never taken back: it was told, and it stays.
    answered = [name for name in draft.history if name != "story"]
    if not answered:
        step.says.append(context.words.say("commands.back_none"))
        return
    draft.clear(answered[-1])
    draft.proposed = {}
    step.says.append(context.words.say("commands.back"))


def _restart(draft: Draft) -> None:
    """Every answer is dropped; what was written stays in the transcript, and when it was first told."""
    draft.answers, draft.how, draft.proposed, draft.declined = {}, {}, {}, []
    draft.history, draft.added_words = [], []
    draft.own_name = draft.represented_name = draft.relation = None
    draft.pending, draft.reasks = "story", 0


def _change(context: Context, draft: Draft, step: Step, target: str | None) -> None:
    if target is None or target not in draft.answers:
        step.says.append(context.words.say("commands.change_what"))
        return
    if target == "story":
        step.says.append(context.words.say("commands.story_kept"))
        return
    draft.clear(target)
    draft.changing = target
    step.says.append(context.words.say("commands.change"))
