"""Everything that can be said of a draft, each with the cell that it speaks of: what `hearout check` says, and more.

A draft may be kept whatever is said of it. What is `blocking` keeps it from being put in force.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import SequenceMatcher
from pathlib import Path as File
from typing import Any

from policy_rules.check import of_wordings
from policy_rules.compiled import CompiledPack
from policy_rules.coverage import check_coverage
from policy_rules.decide import CHECK_CONTACTS_EVERY
from policy_rules.diff import Difference, NotComparable, diff
from policy_rules.edits import names as words
from policy_rules.edits.cells import cells, kinds, roles
from policy_rules.edits.places import LISTS, MAPS, RULES, Document, Path, find, names, parts
from policy_rules.errors import BrokenPack
from policy_rules.examples import check_examples
from policy_rules.limits import Budget, Undecided
from policy_rules.lint import idle_choices, shorter_order
from policy_rules.loader import Lines, LoadedPack, pack_sha256, read_yaml, take_document
from policy_rules.shelf import COVERAGE_SUFFIX
from policy_rules.verify import Finding, Shares, shares, verify
from policy_rules.words import box_words, capital, listed

FILE = "draft.yml"
ADVICE_SECONDS = 1.0
# Words that are as like as this are one word misspelt more often than two.
ALIKE = 0.86
# Findings that are no proof of a fault but keep a pack from being loaded by a server.
_BLOCKING = ("example",)
_QUOTED = re.compile(r"'([a-z][a-z0-9_]*)'")


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know of a draft. `path` leads to a cell, a part or a section; `case` is a case that shows it."""

    kind: str
    path: Path
    says: str
    blocking: bool = False
    advice: bool = False
    facts: dict[str, str] | None = None
    case: str = ""


@dataclass(slots=True)
class Review:
    """A draft as it was checked. `compiled` is None where it does not hold together yet."""

    document: Document
    lines: Lines
    notes: list[Note] = field(default_factory=list)
    compiled: CompiledPack | None = None
    shares: Shares | None = None
    difference: Difference | None = None

    @property
    def blocking(self) -> list[Note]:
        return [note for note in self.notes if note.blocking]

    @property
    def warnings(self) -> list[Note]:
        return [note for note in self.notes if not note.blocking and not note.advice]

    @property
    def advice(self) -> list[Note]:
        return [note for note in self.notes if note.advice]

    @property
    def can_be_submitted(self) -> bool:
        return self.compiled is not None and not self.blocking

    @property
    def is_provable(self) -> bool:
        """Whether cases can be decided under it: it holds together and leaves no case without a rule."""
        return self.compiled is not None and not any(n.kind in ("gap", "no_default") for n in self.notes)

    def at(self, section: str, name: str) -> list[Note]:
        """What is said of one part."""
        return [note for note in self.notes if note.path[:2] == (section, name)]


def review(
    text: str,
    today: date,
    *,
    live: CompiledPack | None = None,
    received_at: datetime | None = None,
    beside: File | None = None,
) -> Review:
    """Check a draft's text. BrokenPack where it is not YAML.

    With `live` and `received_at` it is compared with the rules in force. `beside` is the folder in which the pack's
    coverage and its words in other languages stand.
    """
    document, lines = read_yaml(text, FILE)
    found = Review(document if isinstance(document, dict) else {}, lines)
    pack, problems = take_document(found.document)
    if pack is None:
        found.notes = list(_first_steps(found.document)) + list(_problems(found.document, problems))
        return found
    found.compiled = compiled = CompiledPack(LoadedPack(pack, pack_sha256(pack), lines))
    findings = verify(compiled)
    unsound = any(finding.unsound for finding in findings)
    if not unsound:
        findings += check_examples(compiled)
    found.notes = list(_first_steps(found.document))
    found.notes += _by_example(_note(found.document, compiled, finding) for finding in findings)
    if not any(finding.kind in ("gap", "undecided") for finding in findings):
        found.shares = shares(compiled)
    if beside is not None:
        found.notes += _beside(found, compiled, beside)
    found.notes += _advice(found.document, compiled, today, unsound=unsound)
    if live is not None:
        found.notes += _lookalikes(found.document, live)
        if received_at is not None and not unsound:
            with suppress(NotComparable):
                found.difference = diff(live, compiled, received_at)
    return found


# --- what is not there yet ---------------------------------------------------------------------------------------


