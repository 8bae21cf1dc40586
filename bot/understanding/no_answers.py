"""What stands where an answer was asked for, and is none: a question to us for a name, a "no" that takes back."""

from __future__ import annotations

import re

from bot.messages import Aside, OpenQuestion, Understood
from bot.understanding import answers

_FEWEST = 3  # words of a question
_ASKS_US = re.compile(
    r"\W*(?:but |and |so )?(?:why|what|how|when|where|do you|can you|are you|is this|is it|does it|did you)\b",
    re.IGNORECASE,
)
# "No, sorry, it's about the exam": said of what was asked before.
TAKES_BACK = re.compile(
    r"\W*no\W+(?:(?:sorry|actually|wait|hang on|i meant?|it['’]?s|it is|this is)\b\W*)*"
    r"(?:sorry|actually|wait|about|i meant?)\b",
    re.IGNORECASE,
)


def no_answer(text: str, question: OpenQuestion) -> Understood | None:
    """What a message is that is neither a story nor a name: a way to be reached, or at a name a question to us."""
    if (reached := answers.only_address(text)) is not None:
        way, address = reached
        return Understood(text, slots={"preferred_contact": way, f"contact_{way}": address}, exact=True)
    asks = question.id != "story" and _ASKS_US.match(text) is not None and len(text.split()) >= _FEWEST
    return Understood(text, aside=Aside.WHY_ASKED, exact=True) if asks else None


_GO_ON = re.compile(
    r"\b(?:(?:still |just )?(?:want|wish|like|going|need|intend|mean) to "
    r"(?:still )?(?:complain|send|go ahead|go on|carry on)"
    r"|complain to you|send it|go ahead|carry on)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|no|never|dont)\b|n['’]t\b", re.IGNORECASE)


def read_as_meant(text: str, question: OpenQuestion, unread: answers.Read) -> answers.Read:
    """A yes or no that is neither word: its number as it was offered, or the wish to complain all the same."""
    number = text.strip(" .)(#")
    if number in ("1", "2"):
        return answers.Read("true" if number == "1" else "false")
    goes_on = question.id == "still_complain" and _GO_ON.search(text) is not None
    return answers.Read("true") if goes_on and _NOT.search(text) is None else unread
