"""That somebody writes for one who has died: a death in the family, and words that tie the dead to the organisation.

A death alone is no such thing: "my mother died, so I missed the exam" is one's own complaint.
"""

from __future__ import annotations

import re

from bot.messages import Proposal
from bot.understanding.effects import FAMILY

_LONGEST = 8000  # characters that are looked through
_DIED = re.compile(
    rf"(?i:\b(?:my|our)\s+(?:(?:dear|poor|eldest|youngest|elder|younger|only)\s+)?(?:{FAMILY}|nephew|niece|grandson"
    r"|granddaughter|uncle|aunt|friend|colleague|client))(?:,?\s+[A-Z][\w'’-]+){0,2},?\s+"
    r"(?i:(?:(?:has|had|sadly|suddenly|recently|just)\s+){0,2}"
    r"(?:died|passed\s+away|passed\s+on|was\s+killed|took\s+(?:his|her)\s+own\s+life))\b"
)
_TIED = re.compile(
    r"\b(?:he|she)\s+(?:was|had\s+been|is|were)\s+(?:(?:half\s?way|still|also|just|only|currently)\s+)*(?:on|doing|studying"
    r"|taking|enrolled|registered|one\s+of\s+your|your|with\s+you|an?\s+(?:\w+\s+)?(?:member|fellow|apprentice|learner|student)"
    r"|due\s+(?:to|his|her|a)|owed|working\s+(?:on|towards))\b"
    r"|\b(?:his|her)\s+(?:\w+\s+)?(?:membership|apprenticeship|course|certificate|subscription|qualification|diploma|nvq|fees?"
    r"|portfolio|direct\s+debit|account|phone|registration|record|mobile|e-?mail)\b"
    r"|\b(?:letters?|calls?|calling|e-?mails?|reminders?|invoices?|texts?|messages?|writing|ringing|bills?|demands?|post|mail)\b"
    r"[^.!?\n]{0,40}?\b(?:for|to|addressed\s+to|about)\s+(?:him|her)\b"
    r"|\b(?:writing\s+to|ringing|calling|e-?mailing|texting|chasing|sending|invoicing|billing)\s+(?:him|her)\b",
    re.IGNORECASE,
)


def find_bereavement(text: str) -> Proposal | None:
    """Where a death is told of somebody whom the organisation knew; None where none is."""
    text = text[:_LONGEST]
    died = _DIED.search(text)
    if died is None or _TIED.search(text) is None:
        return None
    return Proposal("deceased", died.start(), died.end())
