"""A letter: the words of its kind, filled with what the case has to say.

A paragraph whose names have nothing to say is left out, and so is a heading with nothing under it. What is said of the
case is only what may be told to whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cases.record import is_withheld
from handoff.letters.matter import Matter
from handoff.letters.wording import KINDS, LetterWords, Piece, names_in
from policy_rules.errors import Refusal, nearest

# What may be written while the person represented has not agreed: nothing in these tells of the case.
WHILE_WITHHELD = ("receipt", "reminder", "consent_request")


class UnknownLetter(Refusal):
    status = 422
    kind = "unknown-letter"
    title = "There is no such letter"

    def __init__(self, name: str) -> None:
        meant = nearest(name, KINDS)
        hint = f"did you mean '{meant}'?" if meant else f"there are: {', '.join(KINDS)}."
        super().__init__(f"There is no letter '{name}'; {hint}")


class NotToBeTold(Refusal):
    """The letter would tell of a case that is not to be told of yet, or says nothing that is so."""

    status = 409
    kind = "not-to-be-told"
    title = "This letter cannot be written now"


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Dates:
    """What happens, and by when."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """Label, value, and where it leads (empty: nowhere)."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words as somebody wrote them."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    url: str


Block = Paragraph | Heading | Dates | Contact | Quoted | Link


@dataclass(frozen=True, slots=True)
class Letter:
    """What is set as text or as a PDF. `labels` are the words around it: reference, page, columns."""

    kind: str
    language: str
    organisation: str
    reference: str
    subject: str
    title: str
    to: tuple[str, ...]
    day: str
    iso_day: str
    greeting: str
    blocks: tuple[Block, ...]
    regards: str
    labels: dict[str, str]


def compose(kind: str, matter: Matter, words: LetterWords) -> Letter:
    """The letter of a kind about a case. Raises UnknownLetter, or NotToBeTold with what stands in the way."""
    if kind not in KINDS:
        raise UnknownLetter(kind)
    _may_be_told(kind, matter)
    plan, names, holds = words.letters[kind], matter.names(words), matter.conditions()
    found: list[Block] = []
    for piece in plan.parts:
        name, wanted = piece.condition
        if not name or holds[name] is wanted:
            found += _blocks(piece, kind, matter, words, names)
    addressee = matter.person if kind == "consent_request" else matter.writer
    known = "" if addressee else "_nobody"
    return Letter(
        kind=kind,
        language=words.language,
        organisation=matter.house.name,
        reference=names["reference"],
        subject=words.labels["subject"].format(**{k: names[k] for k in ("short", "name", "reference")}),
        title=plan.title.format(short=names["short"], name=names["name"]),
        to=(addressee, *_address(kind, matter)) if addressee else _address(kind, matter),
        day=words.date(matter.written_on),
        iso_day=matter.written_on.isoformat(),
        greeting=words.labels[f"greeting{known}"].format(addressee=addressee),
        blocks=tuple(_without_empty_headings(found)),
        regards=words.labels[f"regards{known}"],
        labels=dict(words.labels),
    )


def _may_be_told(kind: str, matter: Matter) -> None:
    reference = matter.record["reference"]
    if kind not in WHILE_WITHHELD and is_withheld(matter.record):
        raise NotToBeTold(
            f"The person represented in {reference} has not agreed, so nothing about the case may be told. "
            f"These letters can be written now: {', '.join(WHILE_WITHHELD)}."
        )
    if kind == "consent_request" and not matter.consent_link:
        raise NotToBeTold(f"Nobody is waiting for an answer in {reference}: no consent is pending.")
    if kind not in WHILE_WITHHELD and not matter.decision:
        raise NotToBeTold(f"{reference} is not decided yet, so no letter can say what happens next.")
    if kind == "signpost" and not any(
        holds for name, holds in matter.conditions().items() if name in ("elsewhere", "closed")
    ):
        raise NotToBeTold(f"{reference} is not sent elsewhere, so there is no other place to name.")
    if kind == "extension" and not matter.promised("respond").get("extensions"):
        raise NotToBeTold(f"No answer of {reference} was put off: extend its clock first, with the reason.")


def _address(kind: str, matter: Matter) -> tuple[str, ...]:
    """The postal address of whoever wrote to us; that of the person represented is not known."""
    post = (matter.record.get("complainant") or {}).get("post") or ""
    lines = [line.strip(" ,") for line in str(post).replace(", ", "\n").splitlines()]
    return () if kind == "consent_request" else tuple(line for line in lines if line)


def _blocks(
    piece: Piece, kind: str, matter: Matter, words: LetterWords, names: dict[str, str]
) -> Iterator[Block]:
    if piece.heading is not None:
        yield Heading(piece.heading.format(short=names["short"], name=names["name"]))
    elif piece.say is not None:
        if all(names[name] for name in names_in(piece.say)):
            yield Paragraph(piece.say.format(**names))
    elif piece.block == "dates":
        if rows := matter.dates(words, acknowledging=kind == "acknowledgement"):
            yield Dates(tuple(rows))
    elif piece.block == "contact":
        if reach := matter.contact():
            yield Contact(tuple((words.labels[key], value, _leads_to(key, value)) for key, value in reach))
    elif piece.block == "consent_link":
        yield Link(matter.consent_link)
    elif piece.block == "case_page":
        if matter.page_of_case:
            yield Link(matter.page_of_case)
    elif piece.block == "stale":
        yield from (Paragraph(says) for says in matter.stale())
    elif text := matter.told(str(piece.block)).strip():
        plainly = piece.block in ("note", "extended_reason")
        yield from (Paragraph(part) for part in text.split("\n\n")) if plainly else (Quoted(text),)


def _leads_to(key: str, value: str) -> str:
    if key == "email" and "@" in value:
        return f"mailto:{value}"
    return value if key == "url" and value.startswith(("https://", "http://")) else ""


def _without_empty_headings(blocks: list[Block]) -> Iterator[Block]:
    for number, block in enumerate(blocks):
        after = blocks[number + 1] if number + 1 < len(blocks) else None
        if not isinstance(block, Heading) or (after is not None and not isinstance(after, Heading)):
            yield block
