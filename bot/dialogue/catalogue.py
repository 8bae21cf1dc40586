"""The catalogue: every sentence that Hearout says, with the pack's own words where it has some."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bot.messages import OpenQuestion
from policy_rules.compiled import CompiledPack
from policy_rules.loader import read_yaml
from policy_rules.pack import Pack, PackQuestion
from policy_rules.questions import Question
from policy_rules.wording import QuestionWords, Wording

FOLDER = Path(__file__).parent / "wording"
# The language in which packs are written.
PACKS_SPEAK = "en"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MAX_WORDS = 25
# Text within quotation marks inside a sentence does not end it.
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*[.!?]*")

# Whose words are looked for first: of somebody who has died what is said of another holds too, unless it has its own.
_SPOKEN_OF = {"self": (), "other": ("other",), "deceased": ("deceased", "other")}

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Catalogue:
    """One language's sentences, spoken for one organisation; `wording` is what its pack adds in that language.

    Where nobody has put a pack's own question into a language, the shared words for it are used, else the pack's.
    """

    def __init__(self, words: dict[str, Any], pack: Pack, wording: Wording | None = None) -> None:
        self._words = words
        self.language = str(words["language"])
        self._pack: dict[str, PackQuestion] = {q.id: q for q in pack.questions}
        self._times: dict[str, str] = {} if wording is None else wording.times
        self._own: Mapping[str, PackQuestion | QuestionWords] = (
            self._pack if self.language == PACKS_SPEAK else {} if wording is None else wording.questions
        )
        self._names = {"name": pack.organisation.name, "short": pack.organisation.short_name}
        # Kept by `context.open_question`: the questions as they are put, by id and of whom they speak.
        self.put: dict[tuple[str, str], tuple[Question, OpenQuestion]] = {}

    def say(self, key: str, **parts: object) -> str:
        """The sentence at "section.key", filled in. KeyError for a key that no catalogue holds."""
        section, _, name = key.partition(".")
        return self.fill(self._words[section][name], **parts)

    def fill(self, text: str, **parts: object) -> str:
        return text.format(**self._names, **parts)

    def question(self, question_id: str, part: str = "text", whom: str = "self") -> str | None:
        """A question's text, why or label: the pack's own words first.

        `whom` is of whom it speaks: where it is the person whom somebody writes for (`other`, `deceased`) and there
        are words for that, they are used instead, whatever the pack has.
        """
        for other in _SPOKEN_OF[whom]:
            found = self._words["questions"].get(question_id, {}).get(f"{part}_{other}")
            if found is not None:
                return self.fill(found)
        own = self._own.get(question_id)
        if own is not None and part in ("text", "why") and (words := getattr(own, part)):
            return self.fill(words)
        found = self._words["questions"].get(question_id, {}).get(part)
        if found is None and part in ("text", "why") and question_id in self._pack:
            found = getattr(self._pack[question_id], part)
        return None if found is None else self.fill(found)

    def label(self, question_id: str, value: str, whom: str = "self") -> str:
        """A choice as it is offered; a value that no catalogue knows is shown as its own words.

        A pack's own choices speak as the complainant ("I am a member"): of another they are the shared ones.
        """
        own = self._own.get(question_id)
        if _SPOKEN_OF[whom] and self._words["questions"].get(question_id, {}).get("text_other") is not None:
            labels = self._words["labels"].get(question_id, {})
            own = None if value in labels else own
        if own is not None and value in own.labels:
            return own.labels[value]
        labels = self._words["labels"].get(question_id, {})
        if value in labels:
            return self.fill(labels[value])
        if value in ("true", "false"):
            return str(self._words["labels"]["yes_no"][value])
        if question_id in self._pack and value in self._pack[question_id].labels:
            return self._pack[question_id].labels[value]
        return value.replace("_", " ").capitalize()

    def phrase(self, kind: str, value: str) -> str | None:
        """A fact as a part of a sentence; None where there is no phrase for it, as for a pack's own values."""
        found = self._words["summary"][kind].get(value)
        return None if found is None else self.fill(found)

    def word(self, name: str) -> str:
        """A label that belongs to no question: `skip`, `dont_know`."""
        return str(self._words["labels"][name])

    def statement(self, question_id: str, value: str, whom: str = "self") -> str:
        """A proposed fact as a sentence that a person can confirm; of `whom` as in `question`."""
        for other in _SPOKEN_OF[whom]:
            found = self._words.get(f"statements_{other}", {}).get(question_id, {}).get(value)
            if found is not None:
                return self.fill(found)
        known = self._words["statements"].get(question_id, {})
        if value in known:
            return self.fill(known[value])
        label = self.question(question_id, "label") or question_id.replace("_", " ").capitalize()
        shown = self.date(value) if _ISO_DATE.fullmatch(value) else self.label(question_id, value)
        return self.fill(self._words["statements"]["other"], label=label, value=shown)

    def date(self, day: date | str) -> str:
        """A date in words, with its weekday."""
        if isinstance(day, str):
            day = date.fromisoformat(day)
        words = self._words["dates"]
        return str(words["form"]).format(
            weekday=words["days"][day.weekday()],
            day=day.day,
            month=words["months"][day.month - 1],
            year=day.year,
        )

    def days(self, names: Sequence[str]) -> str:
        """The weekdays from the first to the last of `names`, which are English as a pack has them."""
        known = dict(zip(WEEKDAYS, self._words["dates"]["days"], strict=True))
        first, last = (str(known.get(name, name)) for name in (names[0], names[-1]))
        return self.say("person.days", first=first, last=last) if len(names) > 1 else first

    def time(self, within: str) -> str:
        """A time that a policy names ("10 working days")."""
        return self._times.get(within, within)

    def clock_name(self, kind: str) -> str:
        return str(self._words["clock_names"].get(kind, unnamed(kind)))


