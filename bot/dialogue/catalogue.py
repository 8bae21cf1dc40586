"""The catalogue: every sentence that Hearout says, with the pack's own words where it has some."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from policy_rules.loader import read_yaml
from policy_rules.pack import Pack, PackQuestion

FOLDER = Path(__file__).parent / "wording"
MAX_WORDS = 25
# Text within quotation marks inside a sentence does not end it.
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*[.!?]*")

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Catalogue:
    """One language's sentences, spoken for one organisation."""

    def __init__(self, words: dict[str, Any], pack: Pack) -> None:
        self._words = words
        self._own: dict[str, PackQuestion] = {q.id: q for q in pack.questions}
        self._names = {"name": pack.organisation.name, "short": pack.organisation.short_name}

    def say(self, key: str, **parts: object) -> str:
        """The sentence at "section.key", filled in. KeyError for a key that no catalogue holds."""
        section, _, name = key.partition(".")
        return self.fill(self._words[section][name], **parts)

    def fill(self, text: str, **parts: object) -> str:
        return text.format(**self._names, **parts)

    def question(self, question_id: str, part: str = "text") -> str | None:
        """A question's text, why or label: the pack's own words first."""
        own = self._own.get(question_id)
        if own is not None and part in ("text", "why") and (words := getattr(own, part)):
            return self.fill(words)
        found = self._words["questions"].get(question_id, {}).get(part)
        return None if found is None else self.fill(found)

    def label(self, question_id: str, value: str) -> str:
        """A choice as it is offered; a value that no catalogue knows is shown as its own words."""
        own = self._own.get(question_id)
        if own is not None and value in own.labels:
            return own.labels[value]
        labels = self._words["labels"].get(question_id, {})
        if value in labels:
            return self.fill(labels[value])
        if value in ("true", "false"):
            return str(self._words["labels"]["yes_no"][value])
        return value.replace("_", " ").capitalize()

    def word(self, name: str) -> str:
        """A label that belongs to no question: `skip`, `dont_know`."""
        return str(self._words["labels"][name])

    def statement(self, question_id: str, value: str) -> str:
        """A proposed fact as a sentence that a person can confirm."""
        own = self._own.get(question_id)
        known = self._words["statements"].get(question_id, {})
        if (own is None or value not in own.labels) and value in known:
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

    def clock_name(self, kind: str) -> str:
        return str(self._words["clock_names"].get(kind, kind.replace("_", " ").capitalize()))


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
