"""The words of the letters: our catalogue in each language, and what an organisation puts in its place.

An organisation's own words stand in `<settings folder>/<id>/letters/<language>.yml`: any letter, label or name of ours,
under the same key. Its own layout may stand beside them as `letter.typ`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from policy_rules.errors import BrokenPack, nearest
from policy_rules.loader import Lines, read_yaml

log = logging.getLogger("hearout.handoff")

FOLDER = Path(__file__).parent / "wording"
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.yml")))
LAYOUT = Path(__file__).parent / "letter.typ"
MAX_BYTES = 200_000

KINDS = (
    "acknowledgement",
    "receipt",
    "written_record",
    "signpost",
    "holding",
    "extension",
    "consent_request",
    "reminder",
    "closure",
)
NAMES = (
    *("reference", "name", "short", "received", "handler", "stage_name", "respond_by", "earlier_day"),
    *("escalate_to", "escalate_within", "escalate_day", "last_day", "reason", "clause", "writer"),
    "expected_day",
)
BLOCKS = (
    *("dates", "contact", "story", "effect", "remedy", "note"),
    *("extended_reason", "consent_link", "case_page", "stale"),
)
CONDITIONS = (
    *("accepted", "referred", "elsewhere", "closed", "reachable", "no_contact", "bereaved", "all_aims"),
    *("no_answer_date", "late", "confirm_in_writing", "missed", "nameless_writer"),
    *("escalate_day_known", "no_escalation", "has_page", "next_on_page"),
)
# What each label may be filled with; those that are not listed are plain.
_OF_LABELS = {
    "greeting": ("addressee",),
    "page": ("page", "pages"),
    "subject": ("short", "name", "reference"),
}


class BrokenLetters(BrokenPack):
    """A file of letters that cannot be used; `findings` name the file, the line and the cure."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Piece(_Part):
    """One piece of a letter: a paragraph (`say`), a heading, or a block that is made from the case."""

    say: str | None = None
    heading: str | None = None
    block: str | None = None
    when: str | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Piece:  # noqa: N804 - after reading it is given the piece itself
        if sum(part is not None for part in (self.say, self.heading, self.block)) != 1:
            raise ValueError("each part has one of 'say', 'heading' and 'block'")
        return self

    @property
    def condition(self) -> tuple[str, bool]:
        """The name after `when`, and whether it must hold; ("", True) without one."""
        name = (self.when or "").strip()
        return (name[4:].strip(), False) if name.startswith("not ") else (name, True)


class Plan(_Part):
    """One kind of letter."""

    title: str
    parts: tuple[Piece, ...] = Field(min_length=1)


class Dates(_Part):
    months: tuple[str, ...] = Field(min_length=12, max_length=12)
    days: tuple[str, ...] = Field(min_length=7, max_length=7)
    form: str


class LetterWords(_Part):
    """All letters in one language."""

    language: str
    dates: Dates
    labels: Mapping[str, str]
    clocks: Mapping[str, str]
    letters: Mapping[str, Plan]

    def date(self, day: date | str) -> str:
        """A day in words, with its weekday."""
        if isinstance(day, str):
            day = date.fromisoformat(day)
        words = self.dates
        weekday, month = words.days[day.weekday()], words.months[day.month - 1]
        return words.form.format(weekday=weekday, day=day.day, month=month, year=day.year)

    def clock(self, kind: str) -> str:
        """What the organisation does by the day of a clock."""
        known = self.clocks.get(kind)
        return known or self.clocks["other"].format(kind=kind.replace("_", " ").capitalize())


@cache
def _ours(language: str) -> dict[str, Any]:
    path = FOLDER / f"{language}.yml"
    document, _ = read_yaml(path.read_text("utf-8"), path.name)
    found: dict[str, Any] = document
    return found


@cache
def our_words(language: str) -> LetterWords:
    """Our own catalogue in a language of LANGUAGES."""
    return LetterWords.model_validate(_ours(language))


