"""The cells of a pack: for each field of each part what may stand there, and what people call it.

One list serves the pages, which make a control of each cell, and the edits, which refuse what no control could send.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from policy_rules.edits import names as words
from policy_rules.edits.places import Path, names, parts
from policy_rules.facts import VOCABULARY

Options = tuple[tuple[str, str], ...]


class Sort(StrEnum):
    """What kind of value a cell holds, and so which control it has."""

    CONDITION = "condition"
    CHOICE = "choice"
    CHOICES = "choices"
    NUMBER = "number"
    YES = "yes"
    TEXT = "text"
    LONG = "long"
    DATE = "date"
    DATES = "dates"
    TIME = "time"
    LINES = "lines"
    LABELS = "labels"
    ORDER = "order"
    EXPECTED = "expected"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Cell:
    """One field: `path` within its part, `label` for people. `free`: a word that is not among the options may be
    written, as a name of its own. An absent value means `absent`."""

    path: Path
    label: str
    sort: Sort
    options: Options = ()
    needed: bool = False
    free: bool = False
    absent: str = ""
    hint: str = ""
    group: str = ""
    least: int = 0
    most: int = 1000

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for value, _ in self.options)

    def name_of(self, value: str) -> str:
        """What people read for a value."""
        return next((label for known, label in self.options if known == value), value)


def _known(table: Mapping[str, str]) -> Options:
    return tuple(table.items())


def _titles(found: Iterable[str]) -> Options:
    return tuple((name, words.title(name)) for name in dict.fromkeys(found) if name)


def _said(found: Iterable[Any]) -> Options:
    return tuple((str(name), str(name)) for name in dict.fromkeys(found) if name)


# --- what a pack's own words may be ------------------------------------------------------------------------------


def testable(document: Mapping[str, Any]) -> list[str]:
    """The facts that a rule may test: those that the pack lists, without dates."""
    return [f for f in names(document, "facts") if f not in VOCABULARY or not VOCABULARY[f].is_date]


def own_values(document: Mapping[str, Any], fact: str) -> list[str]:
    """The values that the pack lists for a fact."""
    found = document.get("facts")
    entry = found.get(fact) if isinstance(found, dict) else None
    values = entry.get("values") if isinstance(entry, dict) else None
    return [str(value) for value in values] if isinstance(values, list) else []


def fact_values(document: Mapping[str, Any], fact: str) -> list[str]:
    """Every value of a fact that may stand in a rule: the pack's own ones first."""
    base = VOCABULARY[fact].values if fact in VOCABULARY else ()
    return list(dict.fromkeys([*own_values(document, fact), *base]))


def roles(document: Mapping[str, Any]) -> list[str]:
    """Everybody whom the rules name."""
    found = [part.get("handler") for part in parts(document, "routes")]
    found += [part.get("to") for part in parts(document, "escalations")]
    found += names(document, "officers")
    organisation = document.get("organisation")
    found.append(organisation.get("short_name") if isinstance(organisation, dict) else None)
    return list(dict.fromkeys(str(role) for role in found if role))


def kinds(document: Mapping[str, Any], *sections: str) -> list[str]:
    """The kinds that parts of these sections have."""
    return list(dict.fromkeys(str(p["kind"]) for s in sections for p in parts(document, s) if p.get("kind")))


def _kind_options(document: Mapping[str, Any], *sections: str) -> Options:
    known = [*(words.KINDS if sections[0] != "duties" else ()), *kinds(document, *sections)]
    return tuple((kind, words.kind_name(kind)) for kind in dict.fromkeys(known))


def contact_options(document: Mapping[str, Any]) -> Options:
    """The contacts by what they are called."""
    found = document.get("contacts")
    entries = found.items() if isinstance(found, dict) else ()
    return tuple((key, str(c.get("name") or key) if isinstance(c, dict) else key) for key, c in entries)


# --- the cells of each section -----------------------------------------------------------------------------------


def conditions(document: Mapping[str, Any], under: str = "when") -> Iterator[Cell]:
    """One cell for each fact that may be tested."""
    for fact in testable(document):
        values = tuple((v, words.value_name(fact, v)) for v in fact_values(document, fact))
        yield Cell((under, fact), words.fact_name(fact), Sort.CONDITION, values, absent="any", group="When")


