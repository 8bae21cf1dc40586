"""The cue file as data, and the rule by which what was seen becomes a proposal. No spaCy here.

A cue is `plain` (the person says so) or `mention` (it only comes up). Of the values of one fact that a text suggests:
  1. values that the organisation does not know are dropped;
  2. mentions count only in a short answer and where nothing is plain; a mention straight after "complain about" and
     the like counts as plain;
  3. a value that another one present `beats` in the cue file is dropped;
  4. a match that lies inside a longer match of another value is dropped;
  5. if one value is left it is proposed, else none: two that contradict each other are the person's to settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.messages import Proposal
from bot.understanding.phrases import DATA, read_yaml

CUES = DATA / "cues.yml"
HARM = DATA / "harm.yml"


@dataclass(frozen=True, slots=True)
class Cue:
    """One phrase of the cue file. `*` in the phrase stands for up to six words of the same clause."""

    fact: str
    value: str
    plain: bool
    phrase: str


@dataclass(frozen=True, slots=True)
class CueBook:
    """The cue file. `strict` facts are denied by any "not" before the cue, the others only by `deny` phrases."""

    cues: tuple[Cue, ...]
    words: dict[str, str]
    deny: tuple[str, ...]
    about: tuple[str, ...]
    strict: frozenset[str]
    beats: dict[tuple[str, str], frozenset[str]]
    also: dict[tuple[str, str], tuple[tuple[str, str], ...]]
    harm: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()

    @classmethod
    def load(cls, cues: Path = CUES, harm: Path = HARM) -> CueBook:
        """Read both files; raises KeyError or TypeError where one is not as its head describes (see `lint`)."""
        raw: dict[str, Any] = read_yaml(cues)
        dangers: dict[str, list[str]] = read_yaml(harm)
        facts: dict[str, Any] = raw["facts"]
        return cls(
            cues=tuple(_cues(facts)),
            words=raw["words"],
            deny=tuple(raw["deny"]),
            about=tuple(raw["about"]),
            strict=frozenset(name for name, fact in facts.items() if fact.get("guard") == "any"),
            beats={
                (name, value): frozenset(others)
                for name, fact in facts.items()
                for value, others in fact.get("beats", {}).items()
            },
            also={
                (name, value): tuple(implied.items())
                for name, fact in facts.items()
                for value, implied in fact.get("also", {}).items()
            },
            harm=tuple(dangers["harm"]),
            harmless=tuple(dangers["harmless"]),
        )


def _cues(facts: Mapping[str, Any]) -> Iterable[Cue]:
    for name, fact in facts.items():
        for value, kinds in fact["values"].items():
            for kind in ("plain", "mention"):
                for phrase in kinds.get(kind, ()):
                    yield Cue(name, value, kind == "plain", phrase)


@dataclass(frozen=True, slots=True)
class Seen:
    """One cue met in the text at characters [start, end), guards already applied."""

    fact: str
    value: str
    plain: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """All that the pipeline saw in one text."""

    seen: tuple[Seen, ...] = ()
    harm: bool = False


_MOST_SEEN = 50  # matches of one fact that are weighed; a story has three, and weighing is quadratic


def propose(
    seen: Iterable[Seen], facts: Mapping[str, tuple[str, ...]], book: CueBook, *, short: bool = False
) -> dict[str, Proposal]:
    """One proposal a fact at most, by the rule at the head of this module; `short` lets mentions count."""
    by_fact: dict[str, list[Seen]] = {}
    for one in seen:
        found = by_fact.setdefault(one.fact, [])
        if one.value in facts.get(one.fact, ()) and len(found) < _MOST_SEEN:
            found.append(one)
    settled = {
        fact: best
        for fact, all_seen in by_fact.items()
        if all_seen and (best := _settle(all_seen, book, short))
    }
    proposals = {fact: Proposal(one.value, one.start, one.end) for fact, one in settled.items()}
    for one in settled.values():
        for fact, value in book.also.get((one.fact, one.value), ()):
            # A word in passing ("my diploma") does not stand against what a plain statement implies.
            weaker = book.beats.get((fact, value), ())
            spoken = any(other.plain and other.value not in weaker for other in by_fact.get(fact, ()))
            if not spoken and value in facts.get(fact, ()):
                proposals[fact] = Proposal(value, one.start, one.end)
    return proposals


def _settle(seen: list[Seen], book: CueBook, short: bool) -> Seen | None:
    if not short or any(one.plain for one in seen):
        seen = [one for one in seen if one.plain]
    beaten = {value for one in seen for value in book.beats.get((one.fact, one.value), ())}
    seen = [one for one in seen if one.value not in beaten]
    values = {one.value for one in seen}
    if len(values) > 1:
        seen = [one for one in seen if not any(_inside(one, other) for other in seen)]
        values = {one.value for one in seen}
    return min(seen, key=lambda one: (one.start, -one.end)) if len(values) == 1 else None


def _inside(one: Seen, other: Seen) -> bool:
    longer = other.end - other.start > one.end - one.start
    return longer and other.start <= one.start and one.end <= other.end and other.value != one.value
