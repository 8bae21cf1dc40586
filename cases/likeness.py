"""Whether a new case may be about the same matter as an earlier one. It is pointed out to staff, and never acted on.

The measure, in order; every step is exact, so that the same cases always give the same answer:

1. *The same person*: the same e-mail address, the same last ten digits of a telephone number, or the same name. Only
   SHA-256 of these are compared, from a table with an index, so that nothing is read of other people's cases.
2. *Not long ago*: the earlier case was received within WEEKS before.
3. *The same matter*: the words overlap by ALIKE or more; or, where the person is known by more than a name, the
   subject is the same and the words overlap by SOMEWHAT.

Words are those of four letters or more, cut to five, so that "marked" and "marking" are one. The overlap is the share
of the shorter story's words that stand in the other one too; stories of fewer than FEWEST words say too little.
Nothing is merged: a person links two cases (`hearout case link`), or does not.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases.models import cases, person_marks
from cases.prepared import Prepared
from cases.record import CaseFiling, CaseRecord

WEEKS = 8
ALIKE, SOMEWHAT = 0.6, 0.4
FEWEST = 4
# Cases of one person that are looked at, the newest first.
MOST = 20
_DIGITS, _FEWEST_DIGITS = 10, 7
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 5
# What stands in most complaints, whatever they are about.
_COMMON = frozenset(
    word[:_STEM]
    for word in (
        "about after again also been before being complain complaint could does from have having hear heard just "
        "never nobody only other please received should since still that their them then there these they this "
        "told very want wanted week weeks were what when where which while with would your"
    ).split()
)

KINDS = ("email", "phone", "name")
_NEAR = Prepared(
    sa.select(person_marks.c.case_reference, person_marks.c.mark)
    .where(
        person_marks.c.organisation == bindparam("organisation"),
        person_marks.c.mark.in_([bindparam(f"mark{n}") for n in range(len(KINDS))]),
        person_marks.c.at >= bindparam("since"),
        person_marks.c.at <= bindparam("until"),
    )
    .order_by(person_marks.c.at.desc())
    .limit(bindparam("most", type_=sa.Integer))
)
_TOLD = Prepared(
    sa.select(
        cases.c.reference,
        cases.c.record["narrative"].as_string(),
        cases.c.record["facts"]["subject"].as_string(),
    ).where(
        cases.c.organisation == bindparam("organisation"),
        cases.c.reference.in_([bindparam(f"case{n}") for n in range(MOST)]),
    )
)
_OF_CASE = (
    person_marks.c.organisation == bindparam("in_organisation"),
    person_marks.c.case_reference == bindparam("in_case"),
)
_FORGET = Prepared(person_marks.delete().where(*_OF_CASE))
_REMEMBER = Prepared(person_marks.insert(), person_marks.columns.keys())


@dataclass(frozen=True, slots=True)
class Like:
    """How a case is like an earlier one: by which marks the person is the same, and how far the words overlap."""

    reference: str
    by: tuple[str, ...]
    overlap: float
    same_subject: bool

    @property
    def likely(self) -> bool:
        """Whether somebody should look at the two together."""
        if self.overlap >= ALIKE:
            return True
        return self.by != ("name",) and self.same_subject and self.overlap >= SOMEWHAT


def marks_of(record: CaseRecord) -> dict[str, str]:
    """By what the person of a case can be known again, as (kind: SHA-256 in hex)."""
    person = record.complainant
    digits = re.sub(r"\D", "", person.phone or "")
    found = {
        "email": (person.email or "").strip().casefold(),
        "phone": digits[-_DIGITS:] if len(digits) >= _FEWEST_DIGITS else "",
        "name": _name(person.name or ""),
    }
    if record.confidentiality == "anonymous":
        # Who wants no name gets none by the back door.
        found.pop("name")
    return {kind: _hash(kind, value) for kind, value in found.items() if value}


def overlap(one: str | None, other: str | None) -> float:
    """The share of the shorter text's words that the other one has too, 0 to 1."""
    return _shared(words_of(one), words_of(other))


