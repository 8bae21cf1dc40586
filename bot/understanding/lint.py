"""What is wrong with the files in nlu_data, in plain words: `python -m bot.understanding.lint`, run by `make nlu`.

No spaCy: a slip in a phrase is found in a blink. What it knows of facts comes from the vocabulary and, given packs,
from their own.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import yaml

from bot.understanding.cues import CUES
from bot.understanding.harm import HARM, Lexicon
from bot.understanding.phrases import DATA, PhraseBook, expand, parts, read_yaml
from policy_rules.facts import VOCABULARY

PACKS = Path(__file__).resolve().parents[2] / "policy_rules" / "organisations"
PHRASES = DATA / "phrases.yml"
STORIES = (DATA / "cue_stories.yml", DATA / "cue_held_out.yml")

_MOST_WORDINGS = 10**9  # of one phrase: beyond this it says everything, and means nothing
_MOST_OF_HARM = 10**14  # whoever it is, whatever they did, and to whomever: those lists are long on purpose
_COMPARED = 3_000  # wordings of one phrase up to which it is compared with other values' phrases: all of them in 0.2 s
# A group that touches a word makes one word in a phrase and two in a cue: "tutor(s|)" is never met.
_GLUED = re.compile(r"[\w'][(]|[)][\w']")
# Details that are no facts of the rules, but that a story may give.
_DETAILS = frozenset(
    {
        "contact_email",
        "contact_phone",
        "complainant_name",
        "member_number",
        "happened_on",
        "previous_response_at",
    }
)


def check_cues(
    cues: Path = CUES, harm: Path = HARM, *, own_facts: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """What is wrong with the cue file and the harm file, one sentence each; empty when nothing is.

    `own_facts` maps facts that packs other than the shipped ones add to their values.
    """
    known = {name: tuple(fact.values) for name, fact in VOCABULARY.items()}
    for facts in (_own_facts(), own_facts or {}):
        for name, values in facts.items():
            known[name] = (*known.get(name, ()), *values)
    try:
        raw, lexicon = read_yaml(cues), Lexicon.load(harm)
        return [
            *_check_facts(cues.name, raw, known),
            *(
                f"{cues.name} {problem}"
                for key in ("deny", "about")
                for problem in _check(raw[key], raw["words"], key)
            ),
            *(f"{harm.name} {p}" for p in _check(lexicon.harm, {}, "harm", _MOST_OF_HARM)),
            *(f"{harm.name} {p}" for p in _check(lexicon.harmless, {}, "harmless", _MOST_OF_HARM)),
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        return [f"{cues.name} or {harm.name} cannot be read: {type(error).__name__}: {error}"]


def _check_facts(file: str, raw: Any, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, fact in raw["facts"].items():
        if name not in known:
            yield f"{file} unknown fact {name!r}{_nearest(name, known)}"
            continue
        for odd in fact.keys() - {"values", "guard", "weighed", "beats", "yields", "backed", "also"}:
            yield f"{file} {name}: unknown key {odd!r}"
        if fact.get("guard", "any") != "any":
            yield f"{file} {name}: guard is {fact['guard']!r}; only 'any' is known"
        named = [
            *fact["values"],
            *fact.get("yields", ()),
            *fact.get("backed", {}),
            *fact.get("beats", {}),
            *(v for vs in fact.get("beats", {}).values() for v in vs),
        ]
        for value in dict.fromkeys(named):
            if value not in known[name]:
                yield f"{file} {name}: unknown value {value!r}{_nearest(value, known[name])}"
        for key, says in (("also", "also proposes"), ("backed", "is backed by")):
            for other, value in (pair for pairs in fact.get(key, {}).values() for pair in pairs.items()):
                if value not in known.get(other, ()):
                    yield f"{file} {name}: {says} {other}={value}, which is not in the vocabulary"
        yield from _check_values(f"{file} {name}", fact["values"], raw["words"])


def _check_values(where: str, values: Any, words: dict[str, str]) -> Iterator[str]:
    """Faults in the phrases, and a phrase that stands under two values of one fact, on the same level."""
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for value, kinds in values.items():
        for kind, phrases in kinds.items():
            if kind not in ("plain", "mention"):
                yield f"{where}={value}: unknown key {kind!r}; did you mean 'plain' or 'mention'?"
                continue
            faults = list(_check(phrases, words, f"{value} {kind}"))
            yield from (f"{where} {fault}" for fault in faults)
            if not faults:
                for phrase in phrases:
                    for wording in (
                        expand(phrase, words) if _wordings(parts(phrase, words)) <= _COMPARED else ()
                    ):
                        owners[kind, wording].add(value)
    for (kind, wording), owner in owners.items():
        if len(owner) > 1:
            yield f"{where}: {wording!r} is {kind} for {' and '.join(sorted(owner))}; it can suggest neither"


def _check(
    phrases: Sequence[str], words: Mapping[str, str], where: str, most: int = _MOST_WORDINGS
) -> Iterator[str]:
    for phrase in phrases:
        try:
            found = parts(phrase, words)
        except KeyError as error:
            yield f"{where}: no list named {error} under words, in {phrase!r}"
            continue
        except ValueError as error:
            yield f"{where}: {error}"
            continue
        count = _wordings(found)
        if count > most:
            yield f"{where}: {phrase!r} has {count:,} wordings; the most is {most:,}"
        if all("" in options or not any(o.strip(" *") for o in options) for options in found):
            yield f"{where}: {phrase!r} can be nothing at all, and would be met everywhere"
        if _glued(phrase):
            yield f"{where}: a group touches a word in {phrase!r}; write each form out, with a space before the group"


def _wordings(found: Sequence[Sequence[str]]) -> int:
    return prod(len(options) for options in found)


def _glued(phrase: str) -> bool:
    """Whether a group touches a word, save after `a |`, where the group brings its own space."""
    return bool(_GLUED.search(re.sub(r"\s\|?\)(?=\w)", " ) ", phrase)))


def check_phrases(path: Path = PHRASES) -> list[str]:
    """What is wrong with the phrase file: it must load, and no wording may mean two things."""
    try:
        raw = read_yaml(path)
        PhraseBook.load(path)
    except (OSError, yaml.YAMLError, KeyError, ValueError, TypeError, AttributeError) as error:
        return [f"{path.name} cannot be used: {type(error).__name__}: {error}"]
    owners: dict[str, set[str]] = defaultdict(set)
    for group in ("commands", "asides"):
        for name, phrases in raw[group].items():
            for phrase in phrases:
                for wording in expand(phrase, raw["words"]):
                    owners[wording].add(f"{group}.{name}")
    return [f"{path.name} {w!r} is both {' and '.join(sorted(o))}" for w, o in owners.items() if len(o) > 1]


def check_stories(files: Sequence[Path] = STORIES) -> list[str]:
    """Names and values in the stories that nothing could ever propose."""
    problems = []
    for file in files:
        for story in read_yaml(file):
            for name, value in _labels(story):
                fact = VOCABULARY.get(name)
                own = value in _own_facts().get(name, ())
                if name not in _DETAILS and not own and (fact is None or value not in fact.values):
                    problems.append(
                        f"{file.name} {story['text'][:40]!r}: {name}={value} is not in the vocabulary"
                    )
    return problems


def _labels(story: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a story expects and allows; several values may be allowed of one fact."""
    for part in ("expect", "may"):
        for name, values in (story.get(part) or {}).items():
            for value in [values] if isinstance(values, str) else values:
                yield name, value


@cache
def _own_facts() -> dict[str, tuple[str, ...]]:
    """What the shipped packs add to the vocabulary."""
    own: dict[str, tuple[str, ...]] = {}
    for path in sorted(PACKS.glob("*.yml")):
        if not path.name.endswith(".coverage.yml"):
            for name, fact in read_yaml(path)["facts"].items():
                own[name] = (*own.get(name, ()), *fact.get("values", ()))
    return own


def _nearest(name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    problems = [*check_cues(), *check_phrases(), *check_stories()]
    sys.stdout.write("".join(f"{problem}\n" for problem in problems) or "nlu_data: nothing wrong\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
