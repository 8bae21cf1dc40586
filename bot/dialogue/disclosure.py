"""What may be told of a case that was filed; nothing but that it exists, while consent is awaited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue import outcome
from bot.dialogue.context import NOT_OURS, Context
from bot.messages import Aside
from cases.record import is_withheld


def answer(context: Context, record: Mapping[str, Any], aside: Aside) -> list[str]:
    """The answer to a question about a filed case: from its own decision, and within what may be disclosed."""
    words = context.words
    if is_withheld(record):
        return [words.say("disclosure.withheld", reference=context.reference)]
    lines, decision = [words.say("disclosure.filed", reference=context.reference)], record["decision"]
    if decision is None or decision["disposition"] in NOT_OURS:
        return ["\n".join([*lines, words.say("outcome.all_the_same")])]
    if aside in (Aside.WHO_HANDLES, Aside.PROCESS) and decision["handler"]:
        lines.append(words.say("outcome.handler", handler=decision["handler"]))
    if aside is not Aside.WHO_HANDLES:
        lines += [*outcome.dates(context, decision)] or [words.say("asides.no_promise")]
    if aside is Aside.PROCESS:
        lines += outcome.escalation(context, decision)
    return ["\n".join(lines)]
