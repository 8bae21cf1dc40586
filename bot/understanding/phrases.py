"""Whole-message phrases: commands, asides, yes and no, and the names by which people call a question.

A phrase file is YAML; a phrase may hold groups, `(a|b|)`, which expand to every wording. Matching is on the whole
message in its canonical form, so it is exact.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import yaml

from bot.messages import Aside, Command
from bot.understanding.automaton import Automaton

DATA = Path(__file__).resolve().parents[2] / "nlu_data"
_PLAIN = re.compile(r"[^()|]+")
_BEFORE_NAME = re.compile(r"(?:[^()|$]|\$(?!\w))+")
_MACRO = re.compile(r"\$(\w+)")
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_MACHINE = re.compile(r"\b(?:are you|am i (?:talking|speaking|chatting) to)\b", re.IGNORECASE)
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
    found, rest = _sequence(phrase, 0, words or {})
    if rest != len(phrase):
        raise ValueError(f"brackets do not pair in {phrase!r}")
    return found


def _sequence(phrase: str, place: int, words: Mapping[str, str] | None) -> tuple[list[list[str]], int]:
    found: list[list[str]] = []
    while place < len(phrase) and phrase[place] not in "|)":
        if phrase[place] == "(":
            options, place = _options(phrase, place + 1, words)
            found.append(options)
        elif words is not None and (name := _MACRO.match(phrase, place)) is not None:
            found.append(_group(words[name.group(1)]))
            place = name.end()
        else:
            match = (_PLAIN if words is None else _BEFORE_NAME).match(phrase, place)
            assert match is not None  # noqa: S101 - the loop's condition leaves nothing else
            found.append([match.group()])
            place = match.end()
    return found, place


def _options(phrase: str, place: int, words: Mapping[str, str] | None) -> tuple[list[str], int]:
    options: list[str] = []
    while True:
        found, place = _sequence(phrase, place, words)
        options.extend(_joined(found))
        if place == len(phrase):
            raise ValueError(f"brackets do not pair in {phrase!r}")
        place += 1
        if phrase[place - 1] == ")":
            return options, place


@lru_cache(maxsize=256)
def _group(options: str) -> list[str]:
    """The wordings of what a `$name` stands for, in which no name is looked up; the same few stand in most phrases."""
    found, rest = _options(f"{options})", 0, None)
    if rest <= len(options):
        raise ValueError(f"brackets do not pair in {options!r}")
    return found


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
    """What a whole message means. `names` maps what people call a question to its id.

    `languages` maps what somebody says who wants to go on in another one to its code.
    """

    commands: Automaton[Command]
    asides: Automaton[Aside]
    answers: Automaton[str]  # "true", "false", "unknown"
    wishes: Automaton[str]  # values of confidentiality
    choices: dict[str, Automaton[str]]  # values by the question that they answer
    names: dict[str, str]
    languages: dict[str, str]

    @classmethod
    def load(cls, path: Path = DATA / "phrases.yml") -> PhraseBook:
        """Read `path`; raises ValueError or KeyError where the file is not as its head describes."""
        raw = read_yaml(path)
        words: dict[str, str] = raw["words"]
        answers = {"true": raw["yes"], "false": raw["no"], "unknown": raw["unknown"]}
        return cls(
            commands=_compiled({Command(name): phrases for name, phrases in raw["commands"].items()}, words),
            asides=_compiled({Aside(name): phrases for name, phrases in raw["asides"].items()}, words),
            answers=_compiled(answers, words),
            wishes=_compiled(raw["wishes"], words),
            choices={name: _compiled(values, words) for name, values in raw["choices"].items()},
            names=_named(raw["names"], words),
            languages=_named(raw["languages"], words),
        )

    def answer(self, text: str) -> str | None:
        """`true` or `false` where the whole message is a yes or a no."""
        meanings = self.answers.match(canonical(text).split())
        return next((meaning for meaning in meanings if meaning != "unknown"), None)

    def command(self, text: str) -> Command | None:
        """The command that the whole message is; "I don't know" and "rather not say" are SKIP."""
        said = canonical(text).split()
        if "unknown" in self.answers.match(said):
            return Command.SKIP
        return next(iter(self.commands.match(said)), None)

    def aside(self, text: str) -> Aside | None:
        """The question that the whole message puts to us; None over twelve words."""
        said = canonical(text).split()
        found = next(iter(self.asides.match(said)), None) if len(said) <= 12 else None
        # Who asks whether we are one is told so, and not who deals with complaints.
        return Aside.MACHINE if found is Aside.WHO_HANDLES and _MACHINE.search(text) else found

    def choice(self, question_id: str, text: str) -> frozenset[str]:
        """The values that the whole message stands for at this question; most often one, or none."""
        known = self.choices.get(question_id)
        return frozenset(known.match(canonical(text).split())) if known is not None else frozenset()

    def wish(self, text: str) -> str | None:
        """`asked` or `anonymous` where the whole message wishes that a name be kept back."""
        return next(iter(self.wishes.match(canonical(text).split())), None)

    def change(self, text: str) -> str | None:
        """What "change my e-mail address" wants changed, as it is called there; None if the message says anything else.

        Whose it is ("my") stays, since a representative has a name of their own.
        """
        match = _CHANGE.fullmatch(canonical(text))
        return (match.group(1) or match.group(2)) if match else None

    def language(self, text: str) -> str | None:
        """The language that the whole message asks for."""
        return self.languages.get(canonical(text))


def _named(names: Mapping[str, list[str]], words: Mapping[str, str]) -> dict[str, str]:
    """Each wording with the name that it stands for."""
    return {canonical(w): name for name, phrases in names.items() for p in phrases for w in expand(p, words)}


L = TypeVar("L", bound=Hashable)


def _compiled(meanings: Mapping[L, list[str]], words: Mapping[str, str]) -> Automaton[L]:
    automaton: Automaton[L] = Automaton()
    for meaning, phrases in meanings.items():
        for phrase in phrases:
            found = parts(phrase, words)
            automaton.add([[canonical(option).split() for option in options] for options in found], meaning)
    return automaton


_CHANGE = re.compile(
    r"(?:please )?(?:(?:can|could) (?:i|you|we) |i (?:want|need|would like) to |id like to |let me )?(?:please )?"
    r"(?:change|correct|edit|amend|fix|update) (.+?)(?: please)?"
    r"|newid (.+?)(?: os gwelwch yn dda)?"
)
