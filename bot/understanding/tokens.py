"""A text as words, figures and signs with their places: what the finders of dates, numbers and names walk over.

Walking tokens with a bounded look to either side takes time in proportion to the text, whatever the text is; a
pattern that tries everything at every character does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Tokens:
    """`words[i]`, in lower case, is `text[starts[i]:ends[i]]`; letters, figures and signs are tokens of their own."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]

    def at(self, index: int) -> str:
        """The word at a place, or nothing where there is none: a look beyond either end is no error."""
        return self.words[index] if 0 <= index < len(self.words) else ""

    def said(self, first: int, last: int) -> str:
        """`words[first:last]` as they are written, with single spaces."""
        return " ".join(self.text[self.starts[first] : self.ends[last - 1]].split())

    def after(self, place: int) -> int:
        """The index of the first token at or behind a place in the text."""
        return bisect_left(self.starts, place)

    def touches(self, index: int) -> bool:
        """Whether a token stands right behind the one before it, with no space between."""
        return 0 < index < len(self.words) and self.ends[index - 1] == self.starts[index]

    def capital(self, index: int) -> bool:
        """Whether a token begins with a capital letter."""
        return 0 <= index < len(self.words) and self.text[self.starts[index]].isupper()

    def breaks(self, index: int) -> bool:
        """Whether a sentence or a line ends between a token and the one before it."""
        if index <= 0 or index >= len(self.words):
            return True
        return self.words[index - 1] in _STOPS or "\n" in self.text[self.ends[index - 1] : self.starts[index]]


_STOPS = frozenset(".!?;")


def tokens_of(text: str) -> Tokens:
    """The tokens of a text; a few microseconds for a sentence."""
    low = text.lower()
    if len(low) != len(text):
        # A few capitals are two characters when they are small: they stay as they are, so that places stay true.
        low = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    found = [(match.group(), *match.span()) for match in _TOKEN.finditer(low)]
    return Tokens(
        text, [word for word, _, _ in found], [at for _, at, _ in found], [to for _, _, to in found]
    )
