"""Letters to people: written record, acknowledgement, signpost and the rest, as text and as an accessible PDF.

`wording.py` reads the words of each letter, `matter.py` finds what a case has to say (the dates, contacts and rights of
its Decision and clocks, nothing else), `letter.py` puts both together, `text.py` and `pdf.py` set it.
"""

from __future__ import annotations

from handoff.letters.letter import Letter, NotToBeTold, UnknownLetter, compose
from handoff.letters.matter import House, Matter
from handoff.letters.pdf import as_pdf
from handoff.letters.text import as_text
from handoff.letters.wording import KINDS, Bookcase, BrokenLetters, LetterWords

__all__ = [
    "KINDS",
    "Bookcase",
    "BrokenLetters",
    "House",
    "Letter",
    "LetterWords",
    "Matter",
    "NotToBeTold",
    "UnknownLetter",
    "as_pdf",
    "as_text",
    "compose",
]
