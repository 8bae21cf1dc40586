"""Cases to write letters about, and a reader of the PDFs that come out: their tags, in reading order."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pikepdf

from handoff.letters import Bookcase, House, Letter, Matter, compose
from policy_rules.decide import decide
from policy_rules.shelf import PackShelf
from tests.cases.builders import a_record

RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)
WRITTEN = date(2026, 12, 24)
LINK = "https://complaints.example/cim/consent/abc"
STORY = "My son Daniel was with you.\nHe died on 3 March.\n\nSince then four letters came, addressed to him."


@cache
def packs() -> PackShelf:
    return PackShelf()


def decision(organisation: str = "cim", **facts: str) -> dict[str, Any]:
    """What the shipped policy decides; facts that are not given are the pack's defaults."""
    found = decide(packs().get(organisation), facts, RECEIVED, assume=True)
    return found.as_json()


def record(organisation: str = "cim", **changes: Any) -> dict[str, Any]:
    """A filed case of that organisation, as targets are given it."""
    values = {
        "organisation": organisation,
        "reference": f"{organisation.upper()}-0000-0000-0",
        "narrative": STORY,
        "effect": "We dread the post.",
        "decision": decision(organisation),
        "facts": {"nature": "complaint"},
        **changes,
    }
    return a_record(**values).as_json()


def bereaved(organisation: str = "cqm") -> dict[str, Any]:
    """A parent who rang after a death."""
    decided = decision(organisation, channel="phone", on_behalf_of="other", representative_basis="deceased")
    stands = {
        "on_behalf_of": "other",
        "basis": "deceased",
        "representative_name": "Margaret Evans",
        "consent": "not_needed",
    }
    person = {"name": "Daniel Evans", "post": "4 Mill Lane, Llandeilo\nSA19 6AB", "preferred_contact": "post"}
    return record(organisation, decision=decided, representation=stands, complainant=person, channel="phone")


def pending(**changes: Any) -> dict[str, Any]:
    """Somebody writes for a person who has not agreed yet."""
    stands = {
        "on_behalf_of": "other",
        "basis": "none",
        "representative_name": "Rhys Jones",
        "consent": "pending",
        "consent_link": LINK,
    }
    return record(representation=stands, **changes)


def matter(of: Mapping[str, Any], **more: Any) -> Matter:
    names = packs().get(str(of["organisation"])).pack.organisation
    return Matter(of, House(names.name, names.short_name), WRITTEN, **more)


def letter(kind: str, of: Mapping[str, Any] | None = None, language: str = "en", **more: Any) -> Letter:
    of = record() if of is None else of
    words = Bookcase().words(str(of["organisation"]), language)
    return compose(kind, matter(of, **more), words)


