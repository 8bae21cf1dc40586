"""Somebody's work on the rules, before a second person approves it. Nothing of a draft is in force.

    open ----submit----> submitted ----approved (cases.rulebook)----> published
      <---send_back, take_back---
    open, submitted ----withdraw----> withdrawn

Each step is a revision, kept for good with the text as it then was. Whoever changes a draft names the revision that
they saw: of two who change it at once, the second is handed what the first did, and nothing is overwritten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.events import Writer
from cases.models import rule_draft_revisions, rule_drafts
from policy_rules.errors import Refusal
from policy_rules.loader import MAX_BYTES

CREATED, SAVED, SUBMITTED = "rules.draft_created", "rules.draft_saved", "rules.draft_submitted"
SENT_BACK, TAKEN_BACK, WITHDRAWN = "rules.draft_sent_back", "rules.draft_taken_back", "rules.draft_withdrawn"
LONGEST_TITLE, LONGEST_REASON = 200, 4000


class NoSuchDraft(Refusal):
    status = 404
    kind = "unknown-draft"
    title = "No such draft"


class NotOpen(Refusal):
    """The draft is not in a state in which this can be done."""

    status = 409
    kind = "draft-not-open"
    title = "The draft cannot be changed now"


class BadDraft(Refusal):
    kind = "bad-draft"
    title = "The draft cannot be kept like this"


@dataclass(frozen=True, slots=True)
class About:
    """What a draft is for: its name, why the rules change, the clause or document that says so, and from which day.

    `effective_on` None: from when it is approved.
    """

    title: str
    reason: str = ""
    source: str = ""
    effective_on: date | None = None

    def values(self) -> dict[str, Any]:
        """As columns of a draft."""
        return {
            "title": self.title.strip(),
            "reason": self.reason.strip(),
            "source": self.source.strip(),
            "effective_on": self.effective_on,
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it stands. `author` is the account id of who began it; `base` 0 where there was no version yet."""

    organisation: str
    id: str
    title: str
    text: str
    base: int
    base_sha256: str
    again_of: int | None
    revision: int
    state: str
    author: str
    author_name: str
    reason: str
    source: str
    effective_on: date | None
    created_at: datetime
    updated_at: datetime

    @property
    def about(self) -> About:
        """What it is for."""
        return About(self.title, self.reason, self.source, self.effective_on)

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text, hex: what an approver's page names."""
        return sha256_of(self.text)


@dataclass(frozen=True, slots=True)
class Revision:
    """One step of a draft: what was done, by whom, and the text as it then was."""

    number: int
    kind: str
    text: str
    by: str
    by_name: str
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Base:
    """The version that a draft is made from, and the SHA-256 of its text."""

    number: int
    sha256: str


class OutOfDate(Refusal):
    """Somebody else changed the draft meanwhile; `newer` is what it is now, `last` who did what."""

    status = 409
    kind = "draft-has-moved"
    title = "Somebody else changed this draft"

    def __init__(self, newer: Draft, last: Revision) -> None:
        super().__init__(
            f"{last.by_name} changed it after you opened it ({last.what}). Nothing of theirs or yours is lost: "
            "look at what they did, then keep your change on top of it."
        )
        self.newer = newer
        self.last = last


_DRAFT = tuple(rule_drafts.c[name] for name in Draft.__dataclass_fields__)
_REVISION = tuple(rule_draft_revisions.c[name] for name in Revision.__dataclass_fields__)


def sha256_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def create_draft(
    conn: Connection,
    organisation: str,
    draft_id: str,
    about: About,
    text: str,
    base: Base,
    writer: Writer,
    now: datetime,
    *,
    what: str = "Began the draft.",
    again_of: int | None = None,
) -> Draft:
    """Keep a new draft, open, at revision 1. `draft_id` is random hex of at most 32 characters; BadDraft (422)."""
    _check(about, text)
    row: dict[str, Any] = {
        "organisation": organisation,
        "id": draft_id,
        **about.values(),
        "text": text,
        "base": base.number,
        "base_sha256": base.sha256,
        "again_of": again_of,
        "revision": 1,
        "state": "open",
        "author": writer.caller or "",
        "author_name": writer.name,
        "created_at": now,
        "updated_at": now,
    }
    conn.execute(rule_drafts.insert(), row)
    draft = Draft(**row)
    _step(conn, draft, "saved", what, writer, now, CREATED)
    return draft


