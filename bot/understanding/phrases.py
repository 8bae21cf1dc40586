"""Whole-message phrases: commands, asides, yes and no, and the names by which people call a question.

A phrase file is YAML; a phrase may hold groups, `(a|b|)`, which expand to every wording. Matching is on the whole
message in its canonical form, so it is exact and costs one dictionary look-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from bot.messages import Aside, Command

DATA = Path(__file__).resolve().parents[2] / "nlu_data"
_PLAIN = re.compile(r"[^()|]+")
_MACRO = re.compile(r"\$(\w+)")
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_NOT_WORD = re.compile(r"[\W_]+")


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen in the text."""
    return not INVISIBLE.sub("", text).strip()


def canonical(text: str) -> str:
    """Lower case, apostrophes dropped (don't = dont), everything else but letters and digits one space."""
    return _NOT_WORD.sub(" ", _APOSTROPHES.sub("", text.casefold())).strip()


def parts(phrase: str, words: Mapping[str, str] | None = None) -> list[list[str]]:
    """A phrase as its parts in order, each with its wordings: plain text has one, a group `(a|b|)` has several.

    `$name` stands for the group in `words`; groups may nest. Raises KeyError for an unknown `$name` and ValueError
    for brackets that do not pair.
    """
    named = words or {}
    flat = _MACRO.sub(lambda m: f"({named[m.group(1)]})", phrase)
    found, rest = _sequence(flat, 0, phrase)
    if rest != len(flat):
        raise ValueError(f"brackets do not pair in {phrase!r}")
    return found


def _sequence(flat: str, place: int, phrase: str) -> tuple[list[list[str]], int]:
    found: list[list[str]] = []
    while place < len(flat) and flat[place] not in "|)":
        if flat[place] == "(":
            options, place = _options(flat, place + 1, phrase)
            found.append(options)
        else:
            match = _PLAIN.match(flat, place)
            assert match is not None  # noqa: S101 - the loop's condition leaves nothing else
            found.append([match.group()])
            place = match.end()
    return found, place


def _options(flat: str, place: int, phrase: str) -> tuple[list[str], int]:
    options: list[str] = []
    while True:
        found, place = _sequence(flat, place, phrase)
        options.extend(_joined(found))
        if place == len(flat):
            raise ValueError(f"brackets do not pair in {phrase!r}")
        place += 1
        if flat[place - 1] == ")":
            return options, place


def _joined(found: list[list[str]]) -> Iterator[str]:
    for picked in product(*found):
        yield "".join(picked)


def expand(phrase: str, words: Mapping[str, str] | None = None) -> Iterator[str]:
    """Every wording of a phrase; raises as `parts` does."""
    return (" ".join(wording.split()) for wording in _joined(parts(phrase, words)))


def read_yaml(path: Path) -> Any:
    """The file with every scalar as text; raises OSError or yaml.YAMLError."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - text scalars only


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """Canonical phrase -> meaning. `yes`, `no` and `unknown` are answers; `names` maps a wording to a question id."""

    commands: dict[str, Command]
    asides: dict[str, Aside]
    yes: frozenset[str]
    no: frozenset[str]
    unknown: frozenset[str]
    names: dict[str, str]
    longest_answer: int

    @classmethod
    def load(cls, path: Path = DATA / "phrases.yml") -> PhraseBook:
        """Read `path`; raises ValueError or KeyError where the file is not as its head describes."""
        raw = read_yaml(path)
        words: dict[str, str] = raw["words"]

        def wordings(phrases: list[str]) -> Iterator[str]:
            for phrase in phrases:
                for wording in expand(phrase, words):
                    yield canonical(wording)

        answers = {kind: frozenset(wordings(raw[kind])) for kind in ("yes", "no", "unknown")}
        return cls(
            commands={w: Command(key) for key, ps in raw["commands"].items() for w in wordings(ps)},
            asides={w: Aside(key) for key, ps in raw["asides"].items() for w in wordings(ps)},
            names={w: key for key, ps in raw["names"].items() for w in wordings(ps)},
            longest_answer=max(len(w.split()) for kind in ("yes", "no") for w in answers[kind]),
            **answers,
        )

    def command(self, text: str) -> Command | None:
        """The command that the whole message is; "I don't know" and "rather not say" are SKIP."""
        said = canonical(text)
        if said in self.unknown:
            return Command.SKIP
        return self.commands.get(said)

    def aside(self, text: str) -> Aside | None:
        """The question that the whole message puts to us; None over twelve words."""
        said = canonical(text)
        return self.asides.get(said) if said.count(" ") < 12 else None

    def change_target(self, text: str) -> str | None:
        """The question that "change my e-mail address" names; None if the message says anything else."""
        match = _CHANGE.fullmatch(canonical(text))
        return self.names.get(match.group(1)) if match else None


_CHANGE = re.compile(
    r"(?:please )?(?:(?:can|could) (?:i|you|we) |i (?:want|need|would like) to |id like to |let me )?(?:please )?"
    r"(?:change|correct|edit|amend|fix|update) (?:my |the |our |your |his |her |their )?(.+?)(?: please)?"
)


@cache
def default_book() -> PhraseBook:
    """The phrase book that ships with Hearout, read once."""
    return PhraseBook.load()