# One case for which each kind of letter can be written.
def of_kind(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(record, further arguments of Matter) for a letter of this kind."""
    if kind in ("receipt", "reminder", "consent_request"):
        return pending(), {}
    if kind == "signpost":
        elsewhere = decision("cim", subject="study_centre", centre_procedure_exhausted="false")
        return record(decision=elsewhere, state="signposted"), {}
    if kind == "extension":
        moved = {
            "promised": "2027-01-26",
            "due": "2027-02-05",
            "extensions": 1,
            "extended_reason": "A witness is away.",
        }
        clock = {"kind": "respond", "by": "organisation", "state": "running", "force": "will", **moved}
        return record(), {"clocks": [clock]}
    return (bereaved(), {}) if kind == "written_record" else (record(), {})


@dataclass
class Read:
    """A PDF as a screen reader meets it: `tags` in reading order, each with its text."""

    title: str
    language: str
    shows_title: bool
    is_ua: bool
    tags: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.tags)


def read(pdf: bytes) -> Read:
    """The document and its structure. Text comes from the tagged content alone: what is not tagged is not read."""
    with pikepdf.open(io.BytesIO(pdf)) as found:
        assert bool(found.Root.MarkInfo.Marked)
        with found.open_metadata() as about:
            is_ua = str(about.get("{http://www.aiim.org/pdfua/ns/id/}part")) == "1"
            title = str(about.get("{http://purl.org/dc/elements/1.1/}title"))
        shows = bool(found.Root.ViewerPreferences.DisplayDocTitle)
        content = {number: _marked(page) for number, page in enumerate(found.pages)}
        pages = {page.objgen: number for number, page in enumerate(found.pages)}
        tags = list(_walk(found.Root.StructTreeRoot.K, content, pages))
        links = [
            (str(note.A.URI), str(note.get("/Contents", "")))
            for page in found.pages
            for note in page.get("/Annots", [])
        ]
        return Read(title, str(found.Root.Lang), shows, is_ua, tags, links)


def _walk(
    node: Any, content: dict[int, dict[int, str]], pages: dict[Any, int], page: int = 0
) -> Iterator[tuple[str, str]]:
    """Each tag that holds text itself, in the order of the structure tree."""
    if isinstance(node, pikepdf.Array):
        for child in node.as_list():
            yield from _walk(child, content, pages, page)
        return
    if not isinstance(node, pikepdf.Dictionary) or "/S" not in node:
        return
    page = pages[node.Pg.objgen] if "/Pg" in node else page
    below: Any = node.get("/K", pikepdf.Array())
    children: list[Any] = list(below.as_list()) if isinstance(below, pikepdf.Array) else [below]
    own = [text for child in children if (text := _text_of(child, content, pages, page)) is not None]
    if own:
        yield str(node.S).lstrip("/"), "".join(own)
    for child in children:
        yield from _walk(child, content, pages, page)


def _text_of(child: Any, content: dict[int, dict[int, str]], pages: dict[Any, int], page: int) -> str | None:
    if isinstance(child, int):
        return content[page].get(child, "")
    if isinstance(child, pikepdf.Dictionary) and child.get("/Type") == pikepdf.Name.MCR:
        on = pages[child.Pg.objgen] if "/Pg" in child else page
        return content[on].get(int(child.MCID), "")
    return None


def _marked(page: pikepdf.Page) -> dict[int, str]:
    """The text of each marked content of a page; what is outside is an artefact, or not to be read."""
    fonts = {name: _to_unicode(font) for name, font in page.resources.get("/Font", {}).items()}
    found: dict[int, str] = {}
    stack: list[int | None] = []
    font: dict[int, str] = {}
    for instruction in pikepdf.parse_content_stream(page):
        assert isinstance(instruction, pikepdf.ContentStreamInstruction), "no letter holds a picture"
        operands, name = instruction.operands, str(instruction.operator)
        if name in ("BDC", "BMC"):
            about: Any = operands[1] if len(operands) > 1 else {}
            number = about.get("/MCID") if isinstance(about, pikepdf.Dictionary) else None
            stack.append(None if number is None else int(number))
        elif name == "EMC":
            stack.pop()
        elif name == "Tf":
            font = fonts[str(operands[0])]
        elif name in ("TJ", "Tj"):
            mcid = next((one for one in reversed(stack) if one is not None), None)
            if mcid is not None:
                found[mcid] = found.get(mcid, "") + _decoded(operands[0], font)
    return found


def _decoded(shown: Any, font: dict[int, str]) -> str:
    parts = shown.as_list() if isinstance(shown, pikepdf.Array) else [shown]
    raw = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
    return "".join(font[int.from_bytes(raw[i : i + 2], "big")] for i in range(0, len(raw), 2))


def _to_unicode(font: Any) -> dict[int, str]:
    """Glyph number to text. A glyph that is missing here could not be read aloud, and fails the test that reads it."""
    table = bytes(font.ToUnicode.read_bytes()).decode("latin-1")
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            for offset, glyph in enumerate(range(int(first, 16), int(last, 16) + 1)):
                found[glyph] = chr(int(text, 16) + offset)
    return found