def read_draft(conn: Connection, organisation: str, draft_id: str) -> Draft:
    """The draft as it stands. NoSuchDraft (404)."""
    here = (rule_drafts.c.organisation == organisation, rule_drafts.c.id == draft_id)
    row = conn.execute(sa.select(*_DRAFT).where(*here)).first()
    if row is None:
        raise NoSuchDraft("There is no such draft; somebody may have sent you a wrong link.", where="draft")
    return Draft(**row._asdict())


def list_drafts(conn: Connection, organisation: str, *, over: bool = False) -> list[Draft]:
    """The drafts that are worked on or wait for approval, the newest first; with `over`, all that there ever were."""
    query = sa.select(*_DRAFT).where(rule_drafts.c.organisation == organisation)
    if not over:
        query = query.where(rule_drafts.c.state.in_(("open", "submitted")))
    query = query.order_by(rule_drafts.c.updated_at.desc(), rule_drafts.c.id)
    return [Draft(**row._asdict()) for row in conn.execute(query)]


def revisions(conn: Connection, organisation: str, draft_id: str) -> list[Revision]:
    """Every step of a draft, the first one first."""
    here = (rule_draft_revisions.c.organisation == organisation, rule_draft_revisions.c.draft_id == draft_id)
    query = sa.select(*_REVISION).where(*here).order_by(rule_draft_revisions.c.number)
    return [Revision(**row._asdict()) for row in conn.execute(query)]


def editors(conn: Connection, organisation: str, draft_id: str) -> frozenset[str]:
    """The account ids of everybody who ever saved something into the draft."""
    query = sa.select(rule_draft_revisions.c.by).where(
        rule_draft_revisions.c.organisation == organisation,
        rule_draft_revisions.c.draft_id == draft_id,
        rule_draft_revisions.c.kind == "saved",
    )
    return frozenset(conn.execute(query).scalars())


def save_draft(
    conn: Connection,
    organisation: str,
    draft_id: str,
    seen_revision: int,
    text: str,
    what: str,
    writer: Writer,
    now: datetime,
    *,
    about: About | None = None,
    base: Base | None = None,
) -> int:
    """Keep a changed text, title, reason or base; the new revision, or the one that was seen where nothing changed.

    `what` says in a short sentence what was done ("CIM acknowledgement is 1 working day."). Raises OutOfDate (409) with
    what the draft is now, NotOpen (409), NoSuchDraft (404) and BadDraft (422).
    """
    draft = locked(conn, organisation, draft_id, seen_revision)
    require(draft, "open")
    kept = about or draft.about
    _check(kept, text)
    values: dict[str, Any] = {"text": text, **kept.values()}
    if base is not None:
        values |= {"base": base.number, "base_sha256": base.sha256}
    if all(getattr(draft, name) == value for name, value in values.items()):
        return draft.revision
    return advance(conn, draft, "saved", what, writer, now, SAVED, **values)


def submit(
    conn: Connection, organisation: str, draft_id: str, seen_revision: int, writer: Writer, now: datetime
) -> int:
    """Ask for approval: from now on it is only read, until it is sent or taken back. BadDraft without a reason."""
    draft = locked(conn, organisation, draft_id, seen_revision)
    require(draft, "open")
    if not draft.reason.strip() or not draft.source.strip():
        raise BadDraft(
            "Say why the rules change, and which clause or document says so; whoever approves reads it.",
            where="reason" if not draft.reason.strip() else "source",
        )
    return advance(conn, draft, "submitted", "Asked for approval.", writer, now, SUBMITTED, state="submitted")


