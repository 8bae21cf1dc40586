"""A pack's own questions in another language: `<language>/<id>.yml` in the folder of the packs.

Only what people must understand to answer is put into other words: the pack's own questions and labels, and the times
that it names. What the policy itself says, such as who handles a case, stays in its own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

from pydantic import BaseModel, ConfigDict, ValidationError

from policy_rules.errors import BrokenPack, hint
from policy_rules.loader import Lines, Location, read_yaml
from policy_rules.pack import Pack

MAX_BYTES = 1_000_000
PARTS = ("text", "why")
OF_EVERY_TEXT = {"name", "short"}


class QuestionWords(BaseModel):
    """One question; `labels` by value, as in the pack."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    text: str | None = None
    why: str | None = None
    labels: dict[str, str] = {}


class Wording(BaseModel):
    """A pack's own words in `language`. `times` puts the policy's times ("10 working days") into it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    language: str
    organisation: str
    questions: dict[str, QuestionWords] = {}
    times: dict[str, str] = {}


def times_of(pack: Pack) -> list[str]:
    """The times that a pack names in words of its policy."""
    return list(dict.fromkeys(step.within for step in pack.escalations if step.within))


def load_wording(path: Path, pack: Pack) -> Wording:
    """The wording in a file. BrokenPack lists what makes it useless, with file and line; gaps are told by `gaps`."""
    wording, lines = _read(path)
    findings = [lines.say(place, sentence) for place, sentence in _faults(wording, path, pack)]
    if findings:
        raise BrokenPack(findings)
    return wording


def gaps(path: Path, pack: Pack) -> list[str]:
    """Where a wording says more or less than its pack; what it lacks is asked in shared words, or in the pack's."""
    wording, lines = _read(path)
    return [lines.say(place, sentence) for place, sentence in _gaps(wording, pack)]


def _read(path: Path) -> tuple[Wording, Lines]:
    file = f"{path.parent.name}/{path.name}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenPack([f"{file}:1 cannot be read: {error.strerror}."]) from None
    if len(data) > MAX_BYTES:
        raise BrokenPack([f"{file}:1 is {len(data)} bytes; a wording is at most {MAX_BYTES}."])
    try:
        document, lines = read_yaml(data.decode("utf-8-sig"), file)
        return Wording.model_validate(document), lines
    except UnicodeDecodeError:
        raise BrokenPack([f"{file}:1 is not UTF-8 text; save the file as UTF-8."]) from None
    except ValidationError as error:
        findings = [
            lines.say(tuple(e["loc"]), f"'{'.'.join(map(str, e['loc']))}': {e['msg']}.")
            for e in error.errors()
        ]
        raise BrokenPack(findings) from None


def _faults(wording: Wording, path: Path, pack: Pack) -> Iterator[tuple[Location, str]]:
    """What would be said in the wrong place, or could not be said."""
    for name, found, right in (
        ("language", wording.language, path.parent.name),
        ("organisation", wording.organisation, pack.organisation.id),
    ):
        if found != right:
            yield (name,), f"'{name}' is '{found}'; from where the file stands it is '{right}'."
    own = {question.id: question for question in pack.questions}
    for name, words in wording.questions.items():
        for part in PARTS:
            said, told = getattr(own.get(name), part, None), getattr(words, part)
            if told and not _fits(told, said):
                wanted = ", ".join(sorted(placeholders(said or ""))) or "none"
                yield (
                    ("questions", name, part),
                    f"the names in braces are not those of the pack: {wanted}.",
                )


def _fits(told: str, said: str | None) -> bool:
    """Whether a text has the same names to be filled in as the pack's, or any that every text may have."""
    try:
        found = placeholders(told)
    except ValueError:
        return False
    return found <= OF_EVERY_TEXT if said is None else found == placeholders(said)


def _gaps(wording: Wording, pack: Pack) -> Iterator[tuple[Location, str]]:
    own = {question.id: question for question in pack.questions}
    yield from _keys(("questions",), wording.questions, own)
    yield from _keys(("times",), wording.times, dict.fromkeys(times_of(pack)))
    for name, words in wording.questions.items():
        if name in own:
            said = {part: text for part in PARTS if (text := getattr(own[name], part))}
            told = {part: text for part in PARTS if (text := getattr(words, part))}
            yield from _keys(("questions", name), told, said)
            yield from _keys(("questions", name, "labels"), words.labels, own[name].labels)


def _keys(
    place: Location, found: Mapping[str, object], right: Mapping[str, object]
) -> Iterator[tuple[Location, str]]:
    for key in right:
        if key not in found:
            yield place, f"'{key}' is missing here; the pack has it."
    for key in found:
        if key not in right:
            yield (*place, key), f"'{key}' is not in the pack; {hint(key, right)}"


def placeholders(text: str) -> set[str]:
    """The names in braces of a text. ValueError for braces that do not pair."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