def _cited(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(("clause",), "Clause", Sort.TEXT, needed=True, group="Source",
               hint="The heading and item of the published policy.")  # fmt: skip
    yield Cell(("says",), "In our own words", Sort.LONG, needed=True, group="Source",
               hint="What the policy requires, in short sentences. Do not copy its sentences.")  # fmt: skip
    yield Cell(("readings",), "Readings", Sort.CHOICES, _titles(names(document, "readings")), absent="none",
               group="Source", hint="How an unclear sentence is read.")  # fmt: skip


def _routes(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield from conditions(document)
    then = "Then"
    yield Cell(("disposition",), "What is done", Sort.CHOICE, _known(words.DISPOSITIONS), needed=True, group=then,
               hint="Sent elsewhere: the person applies there. Passed on inside: we pass it on ourselves.")  # fmt: skip
    yield Cell(("handler",), "Who deals with it", Sort.CHOICE, _said(roles(document)), free=True, absent="nobody",
               group=then, hint="The role, in the policy's own words.")  # fmt: skip
    yield Cell(("stage",), "Stage", Sort.CHOICE, _known(words.STAGES), absent="no stage", group=then)
    stages = _said(part.get("stage_name") for part in parts(document, "routes"))
    yield Cell(("stage_name",), "What the policy calls the stage", Sort.CHOICE, stages, free=True, absent="nothing",
               group=then)  # fmt: skip
    yield Cell(("contact",), "Where the person turns", Sort.CHOICE, contact_options(document),
               absent="our own address", group=then)  # fmt: skip
    yield from _cited(document)


def _on(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(("routes",), "Only for these rules", Sort.CHOICES, _titles(names(document, "routes")), absent="all",
               group="When")  # fmt: skip
    yield from conditions(document)


def _escalations(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield from _on(document)
    yield Cell(
        ("to",), "Who is next", Sort.CHOICE, _said(roles(document)), needed=True, free=True, group="Then"
    )
    yield Cell(("within",), "By when, in the policy's words", Sort.TEXT, absent="no limit", group="Then")
    yield Cell(("contact",), "Where the person turns", Sort.CHOICE, contact_options(document), absent="nowhere named",
               group="Then")  # fmt: skip
    yield from _cited(document)


def _period(under: Path, group: str, *, needed: bool = False) -> Iterator[Cell]:
    yield Cell((*under, "amount"), "How many", Sort.NUMBER, needed=needed, absent="none", group=group)
    yield Cell(
        (*under, "unit"),
        "Of what",
        Sort.CHOICE,
        _known(words.UNITS),
        needed=needed,
        absent="none",
        group=group,
    )


def _clocks(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield from _on(document)
    then, routes = "Then", _titles(names(document, "routes"))
    yield Cell(("kind",), "What is promised", Sort.CHOICE, _kind_options(document, "clocks", "silent"), needed=True,
               free=True, group=then)  # fmt: skip
    yield from _period((), then, needed=True)
    yield Cell(("from",), "Counted from", Sort.CHOICE, _known(words.EVENTS), needed=True, group=then)
    yield Cell(
        ("first_day",), "Day 1 is", Sort.CHOICE, _known(words.FIRST_DAYS), absent="the next day", group=then
    )
    yield Cell(("force",), "How firm it is", Sort.CHOICE, _known(words.FORCES), needed=True, group=then)
    yield Cell(("by",), "Who keeps it", Sort.CHOICE, _known(words.WHO), absent="the organisation", group=then)
    more = "More about the time"
    yield Cell(("or_later",), "Or from, if that is later", Sort.CHOICE, _known(words.EVENTS), absent="nothing else",
               group=more)  # fmt: skip
    yield Cell(("opens",), "It is the time to go to these rules", Sort.CHOICES, routes, absent="none", group=more,
               hint="Only for the time of the person who complains.")  # fmt: skip
    yield Cell(("may_stop",), "It may stand still", Sort.YES, absent="no", group=more)
    yield Cell(
        ("early_exit",), "What is settled by then leaves the policy", Sort.YES, absent="no", group=more
    )
    yield Cell(("discretion",), "A person may take what comes later", Sort.YES, absent="no", group=more)
    yield from _period(("latest",), "The other reading of the time")
    yield from _extension(document)
    yield from _cited(document)


def _extension(document: Mapping[str, Any]) -> Iterator[Cell]:
    group = "It may be made longer"
    yield from _period(("extension",), group)
    yield Cell(("extension", "times"), "How often", Sort.NUMBER, absent="any number", group=group, least=1)
    yield Cell(("extension", "needs_reason"), "A reason must be given", Sort.YES, absent="no", group=group)
    yield Cell(("extension", "needs_consent"), "The person must agree", Sort.YES, absent="no", group=group)
    yield Cell(("extension", "must_tell"), "What they are told", Sort.LINES, absent="nothing", group=group)
    yield Cell(("extension", "contact"), "Whose contact they are given", Sort.CHOICE, contact_options(document),
               absent="nobody's", group=group)  # fmt: skip
    yield Cell(("extension", "clause"), "Clause", Sort.TEXT, group=group)
    yield Cell(("extension", "says"), "In our own words", Sort.LONG, group=group)


def _silent(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield from _on(document)
    yield Cell(("kind",), "What is not promised", Sort.CHOICE, _kind_options(document, "clocks", "silent"),
               needed=True, free=True, group="Then")  # fmt: skip
    yield from _cited(document)


def _duties(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield from _on(document)
    then, clocks = "Then", tuple((k, words.kind_name(k)) for k in kinds(document, "clocks"))
    yield Cell(("kind",), "What must be done", Sort.CHOICE, _kind_options(document, "duties"), needed=True, free=True,
               group=then)  # fmt: skip
    yield from _period((), then)
    yield Cell(
        ("from",),
        "Counted from",
        Sort.CHOICE,
        _known(words.EVENTS),
        absent="the day it is received",
        group=then,
    )
    yield Cell(
        ("first_day",), "Day 1 is", Sort.CHOICE, _known(words.FIRST_DAYS), absent="the next day", group=then
    )
    yield Cell(("with",), "Due together with", Sort.CHOICE, clocks, absent="no other time", group=then)
    yield Cell(("if_missed",), "Only where this is missed", Sort.CHOICE, clocks, absent="always", group=then)
    yield from _cited(document)


def _warnings(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield from _on(document)
    yield Cell(("kind",), "What it warns of", Sort.CHOICE, _known(words.WARNINGS), needed=True, group="Then")
    yield from _cited(document)


def _readings(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(("clause",), "Clause", Sort.TEXT, needed=True)
    yield Cell(("chosen",), "What we take it to mean", Sort.LONG, needed=True)
    yield Cell(("rival",), "What it could mean as well", Sort.LONG, needed=True)


def _contacts(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(("name",), "Name", Sort.TEXT, needed=True)
    yield Cell(("email",), "E-mail address", Sort.TEXT, absent="none")
    yield Cell(("phone",), "Phone", Sort.TEXT, absent="none")
    yield Cell(("post",), "Address for letters", Sort.LONG, absent="none")
    yield Cell(("url",), "Web page", Sort.TEXT, absent="none")
    yield Cell(("checked_on",), "Checked on", Sort.DATE, absent="as published",
               hint="The day on which somebody tried it. A year later a warning comes.")  # fmt: skip
    yield Cell(("stale", "since"), "Out of date since", Sort.DATE, absent="in use", group="Out of date")
    yield Cell(("stale", "says"), "Why", Sort.LONG, group="Out of date")
    yield from _cited(document)


def _facts(document: Mapping[str, Any], name: str) -> Iterator[Cell]:
    known = tuple((v, words.value_name(name, v)) for v in fact_values(document, name))
    dated = name in VOCABULARY and VOCABULARY[name].is_date
    if not dated and not (name in VOCABULARY and VOCABULARY[name].is_boolean):
        yield Cell(("values",), "Values that these rules tell apart", Sort.CHOICES, known, free=True, absent="all",
                   needed=name not in VOCABULARY,
                   hint="What is not ticked is offered to nobody as a choice.")  # fmt: skip
    usual = VOCABULARY.get(name)
    whom = words.ASKED_OF[usual.asked_of if usual else "complainant"].lower()
    taken = words.value_name(name, usual.default) if usual and usual.default else "nothing yet"
    yield Cell(("asked_of",), "Who is asked", Sort.CHOICE, _known(words.ASKED_OF), absent=whom)
    if not dated:
        yield Cell(("default",), "Taken where nobody says", Sort.CHOICE, known, absent=taken)
        yield Cell(
            ("dont_know",), "What “I don't know” stands for", Sort.CHOICE, known, absent="what is taken"
        )
        yield Cell(("default_when",), "Taken from another answer", Sort.SPECIAL, absent="no other answer")


def _questions(document: Mapping[str, Any], name: str) -> Iterator[Cell]:
    yield Cell(("text",), "The question", Sort.LONG, absent="the shared words")
    yield Cell(("why",), "Why it is asked", Sort.LONG, absent="the shared words")
    if name not in names(document, "facts") and name not in VOCABULARY:
        yield Cell(("kind",), "What is answered", Sort.CHOICE, _known(words.QUESTION_KINDS), absent="words")
        yield Cell(("optional",), "It may be left out", Sort.YES, absent="yes")
        yield from conditions(document)
    known = tuple((v, words.value_name(name, v)) for v in fact_values(document, name))
    yield Cell(
        ("labels",), "Words of the choices", Sort.LABELS, known, free=not known, absent="the shared words"
    )


def _impossible(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield from conditions(document)
    yield Cell(("because",), "Why it cannot be", Sort.LONG, needed=True)


def _properties(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(("says",), "What must hold", Sort.LONG, needed=True)
    yield from conditions(document)
    for under, group in (("never", "It never comes to this"), ("always", "It always comes to this"),
                         ("unless", "But for these")):  # fmt: skip
        yield from _outcomes(document, under, group)


def _outcomes(document: Mapping[str, Any], under: str, group: str) -> Iterator[Cell]:
    fields: dict[str, tuple[str, Options]] = {
        "route": ("Rule", _titles(names(document, "routes"))),
        "disposition": ("What is done", _known(words.DISPOSITIONS)),
        "handler": ("Who deals with it", _said(part.get("handler") for part in parts(document, "routes"))),
        "stage": ("Stage", _known(words.STAGES)),
        "contact": ("Where the person turns", contact_options(document)),
        "clocks": ("Times", _kind_options(document, "clocks", "silent")),
        "duties": ("Duties", _kind_options(document, "duties")),
        "warnings": ("Warnings", _known(words.WARNINGS)),
    }
    for field, (label, options) in fields.items():
        yield Cell((under, field), label, Sort.CHOICES, options, absent="any", group=group)


def _examples(document: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(("name",), "Name", Sort.TEXT, needed=True)
    yield Cell(("because",), "How the policy comes to it", Sort.LONG, needed=True)
    yield Cell(("story",), "In the person's words", Sort.LONG, absent="none")
    yield Cell(("expect",), "What must come out", Sort.EXPECTED, needed=True)


def _officers(document: Mapping[str, Any]) -> Iterator[Cell]:
    values = tuple((v, words.value_name("subject", v)) for v in fact_values(document, "subject"))
    yield Cell((), "A complaint about", Sort.CHOICE, values, needed=True)


def _single(document: Mapping[str, Any], section: str) -> Iterator[Cell]:
    if section == "organisation":
        yield Cell(("name",), "Name of the organisation", Sort.TEXT, needed=True)
        yield Cell(("short_name",), "Short name", Sort.TEXT, needed=True)
    elif section == "source":
        yield Cell(("title",), "Title of the policy", Sort.TEXT, needed=True)
        yield Cell(("version",), "Its version", Sort.TEXT, needed=True)
        yield Cell(("approved_on",), "Approved on", Sort.DATE, absent="not said")
        yield Cell(("next_review",), "To be reviewed by", Sort.DATE, absent="not said")
        yield Cell(("sha256",), "Fingerprint of its text (SHA-256)", Sort.TEXT, needed=True)
    elif section == "calendar":
        yield Cell(("nations",), "Bank holidays of", Sort.CHOICES, _known(words.NATIONS), needed=True)
        yield Cell(("closures",), "Further days on which we are closed", Sort.DATES, absent="none")
        yield Cell(("month_end",), "A month from the 31st ends, where the month is shorter, on", Sort.CHOICE,
                   _known(words.MONTH_ENDS), absent="no rule: nothing counts in months")  # fmt: skip
    elif section == "hours":
        yield Cell(("opens",), "From", Sort.TIME, needed=True)
        yield Cell(("closes",), "To", Sort.TIME, needed=True)
        yield Cell(("days",), "On", Sort.CHOICES, _said(words.DAYS), needed=True)
        yield Cell(("bank_holidays",), "On bank holidays", Sort.CHOICE, (("closed", "Closed"), ("open", "Open")),
                   needed=True)  # fmt: skip
        yield from _cited(document)


_BY_SECTION = {
    "routes": _routes, "escalations": _escalations, "clocks": _clocks, "silent": _silent, "duties": _duties,
    "warnings": _warnings, "readings": _readings, "contacts": _contacts, "impossible": _impossible,
    "properties": _properties, "examples": _examples, "officers": _officers,
}  # fmt: skip


def cells(document: Mapping[str, Any], section: str, name: str = "") -> list[Cell]:
    """The cells of one part of a section, in the order in which they are shown."""
    if section == "facts":
        return list(_facts(document, name))
    if section == "questions":
        return list(_questions(document, name))
    if section == "ask_order":
        return [Cell((), "Order of questions", Sort.ORDER, _titles(names(document, "facts")), needed=True)]
    if section in _BY_SECTION:
        return list(_BY_SECTION[section](document))
    return list(_single(document, section))
