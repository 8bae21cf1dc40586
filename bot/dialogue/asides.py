"""Questions that the person puts to us: answered from the pack and the draft, and then their own question returns."""

from __future__ import annotations

from bot.dialogue import outcome, policy
from bot.dialogue.context import Context, Routing
from bot.dialogue.draft import Draft
from bot.messages import Aside


def answer(context: Context, draft: Draft, routing: Routing, aside: Aside) -> list[str]:
    """What to say before the open question is put again."""
    words = context.words
    if aside in (Aside.THANKS, Aside.HELLO):
        return [words.say(f"asides.{aside}")]
    if aside is Aside.POLICY:
        return policy.named(context)
    if aside is Aside.PRIVACY:
        return [words.say("asides.privacy", privacy=context.privacy.text)]
    if aside is Aside.MACHINE:
        return [words.say("asides.machine")]
    if aside is Aside.MEANING:
        return [_meaning(context, draft)]
    if aside is Aside.WHY_ASKED:
        question = context.questions.get(draft.pending or "")
        why = context.words.question(draft.pending or "", "why")
        if why is None:
            why = words.say("asides.why_default")
        if question is not None and question.optional and question.id not in context.compiled.accepted:
            why = f"{why} {words.say('asides.why_optional')}"
        return [why]
    if aside is Aside.STATUS:
        return [words.say("asides.status", reference=context.reference)]
    decision = routing.decision
    if aside is Aside.DEADLINE:
        if decision is None:
            return [words.say("asides.no_date")]
        dates = [*outcome.dates(context, decision)] or [words.say("asides.no_promise")]
        return ["\n".join([words.say("asides.deadline_intro"), *dates])]
    if decision is None or not decision["handler"]:
        known = words.say("asides.who_unknown")
        return [known] if aside is Aside.WHO_HANDLES else [f"{words.say('asides.process_sent')} {known}"]
    if aside is Aside.WHO_HANDLES:
        return [words.say("asides.who", handler=decision["handler"])]
    lines = [words.say("asides.process_sent"), words.say("asides.process_next", handler=decision["handler"])]
    if decision["escalate_to"]:
        lines.append(words.say("asides.process_escalate", escalate=decision["escalate_to"]))
    return ["\n".join(lines)]


def _meaning(context: Context, draft: Draft) -> str:
    """What the open question is for, and what an answer to it looks like."""
    words = context.words
    question = context.questions.get(draft.pending or "")
    lines = [words.question(draft.pending or "", "why") or words.say("asides.why_default")]
    kind = "text" if question is None else question.kind
    if question is not None and kind == "choice":
        named = [words.label(question.id, value, draft.whom()) for value in question.values]
        lines += [words.say("asides.answer_choice"), *named]
    else:
        lines.append(words.say(f"asides.answer_{_LIKE.get(kind, kind)}"))
    if question is not None and question.optional and kind != "confirm":
        lines.append(words.say("asides.may_skip"))
    return "\n".join(lines)


# Kinds of question that are answered alike.
_LIKE = {"confirm": "yes_no", "file": "text"}