def read_words(path: Path, language: str) -> LetterWords:
    """Our catalogue with what the file puts in its place. BrokenLetters lists every finding."""
    shown = f"{path.parent.parent.name}/letters/{path.name}"
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise BrokenLetters([f"{shown}:1 cannot be read: {error.strerror}."]) from None
    except UnicodeDecodeError:
        raise BrokenLetters([f"{shown}:1 is not UTF-8 text; save the file as UTF-8."]) from None
    if len(data) > MAX_BYTES:
        raise BrokenLetters([f"{shown}:1 is {len(data)} bytes; at most {MAX_BYTES} are read."])
    try:
        document, lines = read_yaml(text, shown)
    except BrokenPack as broken:
        raise BrokenLetters(broken.findings) from None
    if not isinstance(document, dict):
        raise BrokenLetters([f"{shown}:1 is no list of 'name: value' lines; see docs/letters.md."])
    findings = [*_unknown_keys(document, lines)]
    merged = {**_ours(language)}
    for key, value in document.items():
        ours = merged.get(key)
        merged[key] = {**ours, **value} if isinstance(ours, dict) and isinstance(value, dict) else value
    merged["language"] = language
    words = None
    try:
        words = LetterWords.model_validate(merged)
    except ValidationError as error:
        findings += [lines.say(tuple(e["loc"]), _sentence(e["loc"], str(e["msg"]))) for e in error.errors()]
    findings += [lines.say(place, sentence) for place, sentence in faults(words)] if words else []
    if findings or words is None:
        raise BrokenLetters(list(dict.fromkeys(findings)))
    return words


def _sentence(place: tuple[str | int, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {message[:1].lower()}{message[1:]}."


def _unknown_keys(document: Mapping[str, Any], lines: Lines) -> Iterator[str]:
    allowed = {"": (*LetterWords.model_fields,), "letters": KINDS, "labels": tuple(_ours("en")["labels"])}
    for within, names in allowed.items():
        part = document.get(within, {}) if within else document
        for key in part if isinstance(part, dict) else ():
            if key not in names:
                place = (within, key) if within else (key,)
                yield lines.say(place, f"unknown name '{key}'; {_hint(key, names)}")


def faults(words: LetterWords) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Names in braces, blocks and conditions that no letter has, each with its place in the file."""
    for name, text in words.labels.items():
        yield from _braces(text, _OF_LABELS.get(name, ()), ("labels", name))
    yield from _braces(words.dates.form, ("weekday", "day", "month", "year"), ("dates", "form"))
    for name, text in words.clocks.items():
        yield from _braces(text, ("kind",) if name == "other" else (), ("clocks", name))
    for kind, plan in words.letters.items():
        yield from _braces(plan.title, ("short", "name"), ("letters", kind, "title"))
        for number, piece in enumerate(plan.parts):
            yield from _of_piece(piece, ("letters", kind, "parts", number))


def _of_piece(piece: Piece, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from _braces(piece.say or "", NAMES, place)
    yield from _braces(piece.heading or "", ("short", "name"), place)
    if piece.block is not None and piece.block not in BLOCKS:
        yield place, f"unknown block '{piece.block}'; {_hint(piece.block, BLOCKS)}"
    name, _ = piece.condition
    if name and name not in CONDITIONS:
        yield place, f"unknown condition '{name}'; {_hint(name, CONDITIONS)}"


def _braces(
    text: str, allowed: tuple[str, ...], place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name in names_in(text):
        if name not in allowed:
            yield place, f"unknown name '{{{name}}}'; {_hint(name, allowed)}"


def names_in(text: str) -> list[str]:
    """The names in braces of a text; a brace that is not closed counts as a name that nobody knows."""
    try:
        return [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return ["{"]


def _hint(name: str, allowed: tuple[str, ...]) -> str:
    meant = nearest(name, allowed)
    return f"did you mean '{meant}'?" if meant else f"allowed: {', '.join(allowed) or 'none here'}."


@dataclass(slots=True)
class Bookcase:
    """The letters of every organisation. `folder` holds what organisations put in place of ours; None: nothing.

    A file that is changed is read at the next letter. One that is broken under a running server leaves the last good
    one in force, or ours: a letter is late when nobody writes it.
    """

    folder: Path | None = None
    findings: dict[Path, list[str]] = field(default_factory=dict)
    _held: dict[Path, tuple[tuple[int, int], LetterWords]] = field(default_factory=dict)

    def words(self, organisation: str, language: str) -> LetterWords:
        """The words in force; a language that we have no letters in is English."""
        language = language if language in LANGUAGES else "en"
        path = self._file(organisation, f"{language}.yml")
        if path is None:
            return our_words(language)
        found = path.stat()
        stamp, held = (found.st_mtime_ns, found.st_size), self._held.get(path)
        if held is not None and held[0] == stamp:
            return held[1]
        try:
            words = read_words(path, language)
        except BrokenLetters as broken:
            self.findings[path] = broken.findings
            for finding in broken.findings:
                log.error("letters: %s", finding)
            words = held[1] if held is not None else our_words(language)
        else:
            self.findings.pop(path, None)
        self._held[path] = (stamp, words)
        return words

    def layout(self, organisation: str) -> Path:
        """The typst file that sets the organisation's letters."""
        return self._file(organisation, LAYOUT.name) or LAYOUT

    def _file(self, organisation: str, name: str) -> Path | None:
        path = None if self.folder is None else self.folder / organisation / "letters" / name
        return path if path is not None and path.is_file() else None
