"""The lexicon of harm as data: what is decisive by itself, and the turns of phrase that only sound like it.

No spaCy and no numpy here. `pipeline` finds the phrases, `harm_model` weighs what no phrase says, `reader` tells the
messages in which neither counts. How the three work together is told in docs/safety.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.messages import OpenQuestion
from bot.understanding.phrases import DATA, canonical, read_yaml

HARM = DATA / "harm.yml"

_NAMED = re.compile(r"\$(\w+)")
# A word of harm is no less covered by "(not want to be here) on a Saturday" for the "do" before its "not".
_LEADING = frozenset(
    "a an the do did does is was am are be been being have has had will would it my i".split()
)

# Questions whose answer is a name, a number or an address.
NAMES = frozenset(
    "complainant_name representative_name centre_name qualification member_number contact_post".split()
)
_SHORT = 6  # words of an answer to a closed question,
_ADDRESS = 15  # and of a name or an address, that are not weighed

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The file's phrases with their `$name`s filled in, and what each slip of spelling stands for."""

    harm: tuple[str, ...]
    harmless: tuple[str, ...]
    spelling: dict[str, str]

    @classmethod
    def load(cls, path: Path = HARM) -> Lexicon:
        """Read `path`; raises OSError, yaml.YAMLError, KeyError or TypeError where it is not as its head describes."""
        raw: dict[str, Any] = read_yaml(path)
        words: dict[str, str] = {}
        for name, options in raw.get("words", {}).items():
            words[name] = _filled(options, words)
        return cls(
            harm=tuple(_filled(phrase, words) for phrase in raw["harm"]),
            harmless=tuple(_filled(phrase, words) for phrase in raw["harmless"]),
            spelling={
                wrong: right for right, slips in raw.get("spelling", {}).items() for wrong in slips.split()
            },
        )


def without(text: str, idle: Sequence[Span]) -> str:
    """A text with the characters of harmless turns of phrase as spaces: they are not weighed, everything else is."""
    for start, end in idle:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def weighable(question: OpenQuestion | None, answer: str | None, text: str) -> bool:
    """Whether a message is words to be weighed: not the short answer to a closed question, nor a name or an address.

    The lexicon's phrases count in those too, unless the answer is `as_it_stands`.
    """
    if question is None or answer is None:
        return True
    words = len(text.split())
    if question.kind in ("text", "file"):
        return question.id not in NAMES or words > _ADDRESS
    return words > _SHORT


def as_it_stands(question: OpenQuestion | None, answer: str | None, text: str) -> bool:
    """Whether a message is nothing but an option as it was shown, or one address: no danger is told in that."""
    if question is None or answer is None:
        return False
    if question.kind in ("email", "phone"):
        return len(text.split()) == 1
    said = canonical(text)
    return any(said in (canonical(value), canonical(label)) for value, label in question.choices)


def _filled(phrase: str, words: dict[str, str]) -> str:
    """A list of words may name those above it; KeyError for a name that is no list."""
    return _NAMED.sub(lambda named: f"({words[named[1]]})", phrase)


def outright(words: Sequence[str], harm: Sequence[Span], harmless: Sequence[Span]) -> bool:
    """Whether a word of harm stands among `words` that no harmless turn of phrase holds whole.

    One that only touches it silences nothing: "I want to die to get away" is no "dying to get".
    """
    return any(not _held(words, span, harmless) for span in harm)


def _held(words: Sequence[str], span: Span, harmless: Sequence[Span]) -> bool:
    start, end = span
    while start < end - 1 and words[start] in _LEADING:
        start += 1
    return any(first <= start and end <= last for first, last in harmless)