_KEPT = 64
_SPOKEN: dict[tuple[str, str], tuple[Pack, Wording | None, Catalogue]] = {}


def catalogue_of(language: str, compiled: CompiledPack, wording: Wording | None) -> Catalogue:
    """The catalogue for a pack, made once for each version of the pack and its wording."""
    name = language, compiled.sha256
    kept = _SPOKEN.get(name)
    if kept is None or kept[0] is not compiled.pack or kept[1] is not wording:
        if len(_SPOKEN) >= _KEPT:
            _SPOKEN.clear()
        kept = compiled.pack, wording, Catalogue(words_of(language), compiled.pack, wording)
        _SPOKEN[name] = kept
    return kept[2]


def unnamed(name: str) -> str:
    """A name of the program's as words, where nobody has named it better."""
    return name.replace("_", " ").capitalize()


@cache
def words_of(language: str) -> dict[str, Any]:
    """The catalogue file of a language, as text."""
    path = FOLDER / f"{language}.yml"
    document, _ = read_yaml(path.read_text("utf-8"), path.name)
    words: dict[str, Any] = document
    return words


def sentences_of(text: str) -> list[str]:
    """A message's sentences; a line break ends one too."""
    return [s.strip() for line in text.splitlines() for s in _SENTENCE.findall(line) if s.strip(" .!?")]


def lint(text: str) -> list[str]:
    """What is wrong with a message: more than one question, or a sentence that is too long."""
    found = []
    if text.count("?") > 1:
        found.append(f"more than one question: {text!r}")
    for sentence in sentences_of(text):
        if len(sentence.split()) > MAX_WORDS:
            found.append(f"{len(sentence.split())} words in a sentence: {sentence!r}")
    return found


def all_texts(words: Any) -> list[str]:
    """Every text of a catalogue, for the lint."""
    if isinstance(words, str):
        return [words]
    children = words.values() if isinstance(words, dict) else words if isinstance(words, list) else ()
    return [text for child in children for text in all_texts(child)]