def send_back(
    conn: Connection,
    organisation: str,
    draft_id: str,
    seen_revision: int,
    words: str,
    writer: Writer,
    now: datetime,
) -> int:
    """Whoever was to approve it did not, and says why; its authors may change it again."""
    draft = locked(conn, organisation, draft_id, seen_revision)
    require(draft, "submitted")
    if not words.strip() or len(words) > LONGEST_REASON:
        raise BadDraft(
            f"Say in some words what is to be changed, {LONGEST_REASON} characters at most.", where="words"
        )
    return advance(conn, draft, "sent_back", words.strip(), writer, now, SENT_BACK, state="open")


def take_back(
    conn: Connection, organisation: str, draft_id: str, seen_revision: int, writer: Writer, now: datetime
) -> int:
    """An editor changes it once more before anybody approves it."""
    draft = locked(conn, organisation, draft_id, seen_revision)
    require(draft, "submitted")
    return advance(
        conn, draft, "taken_back", "Took it back to change it.", writer, now, TAKEN_BACK, state="open"
    )


def withdraw(
    conn: Connection, organisation: str, draft_id: str, seen_revision: int, writer: Writer, now: datetime
) -> int:
    """Give the draft up for good; it stays readable."""
    draft = locked(conn, organisation, draft_id, seen_revision)
    require(draft, "open", "submitted")
    return advance(conn, draft, "withdrawn", "Gave it up.", writer, now, WITHDRAWN, state="withdrawn")


def locked(conn: Connection, organisation: str, draft_id: str, seen_revision: int) -> Draft:
    """The draft, and nobody else's until the transaction ends. OutOfDate (409) where it was changed since."""
    here = (rule_drafts.c.organisation == organisation, rule_drafts.c.id == draft_id)
    conn.execute(sa.select(rule_drafts.c.id).where(*here).with_for_update())
    draft = read_draft(conn, organisation, draft_id)
    if draft.revision != seen_revision:
        raise OutOfDate(draft, revisions(conn, organisation, draft_id)[-1])
    return draft


def require(draft: Draft, *states: str) -> None:
    """NotOpen (409) unless the draft is in one of these states."""
    if draft.state in states:
        return
    why = {
        "open": "Nobody has asked for its approval yet.",
        "submitted": "It waits for approval; take it back first.",
        "withdrawn": "It was given up.",
        "published": "It was published; begin another draft.",
    }
    raise NotOpen(why[draft.state], where="draft")


def advance(
    conn: Connection,
    draft: Draft,
    kind: str,
    what: str,
    writer: Writer,
    now: datetime,
    action: str,
    **values: Any,
) -> int:
    """Move a locked draft to its next revision, with these columns; the number of the revision."""
    here = (rule_drafts.c.organisation == draft.organisation, rule_drafts.c.id == draft.id)
    number = draft.revision + 1
    conn.execute(rule_drafts.update().where(*here).values(**values, revision=number, updated_at=now))
    _step(conn, read_draft(conn, draft.organisation, draft.id), kind, what, writer, now, action)
    return number


def _step(
    conn: Connection, draft: Draft, kind: str, what: str, writer: Writer, now: datetime, action: str
) -> None:
    row = {
        "organisation": draft.organisation,
        "draft_id": draft.id,
        "number": draft.revision,
        "kind": kind,
        "text": draft.text,
        "by": writer.caller or "",
        "by_name": writer.name,
        "at": now,
        "what": what,
    }
    conn.execute(rule_draft_revisions.insert(), row)
    event = audit.Event(action, draft.id, writer.actor, caller=writer.caller)
    audit.append(conn, draft.organisation, now, [event])


def _check(about: About, text: str) -> None:
    if not 1 <= len(about.title.strip()) <= LONGEST_TITLE:
        raise BadDraft(f"Give the draft a name of at most {LONGEST_TITLE} characters.", where="title")
    for name, words in (("reason", about.reason), ("source", about.source)):
        if len(words) > LONGEST_REASON:
            raise BadDraft(f"Say it in at most {LONGEST_REASON} characters.", where=name)
    if len(text.encode()) > MAX_BYTES:
        raise BadDraft(f"The rules may take {MAX_BYTES} bytes at most.", where="text")
