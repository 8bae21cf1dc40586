"""A person of the organisation has the conversation in hand: the interview keeps quiet until it is given back."""

from __future__ import annotations

from typing import Any

from bot.dialogue.catalogue import Catalogue
from bot.dialogue.talk import Talk
from bot.messages import Understood


def hold(talk: Talk, understood: Understood) -> bool:
    """Whether a person has taken over; then the message is only kept, and one short line says with whom they are.

    Words of harm are met with help all the same: nobody knows how soon that person reads them.
    """
    by = talk.draft.taken_over_by
    if by is None:
        return False
    talk.speak_as_asked(understood)
    if understood.harm:
        talk.help(sure=understood.sure_of_harm)
    talk.step.says.append(talk.context.words.say("takeover.with_person", by=by))
    return True


def announced(words: Catalogue, by: str) -> list[dict[str, Any]]:
    """What the person's face shows when somebody takes over."""
    return [{"text": words.say("takeover.taken_over", by=by)}]


def written(words: Catalogue, by: str, text: str) -> list[dict[str, Any]]:
    """What staff write, under their name and in their words."""
    return [{"text": words.say("takeover.writes", by=by)}, {"text": text}]
