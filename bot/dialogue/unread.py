"""What becomes of a message that answered nothing: words that tell something are kept, and the question returns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.dialogue import outcome
from bot.dialogue.draft import RISK_OF_HARM
from bot.messages import Command, Understood

if TYPE_CHECKING:
    from bot.dialogue.talk import Talk

CONFIRM, CHECK = "confirm_facts", "check_answers"
# A reply of so many words to a question with choices is more of the story, whatever else it is.
WORDS_OF_A_STORY = 5
# One that reads as a question to us, or as a command, must be longer still to be kept as well.
WORDS_BESIDE_A_GUESS = 14
# One that names another value for what was proposed, and is more than that.
WORDS_BESIDE_A_CORRECTION = 9
_WANTED = {
    Command.WITHDRAW: "commands.wanted_withdraw",
    Command.RESTART: "commands.wanted_restart",
    Command.CHANGE: "commands.change_what",
}
# At the last question: no further word of the complaint, but a wish that nothing be sent yet.
_HOLD = re.compile(
    r"\b((do not|don'?t|dont|not) (want to )?send|changed my mind|not yet|wait|hold on|stop)\b"
    r"|^\W*(edit|null|undefined)\W*$"
    r"|\b(peidiwch ag anfon|peidio ag anfon|ddim eto|dim eto|arhoswch|newid fy meddwl)\b",
    re.I,
)


def take(talk: Talk, understood: Understood, *, kept: bool) -> None:
    """Say what became of the message; `kept` says that an answer, or a proposal, was taken from it after all."""
    words = talk.context.words
    if RISK_OF_HARM in talk.draft.flags:
        # Whoever told of danger is not met with a form's reproach: every word is kept, and help is named again.
        keep_words(talk, understood, fewest=1)
        if not understood.sure_of_harm:
            talk.help(sure=True)
        return
    if talk.draft.pending == CHECK and understood.answer is None and _HOLD.search(understood.text):
        talk.step.says.append(words.say("commands.held"))
    elif understood.language is not None and understood.language != words.language:
        _in_another_language(talk, understood)
    elif understood.guessed and (understood.command is not None or understood.aside is not None):
        keep_words(talk, understood, WORDS_BESIDE_A_GUESS)
    elif understood.wanted is not None:
        keep_words(talk, understood, WORDS_BESIDE_A_GUESS)
        talk.ask_again(words.say(_WANTED[understood.wanted]))
    else:
        said = len(talk.step.says)
        keep_words(talk, understood)
        open_still = talk.draft.pending not in talk.draft.answers
        if understood.problem is not None and not kept and open_still:
            _not_understood(talk, understood)
        elif kept and open_still and len(talk.step.says) == said:
            # "It was Monday", to whatever was asked.
            talk.step.says.append(words.say("notices.understood_later"))


def keep_words(talk: Talk, understood: Understood, fewest: int = WORDS_OF_A_STORY) -> None:
    """More of the story, told where something else was asked: it is kept with the story, never dropped."""
    draft, told = talk.draft, understood.text
    if understood.slots or "story" not in draft.answers or draft.pending == CHECK:
        return
    if understood.problem != "a_question" and len(told.split()) < fewest:
        return
    draft.added_words.append(told)
    if understood.problem not in ("a_question", "insult"):
        # No thanks for an insult; and a question is told what becomes of it.
        talk.step.says.append(talk.context.words.say("notices.added"))


def _not_understood(talk: Talk, understood: Understood) -> None:
    draft, words = talk.draft, talk.context.words
    # At the last question anything that is not "send" is more to say: it is kept, never lost.
    worth_keeping = understood.text.strip() and understood.problem not in ("bad_payload", "insult")
    if draft.pending == CHECK and worth_keeping:
        draft.added_words.append(understood.text)
        talk.step.says.append(words.say("notices.added"))
    elif not draft.proposed or draft.pending == CONFIRM:
        talk.ask_again(words.say(f"problems.{understood.problem}"))


def _in_another_language(talk: Talk, understood: Understood) -> None:
    """Say in which languages we ask, keep the words as they are, and offer a person: at first with the contacts."""
    draft, words, offered = talk.draft, talk.context.words, talk.context.languages
    if understood.answer is None and "story" in draft.answers:
        draft.added_words.append(understood.text)
    if understood.language in offered:
        # It can be had: by its name, as the person would call it.
        named = words.say(f"languages.{understood.language}")
        talk.step.says.append(words.say("languages.go_on", language=named))
        return
    asks_in = words.say("languages.asks_in", offered=", ".join(words.say(f"languages.{c}") for c in offered))
    asks_in = f"{asks_in} {words.say('languages.kept')}"
    if "other_language" not in draft.flags:
        draft.flags.append("other_language")
        talk.step.says += [asks_in, outcome.person_message(talk.context)]
    elif understood.answer is None:
        talk.ask_again(asks_in)
