"""Letters to the person, in the words of the catalogue."""

from __future__ import annotations

from bot.dialogue import outcome
from bot.dialogue.context import Context


def reminder(context: Context, days: int) -> tuple[str, str]:
    """Subject and text of the one reminder that a draft is unfinished; `days` is how long it is kept waiting.

    Other people may read the mailbox: the subject says nothing of a complaint, the text nothing of what it is about.
    """
    words = context.words
    keys = ("began", "go_on", "otherwise", "stop", "once")
    lines = [words.say(f"reminder.{key}", reference=context.reference, days=days) for key in keys]
    return words.say("reminder.subject", reference=context.reference), "\n\n".join(
        [*lines, outcome.person_message(context)]
    ) + "\n"