def _shared(first: frozenset[str], second: frozenset[str]) -> float:
    fewer = min(len(first), len(second))
    return len(first & second) / fewer if fewer >= FEWEST else 0.0


def words_of(text: str | None) -> frozenset[str]:
    """The words that say what a text is about, cut to their beginnings."""
    plain = unicodedata.normalize("NFKC", text or "").casefold()
    return frozenset(word[:_STEM] for word in _WORD.findall(plain)) - _COMMON


def find(conn: Connection, record: CaseRecord) -> list[Like]:
    """Earlier cases that may be about the same matter, the newest first. Linked ones are known already."""
    marks = marks_of(record)
    if not marks or record.received_at is None or record.state not in ("filed", "informal"):
        return []
    since = record.received_at - timedelta(weeks=WEEKS)
    where = {"organisation": record.organisation, "since": since, "until": record.received_at}
    by: dict[str, set[str]] = {}
    kinds = {mark: kind for kind, mark in marks.items()}
    given = {**where, "most": MOST * len(marks), **_numbered("mark", marks.values(), len(KINDS))}
    for reference, mark in _NEAR.rows(conn, given):
        by.setdefault(reference, set()).add(kinds[mark])
    known = {record.reference, record.escalated_from, *record.linked}
    others = [reference for reference in by if reference not in known][:MOST]
    earlier = _told(conn, record.organisation, others) if others else {}
    words, subject = words_of(record.narrative), record.facts.get("subject")
    found = [
        Like(
            name,
            tuple(sorted(by[name])),
            _shared(words, words_of(earlier[name][0])),
            subject is not None and subject == earlier[name][1],
        )
        for name in others
        if name in earlier
    ]
    return [like for like in found if like.likely]


def _told(
    conn: Connection, organisation: str, references: Sequence[str]
) -> dict[str, tuple[str | None, str | None]]:
    """The story and the subject of these cases, by reference; the database takes no more out of a record than that."""
    given = {"organisation": organisation, **_numbered("case", references, MOST)}
    return {reference: (story, subject) for reference, story, subject in _TOLD.rows(conn, given)}


def _numbered(name: str, values: Collection[str], most: int) -> dict[str, str]:
    """The parameters name0, name1 and so on of a statement for `most` of them; those left over are empty."""
    return {f"{name}{n}": value for n, value in enumerate([*values, *[""] * (most - len(values))])}


def pointed_out(conn: Connection, filings: Sequence[CaseFiling]) -> tuple[CaseFiling, ...]:
    """The filings, each naming the earlier cases that may be about the same matter."""
    return tuple(_pointed_out(conn, filing) for filing in filings)


def remember(conn: Connection, record: CaseRecord, at: datetime) -> None:
    """Keep by what the person of a case can be known again, in the place of what was kept of it."""
    _FORGET.many(conn, [{"in_organisation": record.organisation, "in_case": record.reference}])
    key = {"organisation": record.organisation, "case_reference": record.reference}
    when = record.received_at or at
    rows = [{**key, "kind": kind, "mark": mark, "at": when} for kind, mark in marks_of(record).items()]
    if rows:
        _REMEMBER.many(conn, rows)


def _pointed_out(conn: Connection, filing: CaseFiling) -> CaseFiling:
    if filing.amends:
        return filing
    found = [like.reference for like in find(conn, filing.record)]
    return replace(filing, record=filing.record.model_copy(update={"possible_duplicates": found}))


def _name(name: str) -> str:
    """A name without its title, its order of letters kept: two words at least, or it could be anybody."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    words = [
        word
        for word in re.findall(r"[^\W\d_]+", plain)
        if word not in ("mr", "mrs", "ms", "miss", "dr", "mx")
    ]
    return " ".join(words) if len(words) > 1 else ""


def _hash(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()
