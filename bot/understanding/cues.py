"""The cue file as data, and the rule by which what was seen becomes a proposal. No spaCy here.

A cue is `plain` (the person says so) or `mention` (it only comes up). Of the values of one fact that a text suggests:
  1. values that the organisation does not know are dropped;
  2. a mention straight after "complain about" and the like counts as plain, and so does one that is `backed` by what
     is seen of another fact; other mentions count only where nothing is plain, in a short answer or a `weighed` fact;
  3. a value that another one present `beats` in the cue file is dropped, and one that `yields` by a mere mention;
  4. a match that lies inside a longer match of another value is dropped;
  5. if one value is left it is proposed; of several, in a `weighed` fact, the one seen in most places; else none:
     two that contradict each other are the person's to settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.messages import Proposal
from bot.understanding.harm import HARM, Lexicon
from bot.understanding.phrases import DATA, read_yaml

CUES = DATA / "cues.yml"


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
    weighed: dict[str, int]
    yields: frozenset[tuple[str, str]]
    backed: dict[tuple[str, str], tuple[str, str]]
    spelling: dict[str, str]
    beats: dict[tuple[str, str], frozenset[str]]
    also: dict[tuple[str, str], tuple[tuple[str, str], ...]]
    harm: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()

    @classmethod
    def load(cls, cues: Path = CUES, harm: Path = HARM) -> CueBook:
        """Read both files; raises KeyError or TypeError where one is not as its head describes (see `lint`)."""
        raw: dict[str, Any] = read_yaml(cues)
        lexicon = Lexicon.load(harm)
        facts: dict[str, Any] = raw["facts"]
        return cls(
            cues=tuple(_cues(facts)),
            words=raw["words"],
            deny=tuple(raw["deny"]),
            about=tuple(raw["about"]),
            strict=frozenset(name for name, fact in facts.items() if fact.get("guard") == "any"),
            weighed={name: int(fact["weighed"]) for name, fact in facts.items() if "weighed" in fact},
            yields=frozenset(
                (name, value) for name, fact in facts.items() for value in fact.get("yields", ())
            ),
            backed={
                (name, value): other
                for name, fact in facts.items()
                for value, backing in fact.get("backed", {}).items()
                for other in backing.items()
            },
            spelling={
                **{wrong: right for right, slips in raw["spelling"].items() for wrong in slips.split()},
                **lexicon.spelling,
            },
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
            harm=lexicon.harm,
            harmless=lexicon.harmless,
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
    """All that the pipeline saw in one text. `harm` may be there, is `sure` to be, and is told `outright` where a
    phrase of the lexicon says so; `idle` are the characters [start, end) of turns of phrase that only sound like it."""

    seen: tuple[Seen, ...] = ()
    harm: bool = False
    sure: bool = False
    outright: bool = False
    idle: tuple[tuple[int, int], ...] = ()


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
    present = {(one.fact, one.value) for found in by_fact.values() for one in found}
    settled = {}
    for fact, found in by_fact.items():
        best = _settle([_backed(one, present, book) for one in found], book, short)
        if best is not None:
            settled[fact] = best
    proposals = {fact: Proposal(one.value, one.start, one.end) for fact, one in settled.items()}
    for one in settled.values():
        for fact, value in book.also.get((one.fact, one.value), ()):
            # A word in passing ("my diploma") does not stand against what a plain statement implies.
            weaker = book.beats.get((fact, value), ())
            spoken = any(other.plain and other.value not in weaker for other in by_fact.get(fact, ()))
            if not spoken and value in facts.get(fact, ()):
                proposals[fact] = Proposal(value, one.start, one.end)
    return proposals


def _backed(one: Seen, present: set[tuple[str, str]], book: CueBook) -> Seen:
    """A mention that another fact backs is as good as said."""
    backing = None if one.plain else book.backed.get((one.fact, one.value))
    return replace(one, plain=True) if backing in present else one


def _settle(seen: list[Seen], book: CueBook, short: bool) -> Seen | None:
    """The one of a fact's sightings that is proposed."""
    plain = [one for one in seen if one.plain]
    # What yields gives way even to a word in passing: "could you tell me" in a tale of woe is no mere question.
    yielding = {
        value
        for one in seen
        for value in book.beats.get((one.fact, one.value), ())
        if (one.fact, value) in book.yields
    }
    least = max((book.weighed.get(one.fact, 0) for one in seen), default=0)
    if plain or short:
        left = _unbeaten([one for one in plain or seen if one.value not in yielding], book)
    else:
        left = [one for one in seen if least and one.value not in yielding]
    places = {
        value: _places(one for one in left if one.value == value) for value in {one.value for one in left}
    }
    if not places or (len(places) > 1 and not least):
        return None
    most = max(places.values())
    best = [value for value, count in places.items() if count == most]
    best = [value for value in best if not any(value in _losers(left[0].fact, other, book) for other in best)]
    if len(best) != 1 or (not plain and not short and most < least):
        return None
    return min((one for one in left if one.value == best[0]), key=lambda one: (one.start, -one.end))


def _losers(fact: str, value: str, book: CueBook) -> frozenset[str]:
    return book.beats.get((fact, value), frozenset())


def _unbeaten(seen: list[Seen], book: CueBook) -> list[Seen]:
    beaten = {value for one in seen for value in book.beats.get((one.fact, one.value), ())}
    left = [one for one in seen if one.value not in beaten]
    return [one for one in left if not any(_inside(one, other) for other in left)]


def _places(seen: Iterable[Seen]) -> int:
    """How many places in the text these stand in: matches that overlap are one."""
    count = end = 0
    for one in sorted(seen, key=lambda one: (one.start, one.end)):
        count += one.start >= end
        end = max(end, one.end)
    return count


def _inside(one: Seen, other: Seen) -> bool:
    longer = other.end - other.start > one.end - one.start
    return longer and other.start <= one.start and one.end <= other.end and other.value != one.value