def _first_steps(document: Mapping[str, Any]) -> Iterator[Note]:
    """What a pack needs before anything can be proved of it, in the order in which an author comes to it."""
    source = document.get("source")
    for name, says in (
        ("title", "Say which policy these rules are read from."),
        ("version", "Say its version."),
    ):
        if isinstance(source, dict) and not source.get(name):
            yield Note("step", ("source", name), says, blocking=True)
    contact = find(document, "contacts", "complaints")
    if not isinstance(contact, dict):
        yield Note(
            "step",
            ("contacts",),
            "Say where complaints are sent: add the contact “Complaints”.",
            blocking=True,
        )
    elif not any(contact.get(way) for way in ("email", "phone", "post", "url")):
        says = "Say how complaints reach you: an e-mail address, a phone number, a letter or a web page."
        yield Note("step", ("contacts", "complaints"), says, advice=True)
    if not parts(document, "routes"):
        says = "Say who deals with a complaint: add the first rule. The last rule has no conditions and takes the rest."
        yield Note("step", ("routes",), says, blocking=True)


# --- findings as notes -------------------------------------------------------------------------------------------


def named(document: Mapping[str, Any], path: Sequence[str | int]) -> Path:
    """A place in the file as a path of names: the part, and the cell within it where there is such a cell."""
    if not path or not isinstance(path[0], str):
        return ()
    section = path[0]
    if section in LISTS and len(path) > 1 and isinstance(path[1], int):
        found = document.get(section)
        part = found[path[1]] if isinstance(found, list) and path[1] < len(found) else None
        name = str(part.get(LISTS[section], "")) if isinstance(part, dict) else ""
        if not name:
            return (section,)
    elif section in MAPS and len(path) > 1:
        name = str(path[1])
    else:
        return tuple(str(step) for step in path[:2] if isinstance(step, str))
    rest = tuple(str(step) for step in path[2:])
    known = {cell.path for cell in cells(document, section, name)}
    for size in range(len(rest), 0, -1):
        if rest[:size] in known or any(cell[:size] == rest[:size] for cell in known):
            return (section, name, *rest[:size])
    return (section, name)


def in_words(document: Mapping[str, Any], says: str) -> str:
    """A finding with the names of rules and facts as people read them."""
    known = {
        name
        for section in (*RULES, "readings", "contacts", "properties")
        for name in names(document, section)
    }

    def shown(match: re.Match[str]) -> str:
        name = match[1]
        return f"“{words.title(name)}”" if name in known else f"“{words.fact_name(name)}”"

    return capital(_QUOTED.sub(shown, says).replace("_", " "))


def _problems(document: Mapping[str, Any], problems: Sequence[tuple[Any, str]]) -> Iterator[Note]:
    told = {note.path for note in _first_steps(document)}
    seen = set()
    for place, sentence in problems:
        path = named(document, place)
        cell = (
            next((c for c in cells(document, *path[:2]) if c.path == path[2:]), None)
            if len(path) > 2
            else None
        )
        says = in_words(document, sentence)
        if "is missing here" in sentence or "should have at least" in sentence:
            label = cell.label if cell is not None else words.title(str(place[-1]))
            says = f"“{label}” is missing."
            if cell is None and path and path not in told and len(path) == 2 and isinstance(place[-1], str):
                path = (*path, str(place[-1]))
        if path[:1] in told or path in told or (path, says) in seen:
            continue
        seen.add((path, says))
        yield Note("broken", path, says, blocking=True)


def _note(document: Mapping[str, Any], compiled: CompiledPack, finding: Finding) -> Note:
    path = named(document, finding.path)
    if finding.kind == "gap":
        path = ("routes",) if finding.path[:1] == ("routes",) else path
    if finding.kind == "no_default":
        path = ("facts", str(compiled.pack.ask_order[int(finding.path[1])]), "default")
    blocking = finding.unsound or finding.kind in _BLOCKING
    case = "" if finding.example is None else case_words(compiled, finding.example)
    return Note(finding.kind, path, in_words(document, finding.says), blocking, False, finding.example, case)


def _by_example(notes: Iterable[Note]) -> list[Note]:
    """One note for each example that does not come out, whatever differs in it."""
    found: dict[object, Note] = {}
    for place, note in enumerate(notes):
        key: object = note.path if note.kind == "example" else place
        if key in found:
            differs = note.says.partition(" does not come out: ")[2]
            found[key] = replace(found[key], says=f"{found[key].says.rstrip('.')}; {differs}")
        else:
            found[key] = note
    return list(found.values())


def case_words(compiled: CompiledPack, facts: Mapping[str, str]) -> str:
    """A case in plain words; facts that are not named may be anything."""
    known = {fact: (value,) for fact, value in facts.items() if compiled.accepted.get(fact)}
    return box_words(known, compiled.accepted) if known else "any case"


def _beside(found: Review, compiled: CompiledPack, folder: File) -> Iterator[Note]:
    """What the files beside the pack say: sentences of the policy without a rule, words in other languages."""
    name = compiled.pack.organisation.id
    texts: list[str] = []
    coverage = folder / f"{name}{COVERAGE_SUFFIX}"
    if coverage.exists():
        try:
            texts += check_coverage(compiled, coverage)
        except BrokenPack as broken:
            texts += broken.findings
    texts += of_wordings(folder / f"{name}.yml", compiled)
    for text in texts:
        place, _, says = text.partition(" ")
        file, _, line = place.rpartition(":")
        path = _at_line(found, int(line)) if file == FILE and line.isdecimal() else ()
        yield Note("beside", path, in_words(found.document, says if path or file else text))


def _at_line(found: Review, line: int) -> Path:
    """The part that stands at a line of the file."""
    standing = [(at, place) for place, at in found.lines.at.items() if at <= line and len(place) >= 2]
    place = max(standing, key=lambda entry: entry[0], default=(0, ()))[1]
    return named(found.document, place[:2])


# --- advice ------------------------------------------------------------------------------------------------------


def _advice(
    document: Mapping[str, Any], compiled: CompiledPack, today: date, *, unsound: bool
) -> Iterator[Note]:
    pack = compiled.pack
    for key, contact in pack.contacts.items():
        path = ("contacts", key)
        if contact.stale is not None and contact.stale.since <= today:
            yield Note(
                "stale_contact", path, f"{contact.name}: out of date. {contact.stale.says}", advice=True
            )
        elif contact.checked_on is not None and today - contact.checked_on > CHECK_CONTACTS_EVERY:
            says = (
                f"{contact.name}: nobody has tried it for more than a year. Try it, and write down the day."
            )
            yield Note("stale_contact", (*path, "checked_on"), says, advice=True)
    review_by = pack.source.next_review
    if review_by is not None and review_by < today:
        says = f"The policy was to be reviewed by {review_by.isoformat()}."
        yield Note("review_overdue", ("source", "next_review"), says, advice=True)
    if set(pack.source.sha256) == {"0"}:
        says = "Put in the fingerprint of the text that the rules were read from. It shows later whether that changed."
        yield Note("fingerprint", ("source", "sha256"), says, advice=True)
    if unsound:
        return
    for fact, same in idle_choices(compiled):
        shown = listed((words.value_name(fact, value) for value in same), "and")
        says = f"{words.fact_name(fact)}: no rule tells apart {shown}."
        yield Note("idle_choice", ("facts", fact, "values"), says, advice=True)


def order_advice(compiled: CompiledPack, seconds: float = ADVICE_SECONDS) -> Note | None:
    """An order of questions that asks people fewer, by more than a little; None without one, or out of time."""
    try:
        better = shorter_order(compiled, Budget(seconds))
    except Undecided:
        return None
    if better is None:
        return None
    order = listed((words.fact_name(fact) for fact in better.order), "then")
    says = (
        f"People are asked {better.asked_now:.1f} questions about the facts on average. In the order {order} "
        f"it would be {better.asks:.1f}."
    )
    return Note("shorter_order", ("ask_order",), says, advice=True)


def _lookalikes(document: Mapping[str, Any], live: CompiledPack) -> Iterator[Note]:
    """New words that look like a known one: nothing else can tell that somebody's title is misspelt."""
    pack = live.pack
    before = {route.handler for route in pack.routes} | {e.to for e in pack.escalations} | set(pack.officers)
    before |= {pack.organisation.short_name}
    for section, field_name in (("routes", "handler"), ("escalations", "to")):
        for part in parts(document, section):
            yield from _like(document, section, part, field_name, roles(document), before)
    for section in ("clocks", "silent", "duties"):
        known = {str(p.kind) for p in getattr(pack, section)}
        if section != "duties":
            known |= {part.kind for part in pack.clocks} | {part.kind for part in pack.silent}
        for part in parts(document, section):
            others = kinds(document, "duties") if section == "duties" else kinds(document, "clocks", "silent")
            yield from _like(document, section, part, "kind", [*others, *known], known)


def _like(
    document: Mapping[str, Any], section: str, part: Mapping[str, Any], field_name: str, others: Sequence[str],
    before: Collection[str | None],
) -> Iterator[Note]:  # fmt: skip
    word = part.get(field_name)
    if not isinstance(word, str) or word in before:
        return
    alike = [o for o in [*others, *(b for b in before if b)] if o != word and is_like(word, o)]
    if alike:
        path = (section, str(part.get("id", "")), field_name)
        says = f"“{word}” is new, and looks like “{alike[0]}”. Is it the same, misspelt?"
        yield Note("lookalike", path, says)


def is_like(one: str, other: str) -> bool:
    """Whether two words are probably one, misspelt."""
    if one.lower() == other.lower():
        return True
    return (
        min(len(one), len(other)) >= 3 and SequenceMatcher(None, one.lower(), other.lower()).ratio() >= ALIKE
    )
